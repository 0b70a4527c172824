"""Facts about machine and software."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from cna_viz.recording import environment
from cna_viz.recording.environment import describe_environment, peak_memory_mib
from cna_viz.records.reading.files import to_json


def test_facts() -> None:
    facts = describe_environment("cpu", 3)
    assert (facts["device"], facts["threads"]) == ("cpu", 3)
    assert facts["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert facts["versions"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert {"cna-viz", "torch-geometric", "numpy", "scipy", "scikit-learn"} < set(facts["versions"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", facts["started"])
    assert to_json(facts)


def test_commit_of_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "__file__", str(tmp_path / "package" / "rooms" / "environment.py"))
    assert describe_environment("cpu", 1)["commit"] is None  # installed, not a checkout
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    (tmp_path / "file").write_text("x")
    for command in (["init", "-q"], ["add", "file"], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *command], check=True, capture_output=True)
    commit = describe_environment("cpu", 1)["commit"]
    assert re.fullmatch("[0-9a-f]{12}", commit)
    (tmp_path / "file").write_text("y")
    assert describe_environment("cpu", 1)["commit"] == f"{commit}-dirty"


@pytest.mark.parametrize("error", [FileNotFoundError("git"), subprocess.TimeoutExpired("git", 10)])
def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(environment, "__file__", str(tmp_path / "package" / "rooms" / "environment.py"))

    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    monkeypatch.setattr(environment.subprocess, "run", fail)
    assert describe_environment("cpu", 1)["commit"] is None


def test_peak_memory() -> None:
    peak = peak_memory_mib()
    assert peak is None or 20 < peak < 1_000_000


@pytest.mark.subprocess
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux counts memory here")
def test_peak_memory_is_not_that_of_the_process_that_started_this_one() -> None:
    code = "from cna_viz.recording.environment import peak_memory_mib; print(peak_memory_mib())"
    start = (
        f"import subprocess, sys; b = bytes(400_000_000); subprocess.run([sys.executable, '-c', {code!r}], check=True)"
    )
    answer = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=True)
    assert float(answer.stdout) < 300


def test_peak_memory_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(environment.Path, "read_text", fail)
    peak = peak_memory_mib()
    assert peak is None or 20 < peak < 1_000_000
