"""The command line, called as a function, and records for it to look at."""

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cna_viz.cli.main import main
from cna_viz.config import ModelConfig, RunConfig
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record


@dataclass(frozen=True)
class Answer:
    """What a command left behind: exit code, stdout, stderr."""

    code: object
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on stderr of a command that printed nothing else; fails where there is more."""
        assert self.out == ""
        assert self.err.startswith("cna-viz: "), self.err
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1, self.err
        return self.err.removeprefix("cna-viz: ").strip()


Call = Callable[..., Answer]


def call(*words: object) -> Answer:
    """Call the command line with these words."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code: Any = main([str(word) for word in words])
        except SystemExit as stop:  # argparse ends so after --help
            code = stop.code
    return Answer(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session", name="call")
def call_fixture() -> Call:
    """Return the function that calls the command line."""
    return call


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test's own, with a cache of its own and no data root."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CNA_VIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CNA_VIZ_GRAPHS", str(tmp_path / "graphs"))
    monkeypatch.delenv("CNA_VIZ_DATA", raising=False)
    monkeypatch.delenv("CNA_VIZ_BATCH", raising=False)
    return tmp_path


@pytest.fixture
def records(tmp_path: Path) -> list[Record]:
    """Write three records to the folder ``runs``: relu, cna, and one of none that diverged."""
    configs = [RunConfig(model=ModelConfig(slot=slot, layers=3, hidden=4)) for slot in ("relu", "cna", "none")]
    message = "the loss was not finite after step 1"
    more: list[dict[str, Any]] = [{}, {}, {"status": "diverged", "accuracy": {}, "warnings": [message]}]
    return [
        synthetic_record(tmp_path / "runs", config, **summary) for config, summary in zip(configs, more, strict=True)
    ]
