"""Graphs of the user's own: read from many formats, brought into normal form, stored under their content."""
