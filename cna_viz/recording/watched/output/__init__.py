"""The output of a model: which tensor is scored, and how it is read."""
