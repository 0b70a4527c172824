"""What a browser would fetch by itself is seen, and links that one clicks are not."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sphinx.errors import ExtensionError

from docs.extensions import offline


@pytest.mark.parametrize(
    ("page", "fetched"),
    [
        ('<script src="https://cdn.example/a.js"></script>', ["https://cdn.example/a.js"]),
        ('<LINK rel="stylesheet" href="//fonts.example/b.css">', ["//fonts.example/b.css"]),
        ('<link rel="preconnect" href="http://c.example">', ["http://c.example"]),
        ('<img srcset="d.png 1x, https://e.example/e.png 2x">', ["https://e.example/e.png"]),
        ("<style>@font-face { src: url('https://f.example/f.woff2') }</style>", ["https://f.example/f.woff2"]),
        ('<div style="background: url(//g.example/g.png)">', ["//g.example/g.png"]),
        ('<iframe src="https://h.example"></iframe>', ["https://h.example"]),
        ('<a href="https://arxiv.org">a link</a>', []),
        ('<link rel="canonical" href="https://i.example">', []),
        ('<script src="_static/j.js"></script><img src="k.png">', []),
        ("<p>url(https://l.example) in a sentence</p>", []),
        ('<svg xmlns="http://www.w3.org/2000/svg"><use href="#icon"/></svg>', []),
    ],
)
def test_pages(page: str, fetched: list[str]) -> None:
    assert offline.in_page(page) == fetched


def test_style_sheets() -> None:
    assert offline.in_style('@import "https://a.example/a.css"; b { src: url(c.png) } /* https://d.example */') == [
        "https://a.example/a.css"
    ]


def site(folder: Path) -> Any:
    """Return what the check asks of Sphinx."""
    return SimpleNamespace(outdir=folder)


def test_a_site_that_fetches_something_fails_and_all_of_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<p>nothing</p>")
    offline.check(site(tmp_path), None)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.html").write_text('<img src="https://c.example/d.png">')
    (tmp_path / "e.css").write_text("a { src: url(//f.example) }")
    with pytest.raises(ExtensionError, match=r"sub/b\.html: https://c\.example/d\.png; e\.css: //f\.example"):
        offline.check(site(tmp_path), None)


def test_a_build_that_failed_already_is_not_checked(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<img src="https://c.example/d.png">')
    offline.check(site(tmp_path), ValueError())
