"""Docstrings of attributes are taken as they are: napoleon takes what stands before a colon in them for a type."""

from typing import Any, Final

from sphinx.application import Sphinx

KINDS: Final = {"attribute", "data", "property"}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register what is done before napoleon (priority 500) and after it."""
    kept: dict[str, list[str]] = {}

    def keep(app: Sphinx, what: str, name: str, described: Any, options: Any, lines: list[str]) -> None:
        kept[name] = list(lines)

    def restore(app: Sphinx, what: str, name: str, described: Any, options: Any, lines: list[str]) -> None:
        before = kept.pop(name)
        if what in KINDS:
            lines[:] = before

    app.connect("autodoc-process-docstring", keep, priority=400)
    app.connect("autodoc-process-docstring", restore, priority=600)
    return {"parallel_read_safe": True}
