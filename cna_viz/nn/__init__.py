"""Modules that stand between convolutions: clustering, normalization, rational activations and their composition.

>>> from cna_viz.nn import CNA, replace_activations
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from cna_viz.nn.cna import CNA as CNA
    from cna_viz.nn.replace import replace_activations as replace_activations
else:
    __getattr__, __dir__, __all__ = lazy_loader.attach(
        __name__,
        submod_attrs={
            "cna": ["CNA"],
            "replace": ["replace_activations"],
        },
    )
