"""The model: how it is called, how to run it without side effects, and which state it is in."""
