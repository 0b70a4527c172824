"""Known values to read measured ones against."""

import numpy as np

from cna_viz.records.record import Record


def constant_energy(record: Record) -> float:
    """Return the Rayleigh energy of features that are equal for all nodes, on the graph of this record.

    It is zero only where all degrees are equal: the operator of GCN smooths towards √(d+1), not towards a constant
    (Bison and Sperduti, arXiv 2512.09890). A layer of rank one at this energy has collapsed all the same.
    """
    scale = 1 / np.sqrt(record.graph["degree"].values + 1)
    first, second = record.graph["edge_index"].values
    # Both directions of every edge are listed.
    return float(np.square(scale[first] - scale[second]).sum() / 2 / len(scale))
