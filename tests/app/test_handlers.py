"""Pages of our own: they say where to go, in one file, and ask the net for nothing."""

import re

import pytest

from cna_viz.app.handlers import instructor_file, instructor_page, landing_page, pages_environment
from cna_viz.app.pages import PAGES, titles

FETCHED = re.compile(r"<(?:script|img|iframe|source)[^>]*\bsrc=|<link[^>]*\bhref=\"(?!data:)|@import|url\((?!data:)")


def missing_page(status: int) -> str:
    return pages_environment().get_template("error.html").render(status_code=status, status_message="What happened")


def login_page(message: dict[str, str] | None = None) -> str:
    form = pages_environment().get_template("login.html")
    return form.render(next="%2Flesson", message=message, xsrf_form_html=lambda: '<input name="_xsrf">')


def test_the_landing_page_has_a_card_for_every_page() -> None:
    text = landing_page()
    for page in PAGES:
        assert f'<a href="/{page.name}">{titles()[page.name]}</a>' in text
        assert page.sentence in text
    assert text.count('<li class="card">') == len(PAGES)
    assert 'href="/instructor"' in text


def test_the_instructor_reads_the_documentation() -> None:
    heading = re.findall(r"^## (.*)$", instructor_file().read_text(encoding="utf-8"), re.MULTILINE)
    text = instructor_page()
    assert heading
    assert all(words in text for words in heading)


@pytest.mark.parametrize("page", [landing_page, instructor_page, lambda: missing_page(404), login_page])
def test_no_page_fetches_anything(page: object) -> None:
    assert callable(page)
    assert not FETCHED.search(page())


def test_a_missing_page_leads_to_those_that_there_are() -> None:
    assert "There is no such page here." in missing_page(404)
    assert "The terminal in which the app runs says why" in missing_page(500)
    assert all('href="/"' in missing_page(status) for status in (404, 500))


def test_who_has_no_token_is_told_where_it_stands() -> None:
    assert "<code>cna-viz demo</code>" in login_page()
    assert 'action="/login?next=%2Flesson"' in login_page()
    assert "not the token" not in login_page()
    assert "not the token" in login_page({"error": "Invalid credentials"})
