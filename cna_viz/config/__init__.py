"""The configuration of a run: its fields and their allowed values, its identity, arms and search spaces.

``cna_viz.config.vocabulary`` holds the names that users may type and imports nothing; the rest needs pydantic.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from cna_viz.config.run import RESULTS_VERSION as RESULTS_VERSION
    from cna_viz.config.run import Config as Config
    from cna_viz.config.run import CSBMConfig as CSBMConfig
    from cna_viz.config.run import DataConfig as DataConfig
    from cna_viz.config.run import ModelConfig as ModelConfig
    from cna_viz.config.run import RecordingConfig as RecordingConfig
    from cna_viz.config.run import RunConfig as RunConfig
    from cna_viz.config.run import TrainingConfig as TrainingConfig
    from cna_viz.config.run import WatchedConfig as WatchedConfig
    from cna_viz.config.run import id_of as id_of
else:
    __getattr__, __dir__, __all__ = lazy_loader.attach(
        __name__,
        submod_attrs={
            "run": [
                "CSBMConfig",
                "Config",
                "DataConfig",
                "ModelConfig",
                "RESULTS_VERSION",
                "RecordingConfig",
                "RunConfig",
                "TrainingConfig",
                "WatchedConfig",
                "id_of",
            ],
        },
    )
