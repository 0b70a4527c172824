"""One output of a cell to one block of the page, by the richest format that it has and the page can show.

A widget with a figure or an image in the same output is shown as that; one with text only leaves a note (the contract
is in :mod:`.widgets`). HTML, nearly always a pandas table, is reduced to tags that structure it.
"""

import base64
import html
import itertools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from nbconvert.preprocessors.sanitize import SanitizeHTML

from cna_viz.files import finite
from cna_viz.reports.page.markdown import Renderer, plain, to_mathml
from cna_viz.reports.page.widgets import FIGURE, WIDGET

SUMMARY: Final = "application/vnd.cna-viz.summary+json"
_ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_TABLE_TAGS: Final = (
    "table thead tbody tfoot tr th td caption p br div span b i em strong code pre sub sup ul ol li h3 h4"
)
_ACTIVE: Final = re.compile(r"<(style|script)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_ROW: Final = re.compile(r"<tr>.*?</tr>", re.DOTALL)
_CELL: Final = re.compile(r"<(t[hd])([^>]*)>(.*?)</\1>", re.DOTALL)
_NUMBER: Final = re.compile(
    r"\s*([+\-\u2212]?[0-9][0-9.,]*(e[+-]?[0-9]+)?( ?[±%] ?[0-9.]*)?|NaN|nan|-?inf|\u2013|\u2014|)\s*"
)


@dataclass(frozen=True)
class Block:
    """A piece of the page: ``kind`` is its CSS class, ``html`` its content, already escaped."""

    kind: str
    html: str


@dataclass
class OutputRenderer:
    """Renders the outputs of one page, in order; figures are numbered ``figure-1``, ``figure-2`` and so on."""

    markdown: Renderer
    figures: int = field(default=0, init=False)

    def block(self, output: Mapping[str, Any]) -> Block | None:
        """Return the block for a notebook ``output``, or ``None`` for one that is not shown (stderr, summaries)."""
        if output["output_type"] == "stream":
            text = _terminal_text("".join(output["text"])) if output["name"] == "stdout" else ""
            return _printed(text) if text.strip() else None
        data = output.get("data", {})
        makers: dict[str, Callable[[Any], Block | None]] = {
            SUMMARY: lambda _: None,
            FIGURE: self._figure,
            "text/markdown": lambda text: Block("prose", self.markdown.render(text)),
            "image/svg+xml": lambda text: _image("image/svg+xml", base64.b64encode(text.encode()).decode()),
            "image/png": lambda text: _image("image/png", text),
            "image/jpeg": lambda text: _image("image/jpeg", text),
            WIDGET: lambda _: Block("note", "An interactive widget stands here in the notebook; it needs a kernel."),
            "text/html": lambda text: Block("table", clean_table(text)),
            "text/latex": lambda text: Block("prose", to_mathml(text.strip().strip("$"), display=True)),
            "text/plain": lambda text: _printed(_terminal_text(text)),
        }
        kind = next((mime for mime in makers if mime in data), None)
        shown = makers[kind](_whole(data[kind])) if kind else None
        if shown is None or kind != FIGURE or not {WIDGET, "text/markdown"} <= data.keys():
            return shown
        words = self.markdown.render(_whole(data["text/markdown"]))
        return Block("figure", f'<div class="prose">{words}</div>\n{shown.html}')

    def _figure(self, figure: Mapping[str, Any]) -> Block:
        """Place a figure: an empty box with an id of ours, and its JSON, which the page's one script draws."""
        self.figures += 1
        layout = {key: value for key, value in figure.get("layout", {}).items() if key != "width"}  # the page sets it
        drawn = {key: figure.get(key, []) for key in ("data", "frames")} | {"layout": layout}
        drawn["config"] = figure.get("config", {})
        # "<" is escaped, so that no text within a figure can end its script element
        text = json.dumps(finite(drawn), allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
        height = layout.get("height")
        height = int(height) if isinstance(height, int | float) and height > 0 else 480
        name, label = f"figure-{self.figures}", html.escape(_title(layout) or f"Figure {self.figures}")
        return Block(
            "figure",
            f'<div id="{name}" class="drawing" style="height:{height}px" role="img" aria-label="{label}"></div>\n'
            f'<script type="application/json" id="{name}-data">{text}</script>',
        )


def clean_table(text: str) -> str:
    """Return HTML reduced to tags and attributes that only structure it, with columns of numbers marked."""
    make: Any = SanitizeHTML  # untyped
    sanitizer = make(tags=_TABLE_TAGS.split(), attributes={"*": ["colspan", "rowspan", "scope"]}, strip=True)
    return _mark_numbers(str(sanitizer.sanitize_html_tags(_ACTIVE.sub("", text))))


def _mark_numbers(text: str) -> str:
    """Give the cells of each column whose body holds only numbers the class ``number``; tables with spans stay."""
    if "span=" in text:
        return text
    rows = [_CELL.findall(row) for row in _ROW.findall(text)]
    body = [cells for cells in rows if any(tag == "td" for tag, _, _ in cells)]
    numeric = {
        column
        for column in range(min(map(len, body), default=0))
        if all(cells[column][0] == "td" and _NUMBER.fullmatch(cells[column][2]) for cells in body)
    }

    def mark_row(row: re.Match[str]) -> str:
        columns = itertools.count()
        return _CELL.sub(lambda cell: mark(cell) if next(columns) in numeric else cell[0], row[0])

    def mark(cell: re.Match[str]) -> str:
        tag, attributes, content = cell.groups()
        return f'<{tag}{attributes} class="number">{content}</{tag}>'

    return _ROW.sub(mark_row, text)


def _whole(value: Any) -> Any:
    return "".join(value) if isinstance(value, list) else value


def _title(layout: Mapping[str, Any]) -> str:
    title = layout.get("title")
    text = title.get("text") if isinstance(title, Mapping) else title
    return plain(text) if isinstance(text, str) else ""


def _image(mime: str, data: str) -> Block:
    return Block("image", f'<img src="data:{mime};base64,{"".join(html.escape(data).split())}" alt="">')


def _printed(text: str) -> Block:
    return Block("printed", f"<pre>{html.escape(text)}</pre>")


def _terminal_text(text: str) -> str:
    """Return what a terminal would finally show: no colours, and of a redrawn line only the last state."""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in _ANSI.sub("", text).split("\n")]
    return "\n".join(lines).strip("\n")
