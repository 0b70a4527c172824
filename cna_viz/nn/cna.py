"""CNA: cluster, normalize, activate; each part can be exchanged or removed."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, Self

import torch
from torch import Tensor, nn

from cna_viz.config.vocabulary import ACTIVATIONS, ASSIGNMENTS, METRICS, NORMALIZATIONS, PRESETS, SCHEDULES
from cna_viz.errors import UsageError, unknown_name
from cna_viz.nn import fused
from cna_viz.nn.assignment import make_assignment, whole_number
from cna_viz.nn.compiled import OrderMemory
from cna_viz.nn.normalize import ClusterNorm, NodeNorm, NoNorm, make_normalization
from cna_viz.nn.rational import Rational, make_activation

# Names of the parts in the fused pass. Looked up by exact type: a subclass may compute something else.
_FUSED_NORMALIZATIONS: Final[dict[type, str]] = {ClusterNorm: "group", NodeNorm: "node", NoNorm: "none"}
_FUSED_ACTIVATIONS: Final[dict[type, str]] = {Rational: "rational", nn.ReLU: "relu", nn.Identity: "none"}
_NO_JIT: Final = (
    "torch.jit can't script or trace CNA, whose clusters change from step to step: run it without torch.jit"
)
_LOW_PRECISION: Final = frozenset({torch.float16, torch.bfloat16})


class Tap(nn.Identity):
    """Identity that marks a value worth seeing, such as the output of a convolution.

    :mod:`cna_viz.recording.taps` attaches to it from outside, so models never log, and cost nothing extra unrecorded.
    """


class CNA(nn.Module):
    r"""Cluster-Normalize-Activate (Skryagin et al., arXiv 2412.04064) and the combinations of its parts.

    C assigns every node to a cluster, N normalizes within each cluster, A applies one learned rational function per
    cluster. By default, as in the paper's text:

    .. math:: y_{ic} = R_{k(i)}\left(\frac{x_{ic} - \mu_{k(i)c}}{\sqrt{\sigma^2_{k(i)c} + \epsilon}}\right)

    It needs no graph and fits between the layers of any network whose rows are nodes. All state is in ``state_dict``;
    evaluation changes nothing; the input is never written to. float16 and bfloat16 inputs are computed in float32. On
    the CPU normalization and activation run in one fused pass (:mod:`cna_viz.nn.fused`); elsewhere, and if one of them
    has hooks, the modules themselves run.

    ``normalization`` and ``activation`` may be exchanged at any time. The first is called with features and labels, the
    second with features, and a :class:`~cna_viz.nn.rational.Rational` with labels as well.

    Args:
        channels: Channels of the input; None to take them from the first training step.
        clusters: Number of clusters K, at most the number of nodes; 8 by default, or the number in ``labels``.
        assignment: C: ``kmeans`` on the features; ``random``; ``labels`` (an oracle) and ``communities``, which need
            ``labels``; ``none``: all nodes in one cluster.
        normalization: N: over the nodes of each ``cluster``; over the channels of each ``node``; over all nodes
            (``batch``); ``none``.
        activation: A: ``rational``, one function per cluster; ``relu``; ``none``.
        metric: Distance of k-means, ``euclidean`` or ``cosine``.
        schedule: When and how k-means clusters again, see :class:`~cna_viz.nn.assignment.KMeans`.
        recluster_every: Training calls between two clusterings of k-means.
        labels: Cluster of every node of the graph, ``[nodes]``, for assignments that ignore features.
        compiled: Compile normalization and activation with ``torch.compile`` (for GPUs; takes 10 to 40 s once).

    Shapes:
        - input: ``[nodes, channels]``
        - output: ``[nodes, channels]``

    Raises:
        UsageError: For an unknown name, missing or superfluous labels; when called with another shape or type, with
            fewer nodes than clusters, or with another number of nodes than ``labels``; for torch.jit.
        NotFiniteError: When k-means clusters features with NaN or infinity. Without k-means, and between two
            clusterings, they make their channel NaN in their own cluster.

    Example:
        >>> slot = CNA(64, clusters=8)
        >>> slot(torch.randn(100, 64)).shape
        torch.Size([100, 64])
    """

    channels: int | None = None

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
            ("metric", metric, METRICS),
            ("schedule", schedule, SCHEDULES),
        ):
            if name not in choices:
                raise unknown_name(kind, name, choices)
        self.channels = channels if channels is None else whole_number("CNA channels", channels)
        clusters = clusters if clusters is None else whole_number("CNA clusters", clusters)
        self.compiled = compiled
        self.assignment = make_assignment(
            assignment,
            self.channels,
            clusters,
            distance=metric,
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

        Layers share the parts of ``cna-released``: use the same object at every layer, or :meth:`sharing`.

        Raises:
            UsageError: For an unknown preset; lists the presets.
        """
        if name not in PRESETS:
            raise unknown_name("preset", name, PRESETS)
        factors = {factor: value for factor, value in PRESETS[name].items() if factor != "sharing"}
        return cls(channels, clusters, recluster_every=recluster_every, labels=labels, **factors)  # type: ignore[arg-type]

    def sharing(self) -> "CNA":
        """Return a module for another layer with the same clusters, counter and rational functions, not copies."""
        other = CNA.__new__(CNA)
        nn.Module.__init__(other)
        # Only k-means, which is shared, needs the same channels.
        other.compiled, other.clusters, other.channels = self.compiled, self.clusters, None
        other.assignment, other.normalization, other.activation = self.assignment, self.normalization, self.activation
        other.label_tap, other._order = Tap(), OrderMemory()
        return other

    def forward(self, x: Tensor, nodes: Tensor | None = None) -> Tensor:
        """Return ``x`` clustered, normalized and activated.

        Args:
            x: Features, ``[nodes, channels]``.
            nodes: Numbers of the nodes in the graph, if the rows are not all nodes (mini-batches).
        """
        self._refuse(x)
        low = x.dtype in _LOW_PRECISION
        features = x.float() if low else x
        labels = self.label_tap(self.assignment(features, nodes))
        y = self._normalize_activate(features, labels)
        return y.to(x.dtype) if low else y

    def _refuse(self, x: Tensor) -> None:
        if torch._C._get_tracing_state() is not None:
            raise UsageError(_NO_JIT)
        if not isinstance(x, Tensor) or not x.is_floating_point():
            kind = x.dtype if isinstance(x, Tensor) else type(x).__name__
            raise UsageError(f"CNA input of type {kind} is not accepted: it must be a floating-point tensor")
        if x.dim() != 2 or self.channels not in (None, x.shape[1]):
            raise UsageError(
                f"CNA input of shape {list(x.shape)} is not accepted: it must be [nodes, {self.channels or 'channels'}]"
            )

    def __prepare_scriptable__(self) -> None:
        raise UsageError(_NO_JIT)

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
def _compiled_compose() -> Callable[..., Tensor]:
    # One function for all modules: a compiled method would belong to one module, even in a copy, and could not be
    # pickled. Not made at import: torch.compile takes seconds to load.
    return torch.compile(_compose, dynamic=False)


def _recipe(
    normalization: nn.Module, activation: nn.Module, coefficients: tuple[Tensor, Tensor] | None
) -> fused.Recipe | None:
    """Return the current computation of both parts; None if the fused pass does not know it."""
    n, a = _FUSED_NORMALIZATIONS.get(type(normalization)), _FUSED_ACTIVATIONS.get(type(activation))
    if n is None or a is None:
        return None
    groups = normalization.clusters if isinstance(normalization, ClusterNorm) else 1
    functions = groups if coefficients is None else len(coefficients[0])
    # Both must have the same clusters, unless all nodes are normalized together.
    return _make_recipe(n, a, groups, functions, normalization.eps) if groups in (1, functions) else None


# Called at every forward: a cached recipe takes a fraction of the time.
_make_recipe = lru_cache(fused.Recipe)


def _has_hooks(module: nn.Module) -> bool:
    return bool(
        module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks
    )
