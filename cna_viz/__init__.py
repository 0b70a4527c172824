"""Look inside deep graph networks: train CNA and baselines fairly, record every layer, see oversmoothing happen.

    >>> from cna_viz import RunConfig, load_or_run, figures
    >>> record = load_or_run(RunConfig())
    >>> figures.plot_training_curves([record])

Importing the package imports nothing heavy; each name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cna_viz import figures, measures, records, widgets
    from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig, TrainingConfig
    from cna_viz.experiments.run import load_or_run, load_or_run_all
    from cna_viz.recording.watch import watch
    from cna_viz.records.listing import list_runs
    from cna_viz.records.record import Record, load_record

__version__: Final = "0.1.0"

_HOMES: Final = {
    "DataConfig": "cna_viz.config",
    "ModelConfig": "cna_viz.config",
    "Record": "cna_viz.records.record",
    "RecordingConfig": "cna_viz.config",
    "RunConfig": "cna_viz.config",
    "TrainingConfig": "cna_viz.config",
    "list_runs": "cna_viz.records.listing",
    "load_or_run": "cna_viz.experiments.run",
    "load_or_run_all": "cna_viz.experiments.run",
    "load_record": "cna_viz.records.record",
    "watch": "cna_viz.recording.watch",
}

__all__ = [
    "DataConfig",
    "ModelConfig",
    "Record",
    "RecordingConfig",
    "RunConfig",
    "TrainingConfig",
    "figures",
    "list_runs",
    "load_or_run",
    "load_or_run_all",
    "load_record",
    "measures",
    "records",
    "watch",
    "widgets",
]


def __getattr__(name: str) -> Any:
    if name in {"figures", "measures", "records", "widgets"}:
        return import_module(f"cna_viz.{name}")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
