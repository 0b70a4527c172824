"""Markdown and LaTeX to HTML that is safe to open, for markdown cells and markdown outputs alike.

Outputs may repeat what a user typed, so raw HTML is shown as text, except a few tags without attributes; links to
``javascript:`` are dropped; images must be inside the notebook. Entities (``&lt;``) keep their meaning, so a value that
a notebook has already escaped is not escaped twice. Formulas become MathML, which browsers draw without a script or a
download, but not within code.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

_TAGS = "sub|sup|b|i|em|strong|code|kbd|small"
_HARMLESS = re.compile(rf"<(?P<end>/?)(?P<tag>{_TAGS})>")
_ESCAPED = re.compile(rf"&lt;(/?(?:{_TAGS})|br ?/?)&gt;")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_ENVIRONMENTS = {"aligned": "split", "gathered": "gather", "equation": "", "equation*": ""}
"""Environments that latex2mathml does not know, and what replaces them."""
_REMOVED = ("href", "style", "on")


@dataclass(frozen=True)
class Heading:
    """A heading of the page: its level, its id for links, its text as HTML."""

    level: int
    id: str
    html: str


class Renderer(IPythonRenderer):
    """Renders one page, in order: headings are numbered and remembered in ``headings``."""

    def __init__(self) -> None:
        """Start with no headings."""
        super().__init__(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True)
        self.headings: list[Heading] = []
        self._nested = True

    def render(self, markdown: str, attachments: Mapping[str, dict[str, str]] | None = None) -> str:
        """Return ``markdown`` as HTML; ``attachments`` are the images in its cell."""
        self.attachments = dict(attachments or {})
        self._nested = _well_nested(markdown)
        return str(MarkdownWithMath(renderer=self).render(markdown))

    def text(self, text: str) -> str:
        """Escape text, understanding entities."""
        return html.escape(html.unescape(text), quote=False)

    def heading(self, text: str, level: int, **attrs: object) -> str:
        """Number the heading and remember it."""
        self.headings.append(Heading(level, f"section-{len(self.headings) + 1}", text))
        return f'<h{level} id="{self.headings[-1].id}">{text}</h{level}>\n'

    def inline_html(self, html: str) -> str:
        """Show raw HTML as text, except harmless tags."""
        return self._disarm(html)

    def block_html(self, html: str) -> str:
        """Show raw HTML as text, except harmless tags."""
        return f"<div>{self._disarm(html)}</div>\n"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Inline an attached image; name any other, because a page loads nothing."""
        alt = html.escape(html.unescape(_TAG.sub("", text)))
        for mime, data in self.attachments.get(url.removeprefix("attachment:"), {}).items():
            return f'<img src="data:{html.escape(mime)};base64,{html.escape(data)}" alt="{alt}">'
        return f"<em>[image: {alt}]</em>"

    def block_math(self, body: str) -> str:
        """Convert a formula on its own line."""
        return to_mathml(body, display=True)

    def inline_math(self, body: str) -> str:
        """Convert a formula within a line."""
        return to_mathml(body, display=False)

    def latex_environment(self, name: str, body: str) -> str:
        r"""Convert ``\begin{name}...\end{name}``."""
        return to_mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", display=True)

    def block_mermaidjs(self, code: str) -> str:
        """Show a mermaid diagram as its source; drawing it takes a script from the web."""
        return f"<pre>{html.escape(code)}</pre>"

    def _disarm(self, raw: str) -> str:
        escaped = html.escape(_COMMENT.sub("", raw), quote=False)
        return _ESCAPED.sub(r"<\1>", escaped) if self._nested else escaped


def plain(rendered: str) -> str:
    """Return rendered HTML as text on one line, for places that allow no tags."""
    return " ".join(html.unescape(_TAG.sub("", rendered)).split())


def to_mathml(latex: str, display: bool) -> str:
    r"""Return ``latex`` as a ``<math>`` element; what can't be converted comes back as escaped code.

    Args:
        latex: The formula without its delimiters.
        display: Whether it has its own line.
    """
    from latex2mathml.converter import convert_to_element

    source = latex
    for name, other in _ENVIRONMENTS.items():
        for side in ("begin", "end"):
            source = source.replace(f"\\{side}{{{name}}}", f"\\{side}{{{other}}}" if other else "")
    try:
        element = convert_to_element(source, display="block" if display else "inline")
    except Exception:  # the library's exceptions have no common base, and no formula may cost a finished run
        return f'<code class="formula">{html.escape(latex)}</code>'
    # Not the library's own writer: it unescapes everything, so that \text{<script>} would become an element
    for node in element.iter():
        node.text = html.unescape(node.text) if node.text else node.text
        for name in [name for name in node.attrib if name.lower().startswith(_REMOVED)]:
            del node.attrib[name]
    return ElementTree.tostring(element, encoding="unicode")


def _well_nested(markdown: str) -> bool:
    """Whether each harmless tag is closed: an open one would style the rest of the page."""
    open_tags: list[str] = []
    for match in _HARMLESS.finditer(markdown):
        if match["end"] and (not open_tags or open_tags.pop() != match["tag"]):
            return False
        if not match["end"]:
            open_tags.append(match["tag"])
    return not open_tags
