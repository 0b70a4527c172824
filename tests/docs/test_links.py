"""Every link of the documents leads somewhere, on GitHub as on the site."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.pages import PAGES, ROOT, headings, links, name


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub (and MyST) give the headings of a page."""
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings(page))
    return {words.replace(" ", "-") for words in kept}


def problem(page: Path, link: str) -> str | None:
    """Return what is wrong with a link to somewhere in the repository, or None."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None if parts.scheme in {"https", "mailto"} else "neither https nor in the repository"
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.is_relative_to(ROOT) or parts.path.startswith("/"):
        return "leads out of the repository"
    if not target.exists():
        return "no such file"
    if parts.fragment and parts.fragment not in anchors(target):
        return "no such heading"
    return None


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    assert {link: wrong for link in links(page) if (wrong := problem(page, link))} == {}


def test_the_test_sees_links_and_what_is_wrong_with_them(tmp_path: Path) -> None:
    page = ROOT / "docs" / "reports.md"
    text = '[a](sweeps.md) ![b](b.png)\n\n| c |\n|---|\n| [d](#e) |\n\n<p><a href="f"><img src="g"></a></p>'
    (tmp_path / "page.md").write_text(text)
    assert links(tmp_path / "page.md") == ["sweeps.md", "b.png", "#e", "f", "g"]
    assert problem(page, "sweeps.md#several-machines") is None
    assert problem(page, "sweeps.md#many-machines") == "no such heading"
    assert problem(page, "sweep.md") == "no such file"
    assert problem(page, "../../elsewhere.md") == "leads out of the repository"
    assert problem(page, "http://example.org") == "neither https nor in the repository"
