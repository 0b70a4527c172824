"""One thread per process: the graphs are tiny, and threads that wait for each other cost fifty times what they save."""

import os
from collections.abc import Callable
from typing import Any

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read by torch when it is imported, and by every process the tests start


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
