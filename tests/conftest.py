"""For all tests: one thread per process, a time limit, and a sample of combinations in tests marked `sampled`."""

import atexit
import os
import signal
import tempfile
from collections.abc import Callable, Collection, Generator, Hashable
from contextlib import contextmanager
from typing import Any

import pytest

from tests.pairwise import covering_rows

# The graphs are tiny, and threads that wait for each other cost fifty times what they save. Torch reads this when it is
# imported, and so does every process the tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# No test touches the user's own graphs.
_graphs = tempfile.TemporaryDirectory(prefix="cna-viz-tests-")
atexit.register(_graphs.cleanup)
os.environ["CNA_VIZ_GRAPHS"] = _graphs.name

# In the background of a shell Ctrl-C is ignored, and would be by every process the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

LIMIT = {"daily": 300, "slow": 900}
"""Seconds after which a test fails; pyproject.toml has `faulthandler_timeout` for code that hears no signal."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what a sample of the combinations leaves out, in tests marked `sampled`.

    ``sampled("x", strength=2)``: x is a parameter of several factors, such as ``("kmeans", "cluster", "rational")``;
    strength is that of :func:`tests.pairwise.covering_rows`.
    """
    tests: dict[str, list[pytest.Function]] = {}
    for item in items:
        if isinstance(item, pytest.Function) and item.get_closest_marker("sampled"):
            tests.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for same in tests.values():
        (mark,) = same[0].iter_markers("sampled")
        daily = covering_rows([_factors(item, mark.args) for item in same], **mark.kwargs)
        for number in {*range(len(same))} - {*daily}:
            same[number].add_marker("slow")


def _factors(item: pytest.Function, split: Collection[str]) -> list[Hashable]:
    parameters = item.callspec.params
    whole = [id(value) for name, value in parameters.items() if name not in split]  # some have no hash
    return [*whole, *(value for name in split for value in parameters[name])]


@contextmanager
def _limit(item: pytest.Item) -> Generator[None]:
    seconds = LIMIT["slow" if item.get_closest_marker("slow") else "daily"]

    def stop(*_: object) -> None:
        pytest.fail(f"it ran for more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Limit how long the fixtures take."""
    with _limit(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Limit how long the test takes."""
    with _limit(item):
        return (yield)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return ``held(**values)``, which puts values in the place of what records hold of a slot, by name.

    A value is an array, or a function of layer and epoch that returns one; None where nothing is held.
    """
    import xarray as xr

    from cna_viz.records.record import Record

    original = Record.layer_variable

    def held(**values: Any) -> None:
        def layer_variable(self: Record, name: str, layer: int, epoch: int | None = None) -> Any:
            if name not in values:
                return original(self, name, layer, epoch)
            value = values[name]
            if callable(value):
                value = value(layer, self.best_epoch if epoch is None else epoch)
            return None if value is None else xr.DataArray(value)

        monkeypatch.setattr(Record, "layer_variable", layer_variable)

    return held
