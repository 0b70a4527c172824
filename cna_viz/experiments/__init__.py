"""Train runs once and load them afterwards; grids, sweeps and the graphs that are available.

>>> from cna_viz.experiments import Grid, train_and_load
>>> records = train_and_load(Grid(name="mine", axes={"slot": ["relu", "cna"], "seed": [0, 1, 2]}).configs())
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from cna_viz.experiments.available_graphs import available_graphs as available_graphs
    from cna_viz.experiments.grid import Grid as Grid
    from cna_viz.experiments.grid import depth_grid as depth_grid
    from cna_viz.experiments.grid_files import find_grid as find_grid
    from cna_viz.experiments.parameters import count_parameters as count_parameters
    from cna_viz.experiments.run import load_or_run as load_or_run
    from cna_viz.experiments.run import train_and_load as train_and_load
    from cna_viz.experiments.sweep import sweep as sweep
    from cna_viz.experiments.sweep import sweep_possible as sweep_possible
    from cna_viz.experiments.tuning.tune import tune as tune
else:
    __getattr__, __dir__, __all__ = lazy_loader.attach(
        __name__,
        submod_attrs={
            "available_graphs": ["available_graphs"],
            "grid": ["Grid", "depth_grid"],
            "grid_files": ["find_grid"],
            "parameters": ["count_parameters"],
            "run": ["load_or_run", "train_and_load"],
            "sweep": ["sweep", "sweep_possible"],
            "tuning.tune": ["tune"],
        },
    )
