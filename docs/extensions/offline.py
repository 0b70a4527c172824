"""The site works without the net: a page that would fetch anything from elsewhere fails the build."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

FETCHED: Final = {
    "audio": ("src",),
    "embed": ("src",),
    "iframe": ("src",),
    "image": ("href", "xlink:href"),
    "img": ("src", "srcset"),
    "input": ("src",),
    "link": ("href",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "track": ("src",),
    "use": ("href", "xlink:href"),
    "video": ("src", "poster"),
}
"""Elements and the attributes whose address a browser fetches by itself."""
NOT_FETCHED: Final = {"alternate", "author", "canonical", "help", "index", "license", "next", "prev", "search"}
"""Relations of links that only say where something is."""
ELSEWHERE: Final = re.compile(r"(?:https?:)?//", re.IGNORECASE)
IN_STYLE: Final = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the check."""
    app.connect("build-finished", check, priority=900)  # after those that add pages
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def check(app: Sphinx, failure: Exception | None) -> None:
    """Fail where a page or style sheet of the site would fetch something.

    Raises:
        ExtensionError: With every file and address.
    """
    found = [] if failure else [f"{file}: {address}" for file, address in fetched_from(Path(app.outdir))]
    if found:
        raise ExtensionError("these would be fetched from the net: " + "; ".join(found))


def fetched_from(site: Path) -> list[tuple[str, str]]:
    """Return file and address of all that the pages and style sheets of a site would fetch from elsewhere."""
    pages = [(path, in_page(path.read_text(encoding="utf-8"))) for path in sorted(site.rglob("*.html"))]
    styles = [(path, in_style(path.read_text(encoding="utf-8"))) for path in sorted(site.rglob("*.css"))]
    return [(str(path.relative_to(site)), address) for path, found in pages + styles for address in found]


def in_page(text: str) -> list[str]:
    """Return the addresses elsewhere that a browser fetches when it loads this page."""
    page = _Page()
    page.feed(text)
    return page.found


def in_style(text: str) -> list[str]:
    """Return the addresses elsewhere that a style sheet fetches."""
    return IN_STYLE.findall(text)


class _Page(HTMLParser):
    """Collects what is fetched; style sheets inside the page are read, too."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._in_style = tag == "style"
        self.found += in_style(values.get("style", ""))
        if tag == "link" and {*values.get("rel", "").lower().split()} & NOT_FETCHED:
            return
        named = (values.get(name, "") for name in FETCHED.get(tag, ()))
        self.found += [
            address for value in named for address in re.split(r",?\s+", value.strip()) if ELSEWHERE.match(address)
        ]

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.found += in_style(data)
