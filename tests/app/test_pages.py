"""What is served: copies of the notebooks of the pages, in a folder for nobody else."""

import stat
from pathlib import Path

import nbformat
import pytest

from cna_viz.app.pages import PAGES, made_ready, served_folder, titles

pytestmark = pytest.mark.subprocess


def injected(folder: Path, page: str) -> list[str]:
    notebook = nbformat.read(folder / f"{page}.ipynb", as_version=4)
    return [cell.source for cell in notebook.cells if "injected-parameters" in cell.metadata.get("tags", [])]


def test_the_folder_holds_the_notebooks_and_nothing_else_and_goes_afterwards() -> None:
    with served_folder(None) as folder:
        assert sorted(path.name for path in folder.iterdir()) == sorted(f"{page.name}.ipynb" for page in PAGES)
    assert not folder.exists()


def test_nobody_else_may_read_it() -> None:
    with served_folder(None) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_it_goes_when_something_fails() -> None:
    with pytest.raises(RuntimeError), served_folder(None) as folder:
        raise RuntimeError
    assert not folder.exists()


def test_the_users_runs_go_to_the_pages_that_show_runs(tmp_path: Path) -> None:
    with served_folder(tmp_path) as folder:
        assert str(tmp_path) in injected(folder, "explorer")[0]
        assert not injected(folder, "playground")
        assert not injected(folder, "lesson")


def test_without_runs_the_notebooks_keep_their_defaults() -> None:
    with served_folder(None) as folder:
        assert not any(injected(folder, page.name) for page in PAGES)


def test_every_page_has_a_title_of_its_own() -> None:
    found = titles()
    assert set(found) == {page.name for page in PAGES}
    assert len(set(found.values())) == len(PAGES)
    assert all(found.values())


def test_pages_are_made_ready_unless_they_show_runs_that_may_grow(tmp_path: Path) -> None:
    assert made_ready(2, None) == {"lesson": 2, "explorer": 2, "playground": 2}
    assert made_ready(2, tmp_path) == {"lesson": 2, "explorer": 0, "playground": 2}
