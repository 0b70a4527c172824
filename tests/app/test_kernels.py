"""Kernels: the running interpreter whatever is registered, and an end for all of them."""

import asyncio
import sys
from pathlib import Path

import pytest
from jupyter_client.kernelspec import NoSuchKernel
from tornado.web import HTTPError

from cna_viz.app import kernels
from cna_viz.app.kernels import RunningInterpreter, end_kernels

pytestmark = pytest.mark.subprocess


class Manager:
    """Ends kernels, but not before it has been asked so often."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.asked: list[bool] = []

    async def shutdown_all(self, now: bool) -> None:
        self.asked.append(now)
        if len(self.asked) <= self.refusals:
            raise HTTPError(404)


def test_kernels_run_the_running_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "kernels" / "python3"
    other.mkdir(parents=True)
    (other / "kernel.json").write_text('{"argv": ["other"], "display_name": "other", "language": "python"}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    specs = RunningInterpreter()
    assert list(specs.find_kernel_specs()) == ["python3"]
    assert specs.get_kernel_spec("python3").argv[:3] == [sys.executable, "-m", "ipykernel_launcher"]
    assert list(specs.get_all_specs()) == ["python3"]


def test_the_users_startup_files_take_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    folder = Path(RunningInterpreter().get_kernel_spec("python3").env["IPYTHONDIR"])
    assert folder != tmp_path


def test_no_other_kernel_is_known() -> None:
    with pytest.raises(NoSuchKernel):
        RunningInterpreter().get_kernel_spec("other")


@pytest.mark.parametrize("refusals", [0, 1, 3])
def test_a_kernel_that_is_being_started_is_ended_when_it_is_there(
    refusals: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "PAUSE", 0)
    manager = Manager(refusals)
    asyncio.run(end_kernels(manager))
    assert manager.asked == [True] * (refusals + 1)


def test_a_kernel_that_is_never_there_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "PAUSE", 0)
    manager = Manager(kernels.ATTEMPTS)
    with pytest.raises(HTTPError):
        asyncio.run(end_kernels(manager))
    assert len(manager.asked) == kernels.ATTEMPTS
