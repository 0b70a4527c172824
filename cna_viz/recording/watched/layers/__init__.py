"""The layers of a model: the calls of its convolutions, traced in one forward pass."""
