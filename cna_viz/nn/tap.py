"""A named place in a network where a value can be seen."""

from torch import nn


class Tap(nn.Identity):
    """Identity that marks a value worth seeing.

    A tap computes nothing and stores nothing. :mod:`cna_viz.recording.taps` attaches to it from outside, so that models
    never log and a model without a recorder costs nothing extra.
    """
