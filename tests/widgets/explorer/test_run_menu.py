"""The menu of runs: all that lie in a folder, broken ones with their reason."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.records.stored import ONLY_VARIABLE, stored_runs
from cna_viz.widgets.explorer.run_menu import NEAR, find_entry, folder_entries, folder_named, record_entries

Make = Callable[..., Record]


def test_runs_are_called_by_what_they_are(make: Make) -> None:
    record = make("cna", seed=2)
    (entry,) = folder_entries(record.folder.parent)
    assert entry.label == f"cna · 4 layers · digits · random-60-20-20 · seed 2 · {record.id[:8]}"
    assert (entry.record, entry.problem) == (record, "")


def test_a_broken_run_comes_last_and_says_why(make: Make) -> None:
    broken, whole = make("cna"), make("relu")
    (broken.folder / "config.json").write_text("{}")
    first, last = folder_entries(whole.folder.parent)
    assert first.record is not None
    assert last.record is None
    assert last.label == f"broken · {broken.id}"
    assert "config.json" in last.problem


def test_runs_that_can_be_looked_into_come_first(make: Make) -> None:
    blind, seen = make("cna", snapshots="none"), make("relu")
    assert [entry.record and entry.record.id for entry in folder_entries(seen.folder.parent)] == [seen.id, blind.id]


def test_an_unfinished_run_is_said_to_be(make: Make) -> None:
    record = make("cna")
    (record.folder / "COMPLETE").unlink()
    (entry,) = folder_entries(record.folder.parent)
    assert entry.label.endswith("· incomplete")
    assert entry.record is not None


def test_a_run_that_has_written_nothing_says_so(tmp_path: Path) -> None:
    (tmp_path / "0123456789abcdef").mkdir()
    (entry,) = folder_entries(tmp_path)
    assert entry.record is None
    assert "has not written anything yet" in entry.problem


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_without_runs_says_how_to_make_some(tmp_path: Path, there: bool) -> None:
    folder = tmp_path if there else tmp_path / "nowhere"
    with pytest.raises(UsageError, match="cna-viz run --runs"):
        folder_entries(folder)


def test_a_run_is_found_by_the_beginning_of_its_id(make: Make) -> None:
    records = [make("cna", seed=seed) for seed in range(5)]
    entries = record_entries(records)
    assert [entry.record for entry in entries] == records
    assert find_entry(entries, records[3].id[:10]).record == records[3]
    with pytest.raises(UsageError, match="unknown run 'xyz'") as caught:
        find_entry(entries, "xyz")
    assert sum(record.id in str(caught.value) for record in records) == NEAR
    with pytest.raises(UsageError, match="unknown run ''"):
        find_entry(entries, "")


def test_no_records_are_refused() -> None:
    with pytest.raises(UsageError, match="no records to explore"):
        record_entries([])


def test_a_folder_that_can_not_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("cna_viz.widgets.explorer.run_menu.list_runs", refuse)
    with pytest.raises(UsageError, match=f"{tmp_path}: the folder can't be read: Permission denied"):
        folder_entries(tmp_path)


def test_a_typed_folder_may_be_in_the_own_one() -> None:
    assert folder_named(" ~/runs ") == Path.home() / "runs"


def test_a_page_of_the_app_shows_its_own_folder_and_the_stored_runs_only(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = make("cna").folder.parent
    (tmp_path / "link").symlink_to(runs)
    monkeypatch.setenv(ONLY_VARIABLE, str(runs))
    assert folder_entries(runs)
    assert folder_entries(stored_runs())
    assert folder_entries(tmp_path / "link")
    for elsewhere in (runs.parent, runs / "..", Path("/"), tmp_path / "none"):
        with pytest.raises(UsageError, match=r"this page shows the runs in .* only"):
            folder_entries(elsewhere)
    monkeypatch.setenv(ONLY_VARIABLE, "")
    assert folder_entries(stored_runs())
    with pytest.raises(UsageError, match="this page shows the runs of the package only"):
        folder_entries(runs)
