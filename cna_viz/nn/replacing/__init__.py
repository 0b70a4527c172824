"""The pieces of :func:`~cna_viz.nn.replace.replace_activations`."""
