"""The data: graph, labels and masks, read as own graphs are, and never written to."""
