"""CNA: cluster, normalize, activate; each part can be exchanged or taken away."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, Self

import torch
from torch import Tensor, nn

from cna_viz.config.vocabulary import ACTIVATIONS, ASSIGNMENTS, NORMALIZATIONS, PRESETS
from cna_viz.errors import UsageError, unknown_name
from cna_viz.nn import fused
from cna_viz.nn.assignment import make_assignment
from cna_viz.nn.normalize import ClusterNorm, NodeNorm, NoNorm, make_normalization
from cna_viz.nn.order import OrderMemory
from cna_viz.nn.rational import Rational, make_activation
from cna_viz.nn.tap import Tap

Compose = Callable[[nn.Module, nn.Module, Tensor, Tensor], Tensor]

# The fused pass's names of the parts it knows. Looked up by exact type: a subclass may compute something else.
_FUSED_NORMALIZATIONS: Final[dict[type, str]] = {ClusterNorm: "group", NodeNorm: "node", NoNorm: "none"}
_FUSED_ACTIVATIONS: Final[dict[type, str]] = {Rational: "rational", nn.ReLU: "relu", nn.Identity: "none"}
_LOW_PRECISION: Final = frozenset({torch.float16, torch.bfloat16})


class CNA(nn.Module):
    r"""Cluster-Normalize-Activate (Skryagin et al., arXiv 2412.04064) and everything that can be made of its parts.

    C assigns every node to a cluster, N normalizes within each cluster, A applies one learned rational function per
    cluster. As the paper's text describes it (the default):

    .. math:: y_{ic} = R_{k(i)}\left(\frac{x_{ic} - \mu_{k(i)c}}{\sqrt{\sigma^2_{k(i)c} + \epsilon}}\right)

    A plain module without a graph: it fits between the layers of any network whose rows are nodes. All that is
    learned or remembered is in ``state_dict``; evaluation changes nothing; the input is never written to. float16 and
    bfloat16 inputs are computed in float32. On the CPU normalization and activation run in one fused pass
    (:mod:`cna_viz.nn.fused`); elsewhere, and where a hook watches one of them, the modules themselves run.

    ``normalization`` and ``activation`` may be exchanged and changed at any time. The first is called with features and
    labels; the second with features, and with labels as well where it is a :class:`~cna_viz.nn.rational.Rational`.

    Args:
        channels: Channels of the input; None to take them from the first training step.
        clusters: Number of clusters K, at most the number of nodes; 8 when left out. Labels bring their own number.
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
        self._order = OrderMemory()

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
        other.compiled, other.clusters = self.compiled, self.clusters
        other.assignment, other.normalization, other.activation = self.assignment, self.normalization, self.activation
        other.label_tap, other._order = Tap(), OrderMemory()
        return other

    def forward(self, x: Tensor, nodes: Tensor | None = None) -> Tensor:
        """Return ``x`` clustered, normalized and activated.

        Args:
            x: Features, ``[nodes, channels]``.
            nodes: Which nodes of the graph the rows are, where they are not all (mini-batches).
        """
        low = x.dtype in _LOW_PRECISION
        features = x.float() if low else x
        labels = self.label_tap(self.assignment(features, nodes))
        y = self._normalize_activate(features, labels)
        return y.to(x.dtype) if low else y

    def _normalize_activate(self, x: Tensor, labels: Tensor) -> Tensor:
        normalization, activation = self.normalization, self.activation
        if _has_hooks(normalization) or _has_hooks(activation) or torch.compiler.is_compiling():
            return _compose(normalization, activation, x, labels)
        if self.compiled:
            return _compiled_compose()(normalization, activation, x, labels)
        coefficients = (activation.numerator, activation.denominator) if isinstance(activation, Rational) else None
        recipe = _recipe(normalization, activation, coefficients) if fused.supports(x) else None
        if recipe is None:
            return _compose(normalization, activation, x, labels)
        return fused.normalize_activate(x, labels, coefficients, recipe, self._order)


def _compose(normalization: nn.Module, activation: nn.Module, x: Tensor, labels: Tensor) -> Tensor:
    z = normalization(x, labels)
    y: Tensor = activation(z, labels) if isinstance(activation, Rational) else activation(z)
    return y


@lru_cache(maxsize=1)
def _compiled_compose() -> Compose:
    # One for all modules, which are its arguments: a compiled method would be tied to the module it was made from, also
    # in a copy of it, and could not be pickled. Not made at import: torch.compile takes seconds to load.
    compiled: Compose = torch.compile(_compose, dynamic=False)
    return compiled


def _recipe(
    normalization: nn.Module, activation: nn.Module, coefficients: tuple[Tensor, Tensor] | None
) -> fused.Recipe | None:
    """Return what the parts compute together as they are now; None where the fused pass does not know it."""
    n, a = _FUSED_NORMALIZATIONS.get(type(normalization)), _FUSED_ACTIVATIONS.get(type(activation))
    if n is None or a is None:
        return None
    groups = normalization.clusters if isinstance(normalization, ClusterNorm) else 1
    functions = groups if coefficients is None else len(coefficients[0])
    # Labels of both have to mean the same clusters, unless all nodes are normalized together.
    return _make_recipe(n, a, groups, functions, normalization.eps) if groups in (1, functions) else None


# Called at every forward: a recipe that is remembered takes a fraction of the time of one that is made anew.
_make_recipe = lru_cache(fused.Recipe)


def _has_hooks(module: nn.Module) -> bool:
    return bool(
        module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks
    )
