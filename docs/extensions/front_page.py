"""The README is the front page: it gets the table of contents, which GitHub would show as text, and the name index."""

import shutil
from typing import Final

from sphinx.application import Sphinx

CONTENTS: Final = {
    "Guides": (
        "getting-started",
        "public-names",
        "figures",
        "widgets",
        "teaching",
        "reports",
        "sweeps",
        "statistics",
        "own-graphs",
        "watch",
        "claims",
        "tasks",
        "measures",
        "schema",
    ),
    "Reference": (
        "api/cna_viz",
        "api/config",
        "api/records",
        "api/watch",
        "api/figures",
        "api/comparisons",
        "api/findings",
        "api/claims",
        "api/projections",
        "api/measures",
        "api/nn",
        "api/data",
        "api/graphs",
        "api/experiments",
        "api/widgets",
        "api/reports",
        "api/errors",
    ),
    "Project": ("/CONTRIBUTING", "/SECURITY", "/CHANGELOG"),
}
"""Pages in their order, below docs/ where they don't begin with a slash."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register what is done with the README."""
    app.connect("source-read", add_contents)
    app.connect("build-finished", add_index)
    return {"parallel_read_safe": True}


def add_contents(app: Sphinx, name: str, source: list[str]) -> None:
    """Append the table of contents to the front page."""
    if name == app.config.root_doc:
        source[0] += "".join(_section(caption, pages) for caption, pages in CONTENTS.items())


def add_index(app: Sphinx, failure: Exception | None) -> None:
    """Give the front page the name that servers ask for, too."""
    if failure is None:
        shutil.copy(app.outdir / f"{app.config.root_doc}.html", app.outdir / "index.html")


def _section(caption: str, pages: tuple[str, ...]) -> str:
    listed = "\n".join(page if page.startswith("/") else f"/docs/{page}" for page in pages)
    return f"\n\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{listed}\n```\n"
