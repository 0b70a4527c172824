"""A linear map that takes dense and sparse features."""

from torch import Tensor
from torch_geometric.nn import Linear

from cna_viz.models.inputs import SparseFeatures


class FeatureLinear(Linear):  # type: ignore[misc]
    """PyG's linear map, which also takes :class:`~cna_viz.models.inputs.SparseFeatures`.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        bias: Whether to add a bias, which starts at zero.

    Shapes:
        - input: ``[nodes, in_channels]``
        - output: ``[nodes, out_channels]``
    """

    def __init__(self, in_channels: int, out_channels: int, *, bias: bool = True) -> None:
        super().__init__(in_channels, out_channels, bias=bias, weight_initializer="glorot", bias_initializer="zeros")

    def forward(self, x: Tensor | SparseFeatures) -> Tensor:
        """Return x Wᵀ + b."""
        if isinstance(x, SparseFeatures):
            product = x.matmul(self.weight.t())
            return product if self.bias is None else product + self.bias
        y: Tensor = super().forward(x)
        return y
