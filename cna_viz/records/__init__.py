"""Records of runs: labelled arrays in memory and plain files on disk, without torch.

>>> from cna_viz import records
>>> record = records.load("8961d5aa")
>>> records.stack(records.select(slot="cna", dataset="cora", seed=[0, 1, 2]))
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from cna_viz.records.dataset import stack as stack
    from cna_viz.records.dataset import to_xarray as to_xarray
    from cna_viz.records.listing import list_runs as list_runs
    from cna_viz.records.listing import load as load
    from cna_viz.records.listing import select as select
    from cna_viz.records.listing import select_one as select_one
    from cna_viz.records.record import Record as Record
    from cna_viz.records.stored import stored_runs as stored_runs
    from cna_viz.records.verify import find_problems as find_problems
else:
    __getattr__, __dir__, __all__ = lazy_loader.attach(
        __name__,
        submod_attrs={
            "dataset": ["stack", "to_xarray"],
            "listing": ["list_runs", "load", "select", "select_one"],
            "record": ["Record"],
            "stored": ["stored_runs"],
            "verify": ["find_problems"],
        },
    )
