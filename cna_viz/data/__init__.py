"""Graphs and splits: what each dataset is, where its files lie, how it is read, which nodes train, select and test.

Nothing is imported here, so that :mod:`~cna_viz.data.catalog`, :mod:`~cna_viz.data.roots` and
:mod:`~cna_viz.data.summary` can be used without loading torch. The room's entrances are
:func:`cna_viz.data.datasets.load_graph`, :func:`cna_viz.data.splits.make_split` and
:func:`cna_viz.data.summary.summarize`.
"""
