"""The executed notebooks: the pages that `cna-viz report` wrote are copied as they are, the others named."""

import shutil
from pathlib import Path
from typing import Final

from sphinx.application import Sphinx

from cna_viz.reports.notebooks.notebooks import list_reports

PAGE: Final = "docs/reports"
"""The page that lists them."""
WHERE: Final = "They are those that were in `reports/` when `make docs` built the site."


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the list and the copies."""
    app.connect("source-read", add_list)
    app.connect("build-finished", add_pages)
    return {"parallel_read_safe": True}


def add_list(app: Sphinx, name: str, source: list[str]) -> None:
    """Append to the guide which reports this site has, and how the others are made."""
    if name == PAGE:
        rows = "\n".join(_row(report, made(report, app.srcdir)) for report in list_reports())
        source[0] += f"\n## The reports of this site\n\n{WHERE}\n\n| report | page |\n|---|---|\n{rows}\n"


def add_pages(app: Sphinx, failure: Exception | None) -> None:
    """Copy the pages; each is one file."""
    for report in list_reports():
        page = made(report, app.srcdir)
        if failure is None and page is not None:
            target = app.outdir / "reports" / report / page.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(page, target)


def made(report: str, root: Path) -> Path | None:
    """Return the page of a report, or None where nobody made it yet."""
    page = root / "reports" / report / "index.html"
    return page if page.is_file() else None


def _row(report: str, page: Path | None) -> str:
    link = f'<a href="../reports/{report}/index.html">open</a>'
    return f"| `{report}` | {link if page else f'not made; `cna-viz report {report}` makes it'} |"
