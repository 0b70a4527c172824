"""The algorithm against loops, and where the answer is known."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from cna_viz.config.vocabulary import METRICS
from cna_viz.nn.kmeans import cluster_means, lloyd, membership, nearest, plus_plus, random_rows, update
from tests.nn.helpers import same_partition

Draw = Callable[..., Tensor]


def distance(row: list[float], centroid: list[float], metric: str) -> float:
    """Distance by plain arithmetic; a row of zeros has cosine distance one from everything."""
    if metric == "euclidean":
        return sum((a - b) ** 2 for a, b in zip(row, centroid, strict=True))
    lengths = [sum(a * a for a in vector) ** 0.5 for vector in (row, centroid)]
    return 1 - sum(a * b for a, b in zip(row, centroid, strict=True)) / (lengths[0] * lengths[1]) if all(lengths) else 1


def naive_nearest(x: Tensor, centroids: Tensor, metric: str) -> list[int]:
    rows, centers = x.tolist(), centroids.tolist()
    return [min(range(len(centers)), key=lambda k: distance(row, centers[k], metric)) for row in rows]


def naive_lloyd(x: Tensor, centroids: Tensor, steps: int, metric: str) -> tuple[Tensor, Tensor]:
    """Lloyd's steps with loops; empty clusters go to the nodes farthest from their own centroid, farthest first."""
    labels = naive_nearest(x, centroids, metric)
    for _ in range(steps):
        far = [distance(x[i].tolist(), centroids[label].tolist(), metric) for i, label in enumerate(labels)]
        farthest = sorted(range(len(x)), key=lambda i: -far[i])
        new = centroids.clone()
        for k in range(len(centroids)):
            members = [i for i, label in enumerate(labels) if label == k]
            new[k] = x[members].mean(dim=0) if members else x[farthest.pop(0)]
        centroids = new
        labels = naive_nearest(x, centroids, metric)
    return centroids, torch.tensor(labels)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("seed", range(10))
def test_lloyd_equals_loops(draw: Draw, seed: int, metric: str) -> None:
    for _ in range(seed):
        draw(1)
    x = draw(30, 3)
    start = draw(6, 3)
    start[4:] += 50  # with euclidean distances two clusters start empty
    start[5] = start[4] if metric == "cosine" else start[5]  # with cosine ties do the same
    for steps in (0, 1, 4, 30):
        centroids, labels = lloyd(x, start, steps, metric)
        wanted_centroids, wanted_labels = naive_lloyd(x, start, steps, metric)
        torch.testing.assert_close(centroids, wanted_centroids)
        assert torch.equal(labels, wanted_labels)


def test_lloyd_never_gets_worse(draw: Draw) -> None:
    x = draw(200, 4)
    start = x[:7]

    def cost(steps: int) -> float:
        centroids, labels = lloyd(x, start, steps)
        return float((x - centroids[labels]).square().sum())

    costs = [cost(steps) for steps in range(8)]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < costs[0]


def test_lloyd_may_stop_where_nothing_changes(draw: Draw) -> None:
    x = draw(60, 3)
    some, many = (lloyd(x, x[:4], steps) for steps in (60, 10_000_000))  # the latter would take hours
    assert torch.equal(some[0], many[0])
    assert torch.equal(some[1], many[1])


def test_empty_clusters_are_placed_on_the_farthest_nodes() -> None:
    x = torch.tensor([[0.0], [1.0], [10.0], [11.0]])
    start = torch.tensor([[0.0], [100.0], [200.0]])
    centroids, labels = lloyd(x, start, 1)
    assert centroids.flatten().tolist() == [5.5, 11, 10]
    assert labels.tolist() == [0, 0, 2, 1]


def test_empty_clusters_are_placed_on_the_most_different_directions() -> None:
    x = torch.tensor([[1.0, 0.0], [5.0, 0.1], [0.0, 1.0], [-0.1, 0.0]])
    labels, start = torch.zeros(4, dtype=torch.long), torch.tensor([[1.0, 0.0], [0.0, -1.0], [0.0, -1.0]])
    assert update(x, labels, start, "cosine")[1:].tolist() == [x[3].tolist(), x[2].tolist()]
    assert update(x, labels, start, "euclidean")[1:].tolist() == [x[1].tolist(), x[2].tolist()]


@pytest.mark.parametrize("metric", METRICS)
def test_nearest_is_the_smallest_distance(draw: Draw, metric: str) -> None:
    x, centroids = draw(100, 4), draw(9, 4)
    assert nearest(x, centroids, metric).tolist() == naive_nearest(x, centroids, metric)
    assert nearest(x, centroids).tolist() == naive_nearest(x, centroids, "euclidean")


def test_ties_go_to_the_lowest() -> None:
    centroids = torch.tensor([[5.0, 0], [1, 0], [-1, 0], [0, 1]])
    assert nearest(torch.zeros(3, 2), centroids).tolist() == [1, 1, 1]
    assert nearest(torch.tensor([[7.0, 0], [-7, 0], [1, 1]]), centroids, "cosine").tolist() == [0, 2, 0]


