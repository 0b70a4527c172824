"""A deep network on a small graph, to be changed by hand: the only widget that computes with torch."""

from cna_viz.widgets.playground.playground import Playground

__all__ = ["Playground"]
