"""Tables of what records hold, with pandas and numpy: pairs of runs, clusters, nodes, slots, scores by setting."""
