"""Modules that stand between convolutions: clustering, normalization, rational activations and their composition."""
