"""The runs that a widget is given: folders, open records, and what is broken."""

from pathlib import Path

import pytest

from cna_viz.config import RunConfig
from cna_viz.errors import RecordError, UsageError
from cna_viz.records.synthetic import synthetic_record
from cna_viz.widgets.runs_panel import available_runs


def test_a_folder_is_opened_and_records_are_taken(tmp_path: Path) -> None:
    record = synthetic_record(tmp_path, RunConfig())
    for runs in (tmp_path, str(tmp_path), [record]):
        found, said = available_runs(runs)
        assert [one.id for one in found] == [record.id]
        assert said == []


def test_a_broken_run_is_said_and_hides_no_other(tmp_path: Path) -> None:
    good, bad = (synthetic_record(tmp_path, RunConfig(seed=seed)) for seed in (0, 1))
    (bad.folder / "config.json").write_text("{}")
    found, said = available_runs(tmp_path)
    assert [one.id for one in found] == [good.id]
    assert len(said) == 1
    assert bad.id in said[0]


def test_nothing_is_refused_with_the_command_that_makes_some(tmp_path: Path) -> None:
    for nothing in (tmp_path, []):
        with pytest.raises(UsageError, match="cna-viz run"):
            available_runs(nothing)  # type: ignore[arg-type]
    with pytest.raises(RecordError, match="no such folder"):
        available_runs(tmp_path / "none")
