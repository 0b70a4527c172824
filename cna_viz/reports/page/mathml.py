"""LaTeX to MathML, which browsers draw without a script, a font or the net."""

import html
from xml.etree import ElementTree

_SAME_AS = {"aligned": "split", "gathered": "gather", "equation": "", "equation*": ""}
_KEPT_OUT = ("href", "style", "on")


def to_mathml(latex: str, display: bool) -> str:
    r"""Return ``latex`` as a ``<math>`` element; what can't be converted comes back as code, escaped.

    Args:
        latex: The formula without its delimiters.
        display: Whether it stands on a line of its own.
    """
    from latex2mathml.converter import convert_to_element

    try:
        element = convert_to_element(_known_environments(latex), display="block" if display else "inline")
    except Exception:  # the library's exceptions have no base of their own, and no formula may cost a finished run
        return f'<code class="formula">{html.escape(latex)}</code>'
    # The library's own writer unescapes everything, so that \text{<script>} would become an element: not used
    for node in element.iter():
        node.text = html.unescape(node.text) if node.text else node.text
        for name in [name for name in node.attrib if name.lower().startswith(_KEPT_OUT)]:
            del node.attrib[name]
    return ElementTree.tostring(element, encoding="unicode")


def _known_environments(latex: str) -> str:
    """Replace the environments that the library does not know by those it does."""
    for name, other in _SAME_AS.items():
        for side in ("begin", "end"):
            latex = latex.replace(f"\\{side}{{{name}}}", f"\\{side}{{{other}}}" if other else "")
    return latex
