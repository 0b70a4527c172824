"""Run configs: train once, afterwards load."""
