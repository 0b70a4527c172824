"""The wall between the wings: records of runs, as labelled arrays in memory and plain files on disk. No torch here.

    >>> from cna_viz import records
    >>> record = records.load("8961d5aa")
    >>> records.stack(records.select(slot="cna", dataset="cora", seed=[0, 1, 2]))

Importing this imports nothing heavy; each name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cna_viz.records.listing import list_runs
    from cna_viz.records.record import Record, load_record
    from cna_viz.records.selection import load, select, select_one
    from cna_viz.records.stacking import stack
    from cna_viz.records.stored import stored_runs

# No module here may bear the name of what is exported: once imported it would stand in its place.
_HOMES: Final = {
    "Record": "cna_viz.records.record",
    "list_runs": "cna_viz.records.listing",
    "load": "cna_viz.records.selection",
    "load_record": "cna_viz.records.record",
    "select": "cna_viz.records.selection",
    "select_one": "cna_viz.records.selection",
    "stack": "cna_viz.records.stacking",
    "stored_runs": "cna_viz.records.stored",
}

__all__ = ["Record", "list_runs", "load", "load_record", "select", "select_one", "stack", "stored_runs"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
