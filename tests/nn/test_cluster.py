"""K-means: exact where the answer is known, the same every time, and silent in evaluation mode."""

import io
from collections.abc import Callable
from copy import deepcopy

import pytest
import safetensors.torch
import torch
from torch import Tensor

from cna_viz.errors import UsageError
from cna_viz.nn.cluster import KMeans, lloyd, membership, nearest, plus_plus

Draw = Callable[..., Tensor]
Blobs = Callable[..., tuple[Tensor, Tensor]]


def same_partition(labels: Tensor, truth: Tensor) -> bool:
    """Whether two labelings are the same up to the names of the clusters."""
    return bool(((labels[:, None] == labels) == (truth[:, None] == truth)).all())


def state_of(module: torch.nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def assert_same_state(first: dict[str, Tensor], second: dict[str, Tensor]) -> None:
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert value.dtype == second[name].dtype, name
        assert torch.equal(value, second[name]), name


def naive_lloyd(x: Tensor, centroids: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Lloyd's steps with loops; empty clusters go to the nodes farthest from their own centroid, farthest first."""

    def assign() -> list[int]:
        return [min(range(len(centroids)), key=lambda k: float((row - centroids[k]).square().sum())) for row in x]

    labels = assign()
    for _ in range(steps):
        distance = [float((x[i] - centroids[label]).square().sum()) for i, label in enumerate(labels)]
        farthest = sorted(range(len(x)), key=lambda i: -distance[i])
        new = centroids.clone()
        for k in range(len(centroids)):
            members = [i for i, label in enumerate(labels) if label == k]
            new[k] = x[members].mean(dim=0) if members else x[farthest.pop(0)]
        centroids = new
        labels = assign()
    return centroids, torch.tensor(labels)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("clusters", [1, 2, 5])
def test_separated_blobs_are_found_exactly(blobs: Blobs, seed: int, clusters: int) -> None:
    x, truth = blobs(clusters, seed=seed)
    torch.manual_seed(seed)
    module = KMeans(5, clusters)
    labels = module(x)
    assert labels.dtype == torch.int64
    assert same_partition(labels, truth)
    for label in labels.unique():
        torch.testing.assert_close(module.centroids[label], x[labels == label].mean(dim=0))


@pytest.mark.parametrize("offset", [0, 1e3, 1e5])
def test_blobs_far_from_the_origin_are_found(blobs: Blobs, offset: float) -> None:
    # At 1e5 the squares are 1e10, and float32 resolves those to 1000: the squared distances between blobs are 200.
    x, truth = blobs(4)
    x = x / 10 + offset
    assert same_partition(KMeans(5, 4)(x), truth)


@pytest.mark.parametrize("seed", range(10))
def test_lloyd_equals_loops(draw: Draw, seed: int) -> None:
    for _ in range(seed):
        draw(1)
    x = draw(30, 3)
    start = draw(6, 3)
    start[4:] += 50  # two clusters start empty
    for steps in (0, 1, 4):
        centroids, labels = lloyd(x, start, steps)
        wanted_centroids, wanted_labels = naive_lloyd(x, start, steps)
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


def test_empty_clusters_are_placed_on_the_farthest_nodes() -> None:
    x = torch.tensor([[0.0], [1.0], [10.0], [11.0]])
    start = torch.tensor([[0.0], [100.0], [200.0]])
    centroids, labels = lloyd(x, start, 1)
    assert centroids.flatten().tolist() == [5.5, 11, 10]
    assert labels.tolist() == [0, 0, 2, 1]


def test_nearest_is_the_smallest_distance_and_ties_go_to_the_lowest(draw: Draw) -> None:
    x, centroids = draw(100, 4), draw(9, 4)
    assert torch.equal(nearest(x, centroids), torch.cdist(x, centroids).argmin(dim=1))
    assert nearest(torch.zeros(3, 2), torch.tensor([[5.0, 0], [1, 0], [-1, 0], [0, 1]])).tolist() == [1, 1, 1]


def test_nearest_goes_with_the_nodes(draw: Draw) -> None:
    x, centroids, order = draw(50, 4), draw(6, 4), torch.randperm(50, generator=torch.Generator().manual_seed(1))
    assert torch.equal(nearest(x[order], centroids), nearest(x, centroids)[order])


def test_membership() -> None:
    members = membership(torch.tensor([2, 0, 2]), 4, torch.float64)
    assert members.dtype == torch.float64
    assert members.tolist() == [[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 0]]


def test_plus_plus_is_decided_by_its_seed_alone(draw: Draw) -> None:
    x = draw(40, 3)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = plus_plus(x, 5, 7)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(plus_plus(x, 5, 7), first)
    assert any(not torch.equal(plus_plus(x, 5, seed), first) for seed in range(5))
    rows = {tuple(row) for row in x.tolist()}
    assert {tuple(row) for row in first.tolist()} <= rows


def test_plus_plus_chooses_each_distinct_row_once(draw: Draw) -> None:
    x = draw(12, 2)
    for seed in range(20):
        assert {tuple(row) for row in plus_plus(x, 12, seed).tolist()} == {tuple(row) for row in x.tolist()}


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


def test_fewer_distinct_rows_than_clusters() -> None:
    x = torch.tensor([[1.0, 2.0]]).repeat(6, 1)
    x[3] = 5
    assert {tuple(row) for row in plus_plus(x, 4, 0).tolist()} == {(1, 2), (5, 5)}


@pytest.mark.parametrize("value", [0.0, 1.0, 1e-30, 1e30, float("nan"), float("inf")])
def test_all_rows_alike_do_not_crash(value: float) -> None:
    labels = KMeans(3, 4)(torch.full((9, 3), value))
    assert labels.shape == (9,)
    assert 0 <= int(labels.min()) <= int(labels.max()) < 4


def test_as_many_clusters_as_nodes(draw: Draw) -> None:
    assert sorted(KMeans(3, 8)(draw(8, 3).float()).tolist()) == list(range(8))


def test_one_cluster(draw: Draw) -> None:
    module = KMeans(3, 1)
    x = draw(9, 3).float()
    assert module(x).tolist() == [0] * 9
    torch.testing.assert_close(module.centroids, x.mean(dim=0, keepdim=True))


def test_more_clusters_than_nodes_are_refused() -> None:
    module = KMeans(3, 5)
    message = "KMeans clusters = 5 is out of range: the input has 4 nodes, so it must be at most 4"
    for train in (True, False):
        with pytest.raises(UsageError, match=message):
            module.train(train)(torch.zeros(4, 3))
    assert int(module.count) == 0


@pytest.mark.parametrize("value", [0, -1])
@pytest.mark.parametrize("name", ["clusters", "recluster_every"])
def test_numbers_out_of_range_are_refused(name: str, value: int) -> None:
    with pytest.raises(UsageError, match=f"KMeans {name} = {value} is out of range: it must be at least 1"):
        KMeans(3, **{"clusters": 2, "recluster_every": 2, name: value})


def test_labels_are_held_between_clusterings(blobs: Blobs) -> None:
    x, truth = blobs(4)
    centers = torch.stack([x[truth == k].mean(dim=0) for k in range(4)])
    module = KMeans(5, 4, recluster_every=3)
    first = module(x)
    held = first
    for step in range(1, 10):
        moved = (truth + step) % 4  # every node is in another blob at every step
        labels = module(centers[moved] + (x - centers[truth]))
        if step % 3 == 0:
            assert same_partition(labels, moved)
            assert not torch.equal(labels, held)
            held = labels
        assert torch.equal(labels, held)
        assert int(module.count) == step + 1


def test_clustering_again_starts_from_the_last_centroids(blobs: Blobs) -> None:
    # From the centroids of before, a cluster keeps its name; from a new start it would get another one sooner or later.
    x, truth = blobs(5)
    x = x * (1 + truth[:, None]) + 1000  # all far from the origin, and not equally far
    module = KMeans(5, 5, recluster_every=1)
    first = module(x)
    for shift in range(20):
        x = x + shift % 3
        assert torch.equal(module(x), first)


def test_every_step_may_cluster(draw: Draw) -> None:
    module = KMeans(3, 4, recluster_every=1)
    for _ in range(4):
        x = draw(30, 3).float()
        labels = module(x)
        assert torch.equal(labels, module.labels)
        torch.testing.assert_close(nearest(x, module.centroids), labels)


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_evaluation_changes_nothing_and_repeats(draw: Draw, steps: int) -> None:
    module = KMeans(3, 4, recluster_every=2)
    for _ in range(steps):
        module(draw(20, 3).float())
    module.eval()
    before, random_state = state_of(module), torch.get_rng_state()
    for nodes in (20, 20, 33, 4):
        x = draw(nodes, 3).float()
        assert torch.equal(module(x), module(x))
    assert_same_state(before, state_of(module))
    assert torch.equal(torch.get_rng_state(), random_state)
    assert [name for name, value in vars(module).items() if isinstance(value, Tensor)] == []


def test_evaluation_before_training_is_what_training_starts_with(draw: Draw) -> None:
    x = draw(50, 3).float()
    for seed in range(5):
        torch.manual_seed(seed)
        module = KMeans(3, 6)
        untrained = module.eval()(x)
        assert torch.equal(module.train()(x), untrained)
        assert torch.equal(module.eval()(x), untrained)


@pytest.mark.parametrize("recluster_every", [1, 2, 3])
def test_evaluation_uses_the_labels_of_training(draw: Draw, recluster_every: int) -> None:
    module = KMeans(3, 4, recluster_every=recluster_every)
    for _ in range(4):  # also where the next training step clusters again
        labels = module.train()(draw(20, 3).float())
        assert torch.equal(module.eval()(draw(20, 3).float()), labels)


@pytest.mark.parametrize("train", [True, False])
def test_another_number_of_nodes_gets_the_nearest_centroids(blobs: Blobs, train: bool) -> None:
    x, _ = blobs(4)
    module = KMeans(5, 4)
    labels = module(x)
    before = state_of(module)
    module.train(train)
    assert torch.equal(module(torch.cat([x, x[:7]])), torch.cat([labels, labels[:7]]))
    assert torch.equal(module(x[:9]), labels[:9])
    assert torch.equal(module.labels, before["labels"])
    assert torch.equal(module.centroids, before["centroids"])


def test_another_number_of_nodes_far_from_the_origin(blobs: Blobs) -> None:
    x, _ = blobs(4)
    x = x / 10 + 1e5
    module = KMeans(5, 4)
    labels = module(x)
    assert torch.equal(module(torch.cat([x, x[:7]])), torch.cat([labels, labels[:7]]))


def test_seed_comes_from_the_global_state_once(draw: Draw) -> None:
    torch.manual_seed(3)
    first = KMeans(3, 4)
    torch.manual_seed(3)
    second = KMeans(3, 4)
    x, before = draw(60, 3).float(), torch.get_rng_state()
    assert torch.equal(first(x), second(x))
    assert torch.equal(torch.get_rng_state(), before)
    assert int(KMeans(3, 4).seed) != int(KMeans(3, 4).seed)


@pytest.mark.parametrize("steps", [0, 1, 3])
@pytest.mark.parametrize("format_", ["torch", "safetensors"])
def test_state_travels_bit_by_bit(draw: Draw, steps: int, format_: str) -> None:
    module = KMeans(3, 4, recluster_every=2)
    for _ in range(steps):
        module(draw(20, 3).float())
    if format_ == "torch":
        file = io.BytesIO()
        torch.save(module.state_dict(), file)
        file.seek(0)
        state = torch.load(file, weights_only=True)
    else:
        state = safetensors.torch.load(safetensors.torch.save(module.state_dict()))
    other = KMeans(3, 4, recluster_every=2)
    other.load_state_dict(state)
    assert_same_state(state_of(module), state_of(other))
    for train in (False, True):  # a reloaded module also goes on as this one does
        module.train(train)
        other.train(train)
        for _ in range(3):
            x = draw(20, 3).float()
            assert torch.equal(module(x), other(x))
    assert_same_state(state_of(module), state_of(other))


def test_state_of_another_number_of_nodes_replaces_labels(draw: Draw) -> None:
    small, large = KMeans(3, 2), KMeans(3, 2)
    small(draw(5, 3).float())
    large(draw(50, 3).float())
    state = small.state_dict()
    large.load_state_dict(state)
    assert torch.equal(large.labels, small.labels)
    kept = small.labels.clone()
    large.labels.add_(1)
    assert torch.equal(small.labels, kept)


def test_state_without_labels_is_refused() -> None:
    state = KMeans(3, 2).state_dict()
    del state["labels"]
    with pytest.raises(RuntimeError, match="labels"):
        KMeans(3, 2).load_state_dict(state)


def test_copies_share_nothing(draw: Draw) -> None:
    module = KMeans(3, 4, recluster_every=1)
    module(draw(20, 3).float())
    other, before = deepcopy(module), state_of(module)
    other(draw(20, 3).float())
    assert_same_state(before, state_of(module))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_input_is_not_written_to_and_no_gradient_flows(draw: Draw, dtype: torch.dtype) -> None:
    x = draw(20, 3).to(dtype).requires_grad_()
    before = x.detach().clone()
    module = KMeans(3, 4, recluster_every=1)
    for train in (True, True, False):
        labels = module.train(train)(x)
        assert not labels.requires_grad
    assert torch.equal(x, before)
    assert not list(module.parameters())
    assert not module.centroids.requires_grad


def test_returned_labels_are_the_tapped_ones(draw: Draw) -> None:
    module, heard = KMeans(3, 4), []
    module.label_tap.register_forward_hook(lambda tap, args, output: heard.append(output))
    labels = module(draw(20, 3).float())
    assert len(heard) == 1
    assert torch.equal(heard[0], labels)


def test_repr() -> None:
    assert repr(KMeans(3, 4, recluster_every=5)).startswith("KMeans(\n  3, clusters=4, recluster_every=5")
