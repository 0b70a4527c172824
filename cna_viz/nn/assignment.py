"""C: the cluster of every node, by k-means on its features, by a fixed partition, or at random."""

import math
import warnings
from numbers import Integral
from typing import Any

import torch
from torch import Tensor, nn

from cna_viz.config.vocabulary import METRICS, SCHEDULES
from cna_viz.errors import NotFiniteError, UsageError, shown, unknown_name
from cna_viz.nn import kmeans

STEPS = {"warm": 10, "released": 100, "running": 10}
"""Maximum number of Lloyd steps, by schedule; 100 is the limit of the library the released code uses."""


class KMeans(nn.Module):
    r"""Assign nodes to clusters by k-means, repeated every few training steps.

    Minimizes :math:`\sum_i \|x_i - \mu_{c(i)}\|^2` over assignments c and centroids μ by Lloyd steps. No gradient flows
    through the assignment. Evaluation uses the stored clusters and changes nothing; before the first training step it
    returns the clusters that step would find.

    Schedules:
        - ``warm``: k-means++ at the first step, later from the current means of the clusters, so that most nodes keep
          their cluster. Labels stay fixed between clusterings: changing them in every step makes the loss jump.
        - ``released``: as in the released code of CNA. Every clustering starts from random rows; in every call, also in
          evaluation, a node belongs to the nearest centroid. Clusters are found in calls 1, R, 2R, ... for
          ``recluster_every`` R. That code counts calls in evaluation, too: :mod:`cna_viz.training.released` makes them.
        - ``running``: for mini-batches. k-means++ on the first batch; every further batch moves the centroids by its
          share of all nodes seen (Sculley, *Web-scale k-means clustering*, 2010); a node belongs to the nearest one.

    Args:
        channels: Channels of the input; None to take them from the first training step or from a loaded state.
        clusters: Number of clusters K, at most the number of nodes.
        distance: ``euclidean`` or ``cosine``, see :mod:`~cna_viz.nn.kmeans`.
        schedule: ``warm``, ``released`` or ``running``.
        recluster_every: Training calls between two clusterings, 20 as in the released code.

    Shapes:
        - input: ``[nodes, channels]``
        - output: labels, int64, ``[nodes]``, each in ``0 .. K-1``

    Attributes:
        centroids: Centroids of the last clustering, ``[K, channels]``.
        labels: Labels of the last clustering, ``[nodes]``; empty for schedules with the nearest centroid. An input with
            another number of nodes is another graph: its nodes get the nearest centroid.
        count: Training calls seen.

    Raises:
        UsageError: For arguments out of range, and when called with fewer nodes than clusters.
        NotFiniteError: When features with NaN or infinity are clustered or compared with centroids (on a GPU only the
            first time: checking makes it wait). Stored labels don't depend on the features.
    """

    centroids: Tensor
    labels: Tensor
    weight: Tensor
    count: Tensor
    seed: Tensor

    def __init__(
        self,
        channels: int | None,
        clusters: int,
        *,
        distance: str = "euclidean",
        schedule: str = "warm",
        recluster_every: int = 20,
    ) -> None:
        super().__init__()
        clusters = whole_number("KMeans clusters", clusters)
        recluster_every = whole_number("KMeans recluster_every", recluster_every)
        if distance not in METRICS:
            raise unknown_name("distance", distance, METRICS)
        if schedule not in SCHEDULES:
            raise unknown_name("schedule", schedule, SCHEDULES)
        self.channels, self.clusters, self.recluster_every = channels, clusters, recluster_every
        self.distance, self.schedule = distance, schedule
        self.register_buffer("centroids", torch.zeros(clusters, channels or 0))
        self.register_buffer("labels", torch.zeros(0, dtype=torch.long))
        self.register_buffer("weight", torch.zeros(clusters))
        self.register_buffer("count", torch.tensor(0))
        # Part of the state, so that a reloaded module starts as this one would have.
        self.register_buffer("seed", torch.randint(2**31, ()))
        # Copies that Python can read without making a GPU wait.
        self._count, self._seed = 0, int(self.seed)

    def forward(self, x: Tensor, nodes: Tensor | None = None) -> Tensor:
        """Return the cluster of every node; in training mode store it and count the call. ``nodes`` is not used."""
        training, seen = self.training, self._count
        self._refuse_channels(x)
        moves = training and seen > 0 and self.schedule == "running"
        if x.shape[0] < self.clusters and not moves and (training or seen == 0):
            raise UsageError(
                f"KMeans clusters = {self.clusters} is out of range: the input has {x.shape[0]} nodes, "
                f"so it must be at most {x.shape[0]}"
            )
        if moves:
            labels = self._move(x)
        elif seen == 0 or (training and self.clusters_within(1)):
            labels = self._cluster(x)
        else:
            labels = self.labels if len(self.labels) == len(x) else self._nearest(x)
        if training:
            self.skip(1)
        return labels

    def clusters_within(self, calls: int) -> bool:
        """Whether one of the next training calls finds new clusters."""
        first = self._count + (self.schedule == "released")
        return self._count == 0 or -first % self.recluster_every < calls

    @property
    def calls(self) -> int:
        """Training calls seen, without making a GPU wait."""
        return self._count

    def skip(self, calls: int) -> None:
        """Count training calls without making them."""
        self._count += calls
        self.count.fill_(self._count)

    @torch.no_grad()
    def _cluster(self, x: Tensor) -> Tensor:
        self._refuse_not_finite(x)
        origin = self._origin(x)
        x = x - origin
        if self.schedule == "released":
            start = kmeans.random_rows(x, self.clusters, self._seed + self._count)
        elif self._count == 0:
            start = kmeans.plus_plus(x, self.clusters, self._seed, self.distance)
        elif len(self.labels) == len(x):
            start = kmeans.update(x, self.labels, self.centroids.to(x.dtype) - origin, self.distance)
        else:
            start = self.centroids.to(x.dtype) - origin
        centroids, labels = kmeans.lloyd(x, start, STEPS[self.schedule], self.distance)
        if self.training:
            if self.centroids.shape != centroids.shape:
                self.centroids = self.centroids.new_empty(centroids.shape)
            self.centroids.copy_(centroids + origin)
            if self.schedule == "warm":
                self.labels = labels
            elif self.schedule == "running":
                self.weight.copy_(kmeans.cluster_means(x, labels, self.clusters)[1])
        return labels

    @torch.no_grad()
    def _move(self, x: Tensor) -> Tensor:
        """Move the centroids by a mini-batch, which may be small, and return its labels."""
        labels = self._nearest(x)
        means, sizes = kmeans.cluster_means(x, labels, self.clusters)
        # Features drift while the network learns: old batches count less and less.
        self.weight.mul_(0.99).add_(sizes)
        share = (sizes / self.weight.clamp(min=1))[:, None]
        self.centroids.add_(share.to(self.centroids.dtype) * (means.to(self.centroids.dtype) - self.centroids))
        return labels

    @torch.no_grad()
    def _nearest(self, x: Tensor) -> Tensor:
        self._refuse_not_finite(x)  # one such row would shift the origin of all
        origin = self._origin(x)
        return kmeans.nearest(x - origin, self.centroids.to(x.dtype) - origin, self.distance)

    def _origin(self, x: Tensor) -> Tensor:
        # Distances of nearly equal rows cancel in float32 unless measured from the mean.
        return x.mean(dim=0) if self.distance == "euclidean" else x.new_zeros(())

    def _refuse_channels(self, x: Tensor) -> None:
        channels = self.channels or self.centroids.shape[1]  # 0 before the first step
        if channels not in (0, x.shape[1]):
            raise UsageError(f"KMeans input has {x.shape[1]} channels, but its centroids have {channels}")

    def _refuse_not_finite(self, x: Tensor) -> None:
        # A finite sum is a check in a tenth of the time; it can overflow, so an infinite one proves nothing.
        if (x.device.type == "cpu" or self._count == 0) and not math.isfinite(x.sum()):
            bad = int((~torch.isfinite(x)).any(dim=1).sum())
            if bad:
                raise NotFiniteError(
                    f"KMeans input has NaN or infinity in {bad} of {x.shape[0]} rows: clusters need finite features; "
                    "check the data, lower the learning rate, or normalize between the layers"
                )

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any, **kwargs: Any) -> None:
        # The number of labels depends on the training graph; torch reports any other mismatch.
        labels = state_dict.get(f"{prefix}labels")
        if labels is not None and labels.shape != self.labels.shape:
            self.labels = self.labels.new_empty(labels.shape)
        self._agree_on_channels(state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
        self._count, self._seed = int(self.count), int(self.seed)

    def _agree_on_channels(self, state_dict: dict[str, Any], prefix: str) -> None:
        """Resize centroids if this module, or the stored one, takes its channels from the first step."""
        stored, count = (state_dict.get(f"{prefix}{name}") for name in ("centroids", "count"))
        if stored is None or stored.dim() != 2 or len(stored) != self.clusters:
            return
        if self.channels is None:
            if stored.shape != self.centroids.shape:
                self.centroids = self.centroids.new_empty(stored.shape)
        elif stored.shape[1] == 0 and count is not None and int(count) == 0:
            # The stored module saw no step and has no centroids yet. The dictionary is torch's copy.
            state_dict[f"{prefix}centroids"] = torch.zeros_like(self.centroids)

    def extra_repr(self) -> str:
        """Describe the module in ``print(model)``."""
        return (
            f"{self.centroids.shape[1]}, clusters={self.clusters}, distance={self.distance}, schedule={self.schedule}, "
            f"recluster_every={self.recluster_every}"
        )


class Partition(nn.Module):
    """Assign nodes to given clusters that never change: class labels, communities, or a random partition.

    Args:
        labels: Cluster of every node of the graph, int64, ``[nodes]``, each in ``0 .. K-1``.

    Raises:
        UsageError: For other labels, and for an input with another number of nodes without their numbers.
    """

    labels: Tensor

    def __init__(self, labels: Tensor) -> None:
        super().__init__()
        if not isinstance(labels, Tensor):
            raise UsageError(f"labels of type {type(labels).__name__} are not accepted: pass torch.as_tensor(labels)")
        if labels.dim() != 1 or labels.is_floating_point() or labels.numel() == 0 or int(labels.min()) < 0:
            raise UsageError(
                f"Partition labels of shape {tuple(labels.shape)} and type {labels.dtype} are not accepted: "
                "they must be one integer of at least 0 for every node"
            )
        self.register_buffer("labels", labels.long())
        self.clusters = int(labels.max()) + 1

    def forward(self, x: Tensor, nodes: Tensor | None = None) -> Tensor:
        """Return the cluster of every row; ``nodes`` are their numbers if they are not all nodes."""
        if nodes is not None:
            if len(nodes) != len(x):
                raise UsageError(f"the input has {len(x)} nodes, but nodes has {len(nodes)}: pass one for every row")
            return self.labels.index_select(0, nodes)
        if len(x) != len(self.labels):
            raise UsageError(
                f"the input has {len(x)} nodes, but the partition has a cluster for each of {len(self.labels)} nodes: "
                "pass the nodes' numbers, or make a module for this graph"
            )
        return self.labels

    def extra_repr(self) -> str:
        """Describe the module in ``print(model)``."""
        return f"nodes={len(self.labels)}, clusters={self.clusters}"


class RandomPartition(nn.Module):
    """Assign nodes to equally large clusters at random, once per number of nodes: the control of k-means.

    Args:
        clusters: Number of clusters K.
    """

    seed: Tensor

    def __init__(self, clusters: int) -> None:
        super().__init__()
        self.clusters = whole_number("RandomPartition clusters", clusters)
        self.register_buffer("seed", torch.randint(2**31, ()))
        # Cached, as it follows from the seed.
        self._seed, self._labels = int(self.seed), torch.zeros(0, dtype=torch.long)

    def forward(self, x: Tensor, nodes: Tensor | None = None) -> Tensor:
        """Return the cluster of every node, determined by the seed and the number of nodes."""
        if nodes is not None:
            raise UsageError(
                "RandomPartition can't label some of the nodes of a graph: make the labels of all nodes with "
                "random_partition() and pass them as labels"
            )
        if self._labels.shape[0] != len(x) or self._labels.device != x.device:
            self._labels = random_partition(len(x), self.clusters, self._seed).to(x.device)
        return self._labels

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        self._seed, self._labels = int(self.seed), self._labels[:0]

    def extra_repr(self) -> str:
        """Describe the module in ``print(model)``."""
        return f"clusters={self.clusters}"


def random_partition(nodes: int, clusters: int, seed: int) -> Tensor:
    """Return a random cluster for every node, ``[nodes]``; cluster sizes differ by at most one."""
    return torch.randperm(nodes, generator=torch.Generator().manual_seed(seed)) % clusters


class Whole(nn.Module):
    """Put all nodes into one cluster: the ablation of C."""

    clusters = 1

    def forward(self, x: Tensor, nodes: Tensor | None = None) -> Tensor:
        """Return zero for every node."""
        return torch.zeros(len(x), dtype=torch.long, device=x.device)


def whole_number(name: str, value: object) -> int:
    """Return ``value``, an integer of at least 1, also one of NumPy; ``name`` is for the error."""
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise UsageError(f"{name} = {shown(value)} is not accepted: it must be an integer of at least 1")
    if value < 1:
        raise UsageError(f"{name} = {shown(value)} is out of range: it must be at least 1")
    return int(value)


def make_assignment(
    assignment: str,
    channels: int | None,
    clusters: int | None,
    *,
    distance: str,
    schedule: str,
    recluster_every: int,
    labels: Tensor | None,
) -> KMeans | Partition | RandomPartition | Whole:
    """Return the module of an assignment by name; see :class:`~cna_viz.nn.cna.CNA` for the arguments."""
    if labels is not None and assignment in {"kmeans", "none"}:
        raise UsageError(
            f"labels don't go with assignment {assignment!r}: only random, labels and communities use them"
        )
    if labels is not None:
        partition = Partition(labels)
        if clusters not in (None, partition.clusters):
            _warn_unused(clusters, assignment, f"the labels have {partition.clusters} clusters, which are used")
        return partition
    if assignment == "kmeans":
        return KMeans(channels, clusters or 8, distance=distance, schedule=schedule, recluster_every=recluster_every)
    if assignment == "random":
        return RandomPartition(clusters or 8)
    if assignment == "none":
        if clusters not in (None, 1):
            _warn_unused(clusters, assignment, "all nodes are in one cluster")
        return Whole()
    raise UsageError(
        f"assignment {assignment!r} needs labels: pass the cluster of every node as labels=, "
        "for communities those of cna_viz.nn.communities.louvain(edge_index, num_nodes, clusters)"
    )


def _warn_unused(clusters: int | None, assignment: str, reason: str) -> None:
    # Points to the user's call, above make_assignment and CNA.__init__.
    warnings.warn(f"clusters = {clusters} has no effect with assignment {assignment!r}: {reason}", stacklevel=4)
