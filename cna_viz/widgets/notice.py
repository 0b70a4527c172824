"""A place in a widget where a sentence stands: what went wrong, what has to be waited for, what can be done."""

from html import escape

from ipywidgets import HTML

_STYLE = "border-left: 4px solid #d55e00; padding: 6px 12px; margin: 4px 0; line-height: 1.5"


class Notice(HTML):
    """A sentence that screen readers are told of; nothing is seen where there is none.

    What is said is text: markup in it is shown as it is written.
    """

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self.layout.display = "none"

    @property
    def text(self) -> str:
        """What is said; empty where nothing is."""
        return self._text

    def say(self, text: str) -> None:
        """Show a sentence in the place of what was said before."""
        self._text = text
        self.value = f'<div role="status" style="{_STYLE}">{escape(text)}</div>'
        self.layout.display = None

    def clear(self) -> None:
        """Say nothing."""
        if self._text == "" and self.layout.display == "none":
            return
        self._text = ""
        self.value = ""
        self.layout.display = "none"
