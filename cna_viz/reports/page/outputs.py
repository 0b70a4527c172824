"""One output of a cell to one block of the page, by the richest format it carries and the page can show.

A widget that carries a figure or an image in the same output is shown as that; one that carries only text leaves a note
(the contract stands in :mod:`.widgets`).
"""

import base64
import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cna_viz.files import finite
from cna_viz.reports.page.markdown import Renderer, plain
from cna_viz.reports.page.mathml import to_mathml
from cna_viz.reports.page.tables import clean_table
from cna_viz.reports.page.widgets import FIGURE, WIDGET

SUMMARY: Final = "application/vnd.cna-viz.summary+json"
_ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_DEFAULT_HEIGHT: Final = 480


@dataclass(frozen=True)
class Block:
    """A piece of the page: ``kind`` is its CSS class, ``html`` its content, which needs no more escaping."""

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
            return Block("printed", f"<pre>{html.escape(text)}</pre>") if text.strip() else None
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
            "text/plain": lambda text: Block("printed", f"<pre>{html.escape(_terminal_text(text))}</pre>"),
        }
        kind = next((mime for mime in makers if mime in data), None)
        if kind is None:
            return None
        shown = makers[kind](_whole(data[kind]))
        if shown is None or kind != FIGURE or not {WIDGET, "text/markdown"} <= data.keys():
            return shown
        words = makers["text/markdown"](_whole(data["text/markdown"]))
        return Block("figure", f'<div class="prose">{words.html if words else ""}</div>\n{shown.html}')

    def _figure(self, figure: Mapping[str, Any]) -> Block:
        """Place a figure: an empty box with an id of ours, and its JSON, which the page's one script draws."""
        self.figures += 1
        layout = {key: value for key, value in figure.get("layout", {}).items() if key != "width"}  # the page sets it
        drawn = {key: figure.get(key, []) for key in ("data", "frames")} | {"layout": layout}
        drawn["config"] = figure.get("config", {})
        # "<" is escaped, so that no text within a figure can end the script element it stands in
        text = json.dumps(finite(drawn), allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
        height = layout.get("height")
        height = int(height) if isinstance(height, int | float) and height > 0 else _DEFAULT_HEIGHT
        name, label = f"figure-{self.figures}", html.escape(_title(layout) or f"Figure {self.figures}")
        return Block(
            "figure",
            f'<div id="{name}" class="drawing" style="height:{height}px" role="img" aria-label="{label}"></div>\n'
            f'<script type="application/json" id="{name}-data">{text}</script>',
        )


def _whole(value: Any) -> Any:
    return "".join(value) if isinstance(value, list) else value


def _title(layout: Mapping[str, Any]) -> str:
    title = layout.get("title")
    text = title.get("text") if isinstance(title, Mapping) else title
    return plain(text) if isinstance(text, str) else ""


def _image(mime: str, data: str) -> Block:
    return Block("image", f'<img src="data:{mime};base64,{"".join(html.escape(data).split())}" alt="">')


def _terminal_text(text: str) -> str:
    """Return what a terminal would show in the end: no colours, and of a redrawn line only the last state."""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in _ANSI.sub("", text).split("\n")]
    return "\n".join(lines).strip("\n")
