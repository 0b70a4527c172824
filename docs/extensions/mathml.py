"""Formulas as MathML, made while the site is built: browsers draw them without a script and without the net."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from cna_viz.reports.page.markdown import to_mathml


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", inline_renderers=(visit, None), block_renderers=(visit, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def visit(writer: HTML5Translator, node: nodes.Element) -> None:
    """Write one formula, inline or on a line of its own."""
    writer.body.append(to_mathml(node.astext(), display=isinstance(node, nodes.math_block)))
    raise nodes.SkipNode