def test_rows_of_zeros_have_the_same_cosine_distance_from_everything() -> None:
    centroids = torch.tensor([[0.0, -2.0], [0.0, 0.0], [1.0, 1.0]])
    assert nearest(torch.zeros(2, 2), centroids, "cosine").tolist() == [0, 0]
    # A centroid of zeros is nearer than one that points away, and farther than one that points the same way.
    assert nearest(torch.tensor([[0.0, 3.0], [-1.0, 0.5]]), centroids, "cosine").tolist() == [2, 1]


def test_cosine_does_not_see_lengths(draw: Draw) -> None:
    x, centroids = draw(50, 4), draw(6, 4)
    lengths = torch.logspace(-6, 6, 50, dtype=torch.float64)[:, None]
    assert torch.equal(nearest(x * lengths, centroids, "cosine"), nearest(x, centroids, "cosine"))
    assert torch.equal(nearest(x, centroids * lengths[:6], "cosine"), nearest(x, centroids, "cosine"))


@pytest.mark.parametrize("metric", METRICS)
def test_nearest_goes_with_the_nodes(draw: Draw, metric: str) -> None:
    x, centroids, order = draw(50, 4), draw(6, 4), torch.randperm(50, generator=torch.Generator().manual_seed(1))
    assert torch.equal(nearest(x[order], centroids, metric), nearest(x, centroids, metric)[order])


def test_membership() -> None:
    members = membership(torch.tensor([2, 0, 2]), 4, torch.float64)
    assert members.dtype == torch.float64
    assert members.tolist() == [[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 0]]


def test_cluster_means() -> None:
    x = torch.tensor([[1.0, 5.0], [3.0, 1.0], [7.0, 7.0]])
    means, sizes = cluster_means(x, torch.tensor([2, 2, 0]), 4)
    assert means.tolist() == [[7, 7], [0, 0], [2, 3], [0, 0]]
    assert sizes.tolist() == [1, 0, 2, 0]


@pytest.mark.parametrize("start", [plus_plus, random_rows])
def test_starts_are_decided_by_their_seed_alone(draw: Draw, start: Callable[..., Tensor]) -> None:
    x = draw(40, 3)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = start(x, 5, 7)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(start(x, 5, 7), first)
    assert any(not torch.equal(start(x, 5, seed), first) for seed in range(5))
    rows = {tuple(row) for row in x.tolist()}
    assert {tuple(row) for row in first.tolist()} <= rows


@pytest.mark.parametrize("start", [plus_plus, random_rows])
def test_starts_choose_each_distinct_row_once(draw: Draw, start: Callable[..., Tensor]) -> None:
    x = draw(12, 2)
    for seed in range(20):
        assert {tuple(row) for row in start(x, 12, seed).tolist()} == {tuple(row) for row in x.tolist()}


def test_random_rows_are_equally_likely() -> None:
    x, trials = torch.arange(5.0)[:, None], 2000
    chosen = torch.cat([random_rows(x, 2, seed).flatten() for seed in range(trials)])
    assert (chosen.long().bincount() / trials).tolist() == pytest.approx([0.4] * 5, abs=0.04)


def test_plus_plus_goes_by_squared_distance() -> None:
    # First 0, 1 or 3 with a third each; then the others with 1 : 9, 1 : 4 and 9 : 4.
    x = torch.tensor([[0.0], [1.0], [3.0]], dtype=torch.float64)
    counts: dict[tuple[float, ...], int] = {}
    trials = 4000
    for seed in range(trials):
        pair = tuple(plus_plus(x, 2, seed).flatten().tolist())
        counts[pair] = counts.get(pair, 0) + 1
    wanted = {(0, 1): 1 / 30, (0, 3): 9 / 30, (1, 0): 1 / 15, (1, 3): 4 / 15, (3, 0): 9 / 39, (3, 1): 4 / 39}
    assert set(counts) == set(wanted)
    for pair, share in wanted.items():
        assert counts[pair] / trials == pytest.approx(share, abs=0.03)


def test_plus_plus_with_cosine_goes_by_direction() -> None:
    x = torch.tensor([[1.0, 0.0], [100.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    for seed in range(50):
        chosen = plus_plus(x, 2, seed, "cosine")
        assert sorted((chosen[:, 1] > 0).tolist()) == [False, True]  # never the two of one direction


def test_fewer_distinct_rows_than_clusters() -> None:
    x = torch.tensor([[1.0, 2.0]]).repeat(6, 1)
    x[3] = 5
    assert {tuple(row) for row in plus_plus(x, 4, 0).tolist()} == {(1, 2), (5, 5)}


@pytest.mark.parametrize("metric", METRICS)
def test_directions_are_found(metric: str) -> None:
    # Four rays: the same for cosine, while euclidean distances see how far out a node is.
    generator = torch.Generator().manual_seed(0)
    truth = torch.arange(80) % 4
    rays = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    x = rays[truth] * (0.1 + 10 * torch.rand(80, 1, generator=generator)) + 0.001 * torch.randn(
        80, 2, generator=generator
    )
    _, labels = lloyd(x, plus_plus(x, 4, 0, metric), 50, metric)
    assert same_partition(labels, truth) == (metric == "cosine")
