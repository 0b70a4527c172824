"""Computed sentences in a widget: paragraphs and lists, with emphasis and code, and no other markup."""

import re
from collections.abc import Iterable
from html import escape
from itertools import groupby
from typing import Final

from ipywidgets import HTML

_STYLE: Final = "line-height: 1.5; max-width: 72em; margin: 4px 0; white-space: normal; overflow-wrap: anywhere"
_BULLET: Final = "- "


class Prose(HTML):
    """Sentences as findings are written: in Markdown, with strong words, code, lists and paragraphs.

    All else, HTML too, is text and shown as it is written.
    """

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.say(text)

    @property
    def text(self) -> str:
        """What is shown, as it was given."""
        return self._text

    def say(self, text: str) -> None:
        """Show a text in the place of what was shown before; an empty one takes no room."""
        self._text = text
        self.value = f'<div role="status" style="{_STYLE}">{as_html(text)}</div>'
        self.layout.display = None if text.strip() else "none"


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
