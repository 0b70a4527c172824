"""Pieces of :func:`cna_viz.watch`, in the order in which they are used.

``data`` reads the graph; ``model`` knows how the network is called, ``layers`` which of its calls are layers, and
``output`` how its output is scored; ``loop`` listens to the training. ``session`` writes the record.
"""
