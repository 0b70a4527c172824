"""The training of the code released with CNA, written from its description, slowly: dense, and every call is made.

Every forward of training, validation and test counts, at every slot of the one module that all layers share; calls
1, R, 2R, ... find new clusters; the rationals are decayed like the weights, and their gradients clipped to norm 1.
"""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from cna_viz.data.graph import Graph, Split
from cna_viz.nn import kmeans


@dataclass
class ReleasedNetwork:
    """GCN with one CNA slot for all gaps, with the weights of another network of ours."""

    adjacency: Tensor
    weights: list[nn.Parameter]
    biases: list[nn.Parameter]
    numerator: nn.Parameter
    denominator: nn.Parameter
    seed: int
    every: int
    count: int = 0
    clusterings: list[int] = field(default_factory=list)
    centroids: Tensor = field(default_factory=lambda: torch.zeros(0))

    @classmethod
    def of(cls, state: dict[str, Tensor], graph: Graph, every: int) -> "ReleasedNetwork":
        """Return the network with the weights in ``state``."""
        edges = torch.eye(graph.num_nodes, dtype=torch.float64)
        edges[graph.edge_index[1], graph.edge_index[0]] = 1
        scale = edges.sum(dim=1).rsqrt()
        layers = sum(name.startswith("convs.") and name.endswith("bias") for name in state)
        copied = {
            name: nn.Parameter(value.double().clone()) for name, value in state.items() if value.is_floating_point()
        }
        return cls(
            scale[:, None] * edges * scale,
            [copied[f"convs.{layer}.lin.weight"] for layer in range(layers)],
            [copied[f"convs.{layer}.bias"] for layer in range(layers)],
            copied["slots.0.activation.numerator"],
            copied["slots.0.activation.denominator"],
            int(state["slots.0.assignment.seed"]),
            every,
        )

    def forward(self, x: Tensor, *, counted: bool = True) -> Tensor:
        """Return the logits."""
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = self.adjacency @ x @ weight.T + bias
            if layer < len(self.weights) - 1:
                x = self.slot(x, counted=counted)
        return x

    def slot(self, x: Tensor, *, counted: bool) -> Tensor:
        """Count the call, find clusters where it is due, normalize every node, apply the rational of its cluster."""
        if counted:
            self.count += 1
            if self.count == 1 or self.count % self.every == 0:
                rows = kmeans.random_rows(x.detach(), len(self.numerator), self.seed + self.count - 1)
                self.centroids, _ = kmeans.lloyd(x.detach(), rows, 100, "cosine")
                self.clusterings.append(self.count)
        labels = kmeans.nearest(x.detach(), self.centroids, "cosine")
        z = (x - x.mean(dim=1, keepdim=True)) / (x.var(dim=1, keepdim=True) + 1e-5).sqrt()
        powers = torch.stack([z**power for power in range(6)])
        numerator = torch.einsum("pnc,np->nc", powers, self.numerator[labels])
        terms = powers[1:5] * self.denominator[labels].T[:, :, None]
        return numerator / (1 + terms.abs().sum(dim=0))

    def train(
        self, graph: Graph, split: Split, epochs: int, lr: float, lr_activation: float, decay: float
    ) -> list[dict[str, float]]:
        """Train and return the losses of every part after each epoch."""
        coefficients, losses = [self.numerator, self.denominator], []
        groups = [
            {"params": [*self.weights, *self.biases], "lr": lr},
            {"params": coefficients, "lr": lr_activation},
        ]
        optimizer, x = torch.optim.Adam(groups, weight_decay=decay), graph.x.double()
        for _ in range(epochs):
            optimizer.zero_grad()
            F.cross_entropy(self.forward(x)[split.train], graph.y[split.train]).backward()
            nn.utils.clip_grad_norm_(coefficients, 1.0)
            optimizer.step()
            with torch.no_grad():
                for _ in ("val", "test"):
                    self.forward(x)
                output = self.forward(x, counted=False)
            losses.append({name: float(F.cross_entropy(output[part], graph.y[part])) for name, part in split.items()})
        return losses
