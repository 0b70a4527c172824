"""The records in the package are whole, are those of the grid, and would be the same if they were trained today."""

from cna_viz.config import RESULTS_VERSION
from cna_viz.experiments.grid_files import find_grid
from cna_viz.records.listing import list_runs
from cna_viz.records.record import load_record
from cna_viz.records.schema import SCHEMA_VERSION
from cna_viz.records.stored import stored_runs
from cna_viz.records.verify import find_problems


def test_they_are_the_runs_of_the_grid() -> None:
    names = {path.name for path in stored_runs().iterdir()}
    assert names == {config.run_id for config in find_grid("lesson").configs()}
    assert {entry.status for entry in list_runs(stored_runs())} == {"complete"}


def test_every_file_is_as_it_was_written() -> None:
    for folder in stored_runs().iterdir():
        record = load_record(folder)
        assert (record.environment["results_version"], record.environment["schema_version"]) == (
            RESULTS_VERSION,
            SCHEMA_VERSION,
        ), "make stored"
        assert not find_problems(folder)


def test_they_stay_small() -> None:
    assert sum(path.stat().st_size for path in stored_runs().rglob("*") if path.is_file()) < 8_000_000
