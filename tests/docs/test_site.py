"""The site itself: built without a warning, complete, and nothing in it leads nowhere or is fetched."""

import pkgutil
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from sphinx.util.inventory import InventoryFile

import cna_viz
from cna_viz import analysis, figures, measures, records
from cna_viz.analysis import claims
from cna_viz.reports.notebooks.notebooks import list_reports
from docs.extensions import offline
from tests.docs.pages import PAGES, ROOT, name

pytestmark = pytest.mark.subprocess


@pytest.fixture(scope="module", params=["documents", pytest.param("documents and sources", marks=pytest.mark.slow)])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make docs` does, without the pages of the sources where seconds count; return its folder."""
    folder = tmp_path_factory.mktemp("docs")
    options = ["--quiet", "--fail-on-warning", "--keep-going", "--fresh-env", "--doctree-dir", str(folder / "trees")]
    if request.param == "documents":
        options += ["--tag", "without-sources"]
    command = [sys.executable, "-m", "sphinx", *options, "--conf-dir", "docs", ".", str(folder / "site")]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (answer.returncode, answer.stderr) == (0, "")
    return folder / "site"


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value for key, value in attrs if key in {"href", "src"} and value}


def test_every_document_is_a_page_and_the_readme_the_first(site: Path) -> None:
    for page in PAGES:
        assert (site / name(page)).with_suffix(".html").is_file()
    assert (site / "index.html").read_text() == (site / "README.html").read_text()


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    assert offline.fetched_from(site) == []


def test_nothing_leads_nowhere(site: Path) -> None:
    lost = set()
    for page in site.rglob("*.html"):
        parser = _Addresses()
        parser.feed(page.read_text(encoding="utf-8"))
        for address in map(urlsplit, parser.found):
            if not address.scheme and address.path and not (page.parent / unquote(address.path)).exists():
                lost.add(f"{page.relative_to(site)}: {address.path}")
    assert lost == set()


@pytest.mark.parametrize("module", [figures, measures, records, claims], ids=lambda module: module.__name__)
def test_every_public_name_is_documented(site: Path, module: object) -> None:
    prefix = getattr(module, "__name__", "")
    assert {f"{prefix}.{public}" for public in getattr(module, "__all__", ())} <= documented(site)


def test_every_name_of_the_package_is_on_its_page(site: Path) -> None:
    page = (site / "docs" / "api" / "cna_viz.html").read_text(encoding="utf-8")
    assert all(re.search(rf"[.>]{public}<", page) for public in cna_viz.__all__)


def documented(site: Path) -> set[str]:
    """Return what the index of the site knows."""
    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="")
    return {entry for kind, entries in inventory.data.items() if kind.startswith("py:") for entry in entries}


def test_what_the_extensions_do_is_on_the_pages(site: Path) -> None:
    settings = (site / "docs" / "api" / "config.html").read_text(encoding="utf-8")
    assert "The task: node-classification" in settings  # not a type named "The task"
    assert "int, ≥ 1, ≤ 4096, default 2" in re.sub(r"<[^>]*>", "", settings)
    modules = (site / "docs" / "api" / "nn.html").read_text(encoding="utf-8")
    assert "<mfrac>" in modules
    reports = (site / "docs" / "reports.html").read_text(encoding="utf-8")
    assert all(reports.count(f">{report}<") >= 2 for report in list_reports())  # its question, and its page


def test_every_module_of_the_analysis_has_its_place() -> None:
    walked = pkgutil.walk_packages(analysis.__path__, "cna_viz.analysis.")
    modules = {module.name for module in walked if not module.ispkg and ".claims." not in module.name}
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "api").glob("*.rst"))
    missing = {module for module in modules if f".. automodule:: {module}\n" not in pages}
    assert missing == {"cna_viz.analysis.words"}  # which others are written with
