"""Look inside deep graph networks: train CNA and baselines fairly, record every layer, see oversmoothing happen.

    >>> from cna_viz import RunConfig, load_or_run, figures
    >>> record = load_or_run(RunConfig())
    >>> figures.plot_training_curves([record])

Names are loaded on first use, so the import is fast.
"""

from typing import TYPE_CHECKING, Final

import lazy_loader

__version__: Final = "0.1.0"

if TYPE_CHECKING:
    from cna_viz import analysis as analysis
    from cna_viz import experiments as experiments
    from cna_viz import figures as figures
    from cna_viz import graphs as graphs
    from cna_viz import measures as measures
    from cna_viz import nn as nn
    from cna_viz import records as records
    from cna_viz import widgets as widgets
    from cna_viz.config import DataConfig as DataConfig
    from cna_viz.config import ModelConfig as ModelConfig
    from cna_viz.config import RecordingConfig as RecordingConfig
    from cna_viz.config import RunConfig as RunConfig
    from cna_viz.config import TrainingConfig as TrainingConfig
    from cna_viz.experiments.run import load_or_run as load_or_run
    from cna_viz.experiments.run import train_and_load as train_and_load
    from cna_viz.recording.watch import watch as watch
    from cna_viz.records.listing import list_runs as list_runs
    from cna_viz.records.record import Record as Record
else:
    __getattr__, __dir__, __all__ = lazy_loader.attach(
        __name__,
        submodules=["analysis", "experiments", "figures", "graphs", "measures", "nn", "records", "widgets"],
        submod_attrs={
            "config": ["DataConfig", "ModelConfig", "RecordingConfig", "RunConfig", "TrainingConfig"],
            "experiments.run": ["load_or_run", "train_and_load"],
            "recording.watch": ["watch"],
            "records.listing": ["list_runs"],
            "records.record": ["Record"],
        },
    )
