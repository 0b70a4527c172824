"""Computed sentences in a widget: what is markup, and that all else is text."""

import ipywidgets
import pytest

from cna_viz.widgets.prose import Prose, as_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("one\ntwo", "<p>one two</p>"),
        ("one\n\ntwo", "<p>one</p><p>two</p>"),
        ("- one\n- two", "<ul><li>one</li><li>two</li></ul>"),
        ("first\n- one\nlast", "<p>first</p><ul><li>one</li></ul><p>last</p>"),
        ("**cna**: better", "<p><strong>cna</strong>: better</p>"),
        ("`cna-viz run`", "<p><code>cna-viz run</code></p>"),
        ("2 ** 3 and a `", "<p>2 ** 3 and a `</p>"),
    ],
)
def test_markup(text: str, html: str) -> None:
    assert as_html(text) == html


@pytest.mark.parametrize("text", ["<img src=x onerror=alert(1)>", "**<b>**", "- <script>", "`<i>` & \"'"])
def test_everything_else_is_text(text: str) -> None:
    tags = {"<p>", "</p>", "<ul>", "</ul>", "<li>", "</li>", "<strong>", "</strong>", "<code>", "</code>"}
    found = as_html(text)
    for tag in tags:
        found = found.replace(tag, "")
    assert "<" not in found
    assert ">" not in found


def test_an_empty_text_takes_no_room() -> None:
    prose = Prose()
    assert prose.layout.display == "none"
    prose.say("- **one**")
    assert prose.layout.display is None
    assert prose.text == "- **one**"
    assert 'role="status"' in prose.value
    prose.say(" ")
    assert prose.layout.display == "none"
    ipywidgets.Widget.close_all()
