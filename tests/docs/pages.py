"""The documents of the repository, and what stands in them."""

from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
"""What says how things are; the change log says how they became so."""
PAGES = [*GUIDES, ROOT / "CHANGELOG.md"]
PARSER = MarkdownIt("commonmark").enable("table")


def name(page: Path) -> str:
    """Return a page's name for the list of tests."""
    return str(page.relative_to(ROOT))


def tokens(page: Path) -> Iterator[Token]:
    """Yield all blocks of a page, and behind each what stands in it."""
    for block in PARSER.parse(page.read_text(encoding="utf-8")):
        yield block
        yield from block.children or ()


def code(page: Path, language: str) -> list[str]:
    """Return the blocks of code in a language; the empty one is that of blocks that name none."""
    blocks = (token for token in tokens(page) if token.type in {"fence", "code_block"})
    return [block.content for block in blocks if block.info.strip() == language]


def inline_code(page: Path) -> list[str]:
    """Return what stands between backticks."""
    return [token.content for token in tokens(page) if token.type == "code_inline"]


def links(page: Path) -> list[str]:
    """Return the addresses of links and pictures, those in HTML too."""
    found = [str(token.attrs[key]) for token in tokens(page) for key in ("href", "src") if key in token.attrs]
    html = _Links()
    html.feed("\n".join(token.content for token in tokens(page) if token.type in {"html_block", "html_inline"}))
    return found + html.found


def headings(page: Path) -> list[str]:
    """Return the words of the headings."""
    return [after.content for block, after in pairwise(tokens(page)) if block.type == "heading_open"]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for key, value in attrs if key in {"href", "src", "srcset"}]
