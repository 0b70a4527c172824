"""Somebody else's network: how it is called, and which calls are its layers."""
