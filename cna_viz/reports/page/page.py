"""An executed notebook to one HTML page that opens offline: prose, figures, tables, and how it was made.

The browser enforces this (a Content-Security-Policy): it runs only the scripts with this page's nonce and loads
nothing. So a value that slipped through all escaping still could not run.
"""

import json
import re
import secrets
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from cna_viz.reports.page.markdown import Renderer, plain
from cna_viz.reports.page.outputs import Block, OutputRenderer
from cna_viz.reports.page.provenance import Provenance, versions

if TYPE_CHECKING:
    from nbformat import NotebookNode

_PARAMETER_TAGS = {"parameters", "injected-parameters"}
_TITLE = re.compile(r"\A\s*#[ \t]+(?P<title>[^\n]+)\n?")


def make_page(notebook: "NotebookNode", provenance: Provenance) -> str:
    """Return the page of an executed notebook, which is not changed."""
    from plotly.offline import get_plotlyjs

    from cna_viz.figures.style.dark_theme import counterparts, exchange_script

    markdown = Renderer()
    title, cells = split_title(notebook)
    outputs = OutputRenderer(markdown)
    blocks = list(_blocks(cells, outputs))
    return render(
        "report.html.j2",
        title=plain(inline(title.replace("$", ""))) or provenance.report,  # in a tab a formula can only be its source
        heading=inline(title) or escape(provenance.report),
        blocks=blocks,
        contents=[heading for heading in markdown.headings if heading.level == 2],
        figures=outputs.figures,
        plotly=get_plotlyjs() if outputs.figures else "",
        provenance=provenance,
        dark_colors=json.dumps(dict(counterparts())),
        exchange_script=exchange_script(),
    )


def render(template: str, **values: object) -> str:
    """Return a page from a template of ``reports/templates``, which also gets the versions and a nonce."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("cna_viz.reports")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    own = {"versions": versions(), "nonce": secrets.token_urlsafe(16)}
    return environment.get_template(template).render(**values, **own)


def split_title(notebook: "NotebookNode") -> "tuple[str, list[NotebookNode]]":
    """Return the text of the first heading of level 1, and the cells without it and without the parameter cells."""
    title = ""
    cells = []
    for cell in notebook.cells:
        match = _TITLE.match(cell.source) if cell.cell_type == "markdown" and not title else None
        if match:
            title = match["title"].strip()
            cell = type(cell)({**cell, "source": cell.source[match.end() :]})
        if not _PARAMETER_TAGS & set(cell.metadata.get("tags", [])):
            cells.append(cell)
    return title, cells


def inline(title: str) -> str:
    """Render the text of a heading, without the heading's tags."""
    renderer = Renderer()
    renderer.render(f"# {title}")
    return renderer.headings[0].html


def _blocks(cells: "list[NotebookNode]", outputs: OutputRenderer) -> Iterator[Block]:
    """Yield the page's blocks in order, the code of a cell folded below its output.

    The code of cells without output (imports, loading) is folded together with that of the next cell with output.
    """
    silent: list[str] = []
    for cell in cells:
        if cell.cell_type == "markdown":
            yield Block("prose", outputs.markdown.render(cell.source, cell.get("attachments")))
        elif cell.cell_type == "code" and cell.source.strip():
            shown = [block for block in map(outputs.block, cell.outputs) if block]
            silent.append(cell.source)
            if shown:
                yield from shown
                yield _code(silent)
                silent = []
    if silent:
        yield _code(silent)


def _code(sources: list[str]) -> Block:
    from nbconvert.filters.highlight import Highlight2HTML

    make: Any = Highlight2HTML  # untyped
    return Block("code", make()("\n\n".join(sources)))
