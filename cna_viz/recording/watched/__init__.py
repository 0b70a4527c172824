"""Pieces of :func:`cna_viz.watch`: the data, the call, the layers and the output of a network of the user's own."""
