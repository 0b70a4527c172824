"""Nothing that is not ours is removed, and there is one place that removes."""

import ast
import os
from pathlib import Path

import pytest

from cna_viz.removal import remove

PACKAGE = Path(__file__).parents[1] / "cna_viz"
REMOVING = {"rmtree", "unlink", "rmdir", "removedirs", "rename", "renames", "move", "truncate"}
MODULES = {"os", "shutil"}
WRITING = {"write_text", "write_bytes"}
ALLOWED = {
    "removal.py": {"rename", "rmdir", "unlink"},
    "files.py": {"replace", "write_bytes"},  # put in place
    "experiments/attempts.py": {"rename"},  # of an attempt that is all ours
    "data/download.py": {"move", "replace"},  # within its own temporary folder, and where no file is
    "analysis/tables/tables.py": {"rename"},  # of a column
    # The rest is below folders of `tempfile`.
    "app/pages.py": {"write_text"},
    "app/server.py": {"rmtree"},
    "reports/pictures/thumbnails.py": {"write_text"},
    "records/exporting/exporting.py": {"open"},  # of an atomic path
}


def calls(path: Path) -> set[str]:
    """Return the names of the calls in a module that can take a file away or write over it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        owner = getattr(getattr(node.func, "value", None), "id", "")
        named = [keyword.arg for keyword in node.keywords]
        plain = len(node.args) == 1 and not named
        if name in WRITING or (
            name in REMOVING and (plain or owner in MODULES or "ignore_errors" in named or not (node.args or named))
        ):
            found.add(name)
        if name in ("replace", "remove") and (owner in MODULES or (name == "replace" and plain)):
            found.add(name)
        modes = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if name == "open" and any(mode.strip("btx+") == "w" for mode in modes):
            found.add(name)
    return found


def test_only_these_modules_remove_rename_or_write_over_files() -> None:
    found = {path.relative_to(PACKAGE).as_posix(): calls(path) for path in PACKAGE.rglob("*.py")}
    assert {name: names for name, names in found.items() if names} == ALLOWED


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("shutil.rmtree(x, ignore_errors=True)", {"rmtree"}),
        ("rmtree(x, ignore_errors=True)", {"rmtree"}),
        ("path.unlink()", {"unlink"}),
        ("os.remove(x)", {"remove"}),
        ("a.replace(b)", {"replace"}),
        ("os.replace(a, b)", {"replace"}),
        ("text.replace('a', 'b'); names.remove(x); config.replace(seed=1); table.rename(columns=x)", set()),
        ("open(x, 'w')", {"open"}),
        ("path.open('wb')", {"open"}),
        ("path.open('xb'); path.open('rb+'); path.open()", set()),
        ("path.write_text(x)", {"write_text"}),
    ],
)
def test_such_calls_are_seen(tmp_path: Path, code: str, found: set[str]) -> None:
    (tmp_path / "module.py").write_text(code)
    assert calls(tmp_path / "module.py") == found


def all_ours(path: Path) -> str:
    del path
    return ""


def test_files_and_folders_are_removed_and_what_has_gone_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    (tmp_path / "folder" / "inside" / "file").touch()
    (tmp_path / "file").touch()
    for name in ("folder", "file", "nothing"):
        assert remove(tmp_path / name, all_ours) == ""
    assert list(tmp_path.iterdir()) == []


def test_what_appears_meanwhile_is_kept_and_so_is_the_name(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "ours").touch()
    looks = []

    def writing(path: Path) -> str:
        looks.append(path.name)
        if len(looks) == 2:
            (path / "thesis.tex").write_text("mine")
        return ""

    assert remove(tmp_path / "folder", writing).startswith("changed while it was removed")
    assert looks[0] == "folder"
    assert looks[1].endswith(".tmp")
    assert (tmp_path / "folder" / "thesis.tex").read_text() == "mine"


@pytest.mark.parametrize("inside", [False, True])
def test_what_is_mounted_from_elsewhere_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: bool) -> None:
    folder = tmp_path / "folder" / "inside" if inside else tmp_path / "folder"
    folder.mkdir(parents=True)
    monkeypatch.setattr("cna_viz.removal._mounted", lambda: {str(folder)})
    assert remove(tmp_path / "folder", all_ours).endswith("is mounted from elsewhere")
    assert folder.is_dir()


@pytest.mark.parametrize("inside", [False, True])
def test_links_are_neither_followed_nor_removed(tmp_path: Path, inside: bool) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "folder").mkdir()
    link = tmp_path / "folder" / "link" if inside else tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    assert remove(tmp_path / "folder" if inside else link, all_ours).endswith("is a link")
    assert link.is_symlink()
    assert (tmp_path / "elsewhere").is_dir()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_what_belongs_to_another_user_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.chown(tmp_path / "file", 12345, 12345)
    assert remove(tmp_path / "file", all_ours) == "belongs to another user"
