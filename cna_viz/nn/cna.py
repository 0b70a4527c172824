"""CNA: cluster, normalize, activate; each part can be exchanged or taken away."""

from typing import Self

import torch
from torch import Tensor, nn

from cna_viz.errors import UsageError, unknown_name
from cna_viz.nn import fused
from cna_viz.nn.assignment import make_assignment
from cna_viz.nn.normalize import make_normalization
from cna_viz.nn.rational import Rational, make_activation
from cna_viz.nn.tap import Tap
from cna_viz.vocabulary import ACTIVATIONS, ASSIGNMENTS, NORMALIZATIONS, PRESETS


class CNA(nn.Module):
    r"""Cluster-Normalize-Activate (Skryagin et al., arXiv 2412.04064) and everything that can be made of its parts.

    C assigns every node to a cluster, N normalizes within each cluster, A applies one learned rational function per
    cluster. As the paper's text describes it (the default):

    .. math:: y_{ic} = R_{k(i)}\left(\frac{x_{ic} - \mu_{k(i)c}}{\sqrt{\sigma^2_{k(i)c} + \epsilon}}\right)

    A plain module without a graph: it fits between the layers of any network whose rows are nodes. All that is
    learned or remembered is in ``state_dict``; evaluation changes nothing; the input is never written to. float16 and
    bfloat16 inputs are computed in float32. On the CPU normalization and activation run in one fused pass
    (:mod:`cna_viz.nn.fused`); elsewhere, and where a hook watches one of them, the modules themselves run.

    Args:
        channels: Channels of the input; None to take them from the first training step.
        clusters: Number of clusters K, at most the number of nodes; 8 when left out.
        assignment: C: ``kmeans`` on the features; ``random``; ``labels`` (an oracle) and ``communities``, which need
            ``labels``; ``none``: all nodes in one cluster.
        normalization: N: over the nodes of each ``cluster``; over the channels of each ``node``; over all nodes
            (``batch``); ``none``.
        activation: A: ``rational``, one function per cluster; ``relu``; ``none``.
        metric: Distance of k-means, ``euclidean`` or ``cosine``.
        schedule: When k-means clusters anew, see :class:`~cna_viz.nn.assignment.KMeans`.
        recluster_every: Training calls between two clusterings of k-means.
        labels: Cluster of every node of the graph, for the assignments that do not look at features.
        compiled: Compile normalization and activation with ``torch.compile`` (for GPUs; takes 10 to 40 s once).

    Shapes:
        - input: ``[nodes, channels]``
        - output: ``[nodes, channels]``

    Raises:
        UsageError: For an unknown name, when labels are missing or superfluous, and when called with fewer nodes than
            clusters.
        NotFiniteError: When k-means is asked to cluster features with NaN or infinity.

    Example:
        >>> slot = CNA(64, clusters=8)
        >>> slot(torch.randn(100, 64)).shape
        torch.Size([100, 64])
    """

    def __init__(
        self,
        channels: int | None,
        clusters: int | None = None,
        *,
        assignment: str = "kmeans",
        normalization: str = "cluster",
        activation: str = "rational",
        metric: str = "euclidean",
        schedule: str = "warm",
        recluster_every: int = 20,
        labels: Tensor | None = None,
        compiled: bool = False,
    ) -> None:
        super().__init__()
        for kind, name, choices in (
            ("assignment", assignment, ASSIGNMENTS),
            ("normalization", normalization, NORMALIZATIONS),
            ("activation", activation, ACTIVATIONS),
        ):
            if name not in choices:
                raise unknown_name(kind, name, choices)
        if clusters is not None and clusters < 1:
            raise UsageError(f"CNA clusters = {clusters} is out of range: it must be at least 1")
        self.compiled = compiled
        self.assignment = make_assignment(
            assignment,
            channels,
            clusters,
            metric=metric,
            schedule=schedule,
            recluster_every=recluster_every,
            labels=labels,
        )
        self.clusters: int = self.assignment.clusters
        self.label_tap = Tap()
        self.normalization = make_normalization(normalization, self.clusters)
        self.activation = make_activation(activation, self.clusters)
        self._recipe = fused.Recipe(
            normalization={"cluster": "group", "batch": "group"}.get(normalization, normalization),
            activation=activation,
            groups=self.clusters if normalization == "cluster" else 1,
            eps=self.normalization.eps,
        )

    @classmethod
    def preset(
        cls,
        name: str,
        channels: int | None,
        clusters: int | None = None,
        *,
        recluster_every: int = 20,
        labels: Tensor | None = None,
    ) -> Self:
        """Return the module of a preset, such as ``cna``, ``na``, ``cna-random`` or ``cna-released``.

        A preset that shares its parts between layers (``cna-released``) is one object: use it at every layer, or make
        further ones with :meth:`sharing`.

        Raises:
            UsageError: When no preset has this name; lists those there are.
        """
        if name not in PRESETS:
            raise unknown_name("preset", name, PRESETS)
        factors = {factor: value for factor, value in PRESETS[name].items() if factor != "sharing"}
        return cls(channels, clusters, recluster_every=recluster_every, labels=labels, **factors)  # type: ignore[arg-type]

    def sharing(self) -> "CNA":
        """Return a module for another layer that has the same clusters, counter and rational functions, not copies."""
        other = CNA.__new__(CNA)
        nn.Module.__init__(other)
        other.compiled, other.clusters, other._recipe = self.compiled, self.clusters, self._recipe
        other.assignment, other.normalization, other.activation = self.assignment, self.normalization, self.activation
        other.label_tap = Tap()
        return other

    def forward(self, x: Tensor, nodes: Tensor | None = None) -> Tensor:
        """Return ``x`` clustered, normalized and activated.

        Args:
            x: Features, ``[nodes, channels]``.
            nodes: Which nodes of the graph the rows are, where they are not all (mini-batches).
        """
        features = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        labels = self.label_tap(self.assignment(features, nodes))
        return self._normalize_activate(features, labels).to(x.dtype)

    def _normalize_activate(self, x: Tensor, labels: Tensor) -> Tensor:
        watched = any(_has_hooks(part) for part in (self.normalization, self.activation))
        if self.compiled:
            y: Tensor = torch.compile(self._compose, dynamic=False)(x, labels)
        elif watched or not fused.supports(x):
            y = self._compose(x, labels)
        else:
            y = fused.normalize_activate(x, labels, self._coefficients(), self._recipe)
        return y

    def _compose(self, x: Tensor, labels: Tensor) -> Tensor:
        z = self.normalization(x, labels)
        y: Tensor = self.activation(z, labels) if isinstance(self.activation, Rational) else self.activation(z)
        return y

    def _coefficients(self) -> tuple[Tensor, Tensor] | None:
        rational = self.activation
        return (rational.numerator, rational.denominator) if isinstance(rational, Rational) else None


def _has_hooks(module: nn.Module) -> bool:
    return bool(
        module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks
    )
