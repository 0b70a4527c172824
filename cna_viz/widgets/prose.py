"""Text in a widget: computed sentences with minimal markup, and notices."""

import re
from collections.abc import Callable, Iterable
from html import escape
from itertools import groupby
from typing import Final

from ipywidgets import HTML

_PROSE: Final = "line-height: 1.5; max-width: 72em; margin: 4px 0; white-space: normal; overflow-wrap: anywhere"
_NOTICE: Final = "border-left: 4px solid #d55e00; padding: 6px 12px; margin: 4px 0; line-height: 1.5"
_BULLET: Final = "- "


def as_html(text: str) -> str:
    """Return a text as HTML: paragraphs, lists, strong words and code; everything else is escaped."""
    blocks = re.split(r"\n\s*\n", text.strip())
    return "".join(_block(block.splitlines()) for block in blocks if block.strip())


def _block(lines: Iterable[str]) -> str:
    groups = ((is_list, list(group)) for is_list, group in groupby(lines, lambda line: line.startswith(_BULLET)))
    return "".join(_list(group) if is_list else f"<p>{_line(' '.join(group))}</p>" for is_list, group in groups)


def _list(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{_line(line.removeprefix(_BULLET))}</li>' for line in lines)}</ul>"


def _line(text: str) -> str:
    found = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", found)


class _Text(HTML):
    """A text that screen readers announce; an empty one takes no space."""

    _style = ""
    _html: Callable[[str], str] = staticmethod(escape)

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.say(text)

    @property
    def text(self) -> str:
        """The text as given."""
        return self._text

    def say(self, text: str) -> None:
        """Replace the text."""
        self._text = text
        self.value = f'<div role="status" style="{self._style}">{self._html(text)}</div>'
        self.layout.display = None if text.strip() else "none"


class Prose(_Text):
    """Sentences in the Markdown of findings: strong words, code, lists and paragraphs.

    Everything else, including HTML, is shown as written.
    """

    _style = _PROSE
    _html = staticmethod(as_html)


class Notice(_Text):
    """A plain sentence: an error, a reason to wait, a next step."""

    _style = _NOTICE

    def clear(self) -> None:
        """Remove the text."""
        self.say("")
