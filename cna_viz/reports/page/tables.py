"""Foreign HTML, nearly always a pandas table, to a table of the page: safe, without its own style, numbers aligned."""

import re
from typing import Any, Final

from nbconvert.preprocessors.sanitize import SanitizeHTML

_TAGS: Final = "table thead tbody tfoot tr th td caption p br div span b i em strong code pre sub sup ul ol li h3 h4"
_ACTIVE: Final = re.compile(r"<(style|script)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_ROW: Final = re.compile(r"<tr>.*?</tr>", re.DOTALL)
_CELL: Final = re.compile(r"<(t[hd])([^>]*)>(.*?)</\1>", re.DOTALL)
_NUMBER: Final = re.compile(
    r"\s*([+\-\u2212]?[0-9][0-9.,]*(e[+-]?[0-9]+)?( ?[±%] ?[0-9.]*)?|NaN|nan|-?inf|\u2013|\u2014|)\s*"
)


def clean_table(text: str) -> str:
    """Return ``text`` reduced to tags and attributes that only structure it, with columns of numbers marked."""
    make: Any = SanitizeHTML  # untyped
    sanitizer = make(tags=_TAGS.split(), attributes={"*": ["colspan", "rowspan", "scope"]}, strip=True)
    return _mark_numbers(str(sanitizer.sanitize_html_tags(_ACTIVE.sub("", text))))


def _mark_numbers(text: str) -> str:
    """Give the cells of each column whose body holds only numbers the class ``number``; spans are left alone."""
    if "span=" in text:
        return text
    rows = [_CELL.findall(row) for row in _ROW.findall(text)]
    body = [cells for cells in rows if any(tag == "td" for tag, _, _ in cells)]
    width = max((len(cells) for cells in body), default=0)
    numeric = {
        column
        for column in range(width)
        if all(len(cells) > column and cells[column][0] == "td" for cells in body)
        and all(_NUMBER.fullmatch(cells[column][2]) for cells in body)
    }

    def mark(row: re.Match[str]) -> str:
        columns = iter(range(width + 1))
        return _CELL.sub(lambda cell: _marked(cell, next(columns, -1) in numeric), row[0])

    return _ROW.sub(mark, text)


def _marked(cell: re.Match[str], number: bool) -> str:
    tag, attributes, content = cell.groups()
    return f'<{tag}{attributes} class="number">{content}</{tag}>' if number else cell[0]
