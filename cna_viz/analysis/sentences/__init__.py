"""Findings: a module per question, functions from records to lists of generated sentences."""
