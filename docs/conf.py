"""How the site is built (`make docs`). The source is the whole checkout, so that links are those of the repository."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(ROOT)]

from cna_viz import __version__  # noqa: E402  (where it is stands in the line above)

project = "cna_viz"
author = "the cna_viz developers"
copyright = author  # noqa: A001  (Sphinx calls it so)
release = version = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "myst_parser",
    "extensions.attributes",
    "extensions.fields",
    "extensions.front_page",
    "extensions.report_pages",
    "extensions.mathml",
    "extensions.offline",
]
if "without-sources" in tags:  # noqa: F821  (of Sphinx; the daily tests need no page for every module)
    extensions.remove("sphinx.ext.viewcode")
root_doc = "README"
include_patterns = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/**"]
exclude_patterns = sorted(path.name for path in ROOT.iterdir() if path.is_dir() and path != HERE)  # not even walked

myst_enable_extensions = ["dollarmath", "html_image"]
myst_heading_anchors = 4
html_math_renderer = "mathml"

default_role = "literal"
highlight_language = "text"  # where nothing is said it is a command line
autosummary_generate = False
autodoc_default_options = {"members": True, "exclude-members": "model_config"}
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
pygments_dark_style = "github-dark"
html_title = f"cna_viz {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
