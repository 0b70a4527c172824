"""C: found where it can be known, held where it should be, the same after a reload, and silent in evaluation."""

import re
from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from cna_viz.config.vocabulary import METRICS, SCHEDULES
from cna_viz.errors import NotFiniteError, UsageError
from cna_viz.nn.assignment import STEPS, KMeans, Partition, RandomPartition, Whole, make_assignment, random_partition
from cna_viz.nn.kmeans import cluster_means, lloyd, nearest, random_rows
from tests.nn.helpers import FORMATS, assert_same_state, same_partition, state_of, stored

Draw = Callable[..., Tensor]
Blobs = Callable[..., tuple[Tensor, Tensor]]


def make(assignment: str, clusters: int | None = None, labels: Tensor | None = None) -> nn.Module:
    return make_assignment(
        assignment, 3, clusters, distance="cosine", schedule="released", recluster_every=7, labels=labels
    )


# K-means, all schedules


def test_every_schedule_has_its_number_of_steps() -> None:
    assert set(STEPS) == set(SCHEDULES)


@pytest.mark.sampled(strength=1)
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


@pytest.mark.parametrize("schedule", ["warm", "running"])
@pytest.mark.parametrize("distance", METRICS)
def test_separated_blobs_are_found_by_every_distance(blobs: Blobs, distance: str, schedule: str) -> None:
    for seed in range(10):
        x, truth = blobs(5, seed=seed)  # along the axes: far apart in distance and in direction
        module = KMeans(5, 5, distance=distance, schedule=schedule)
        assert same_partition(module(x), truth)
        assert same_partition(module.eval()(x), truth)


@pytest.mark.parametrize("offset", [0, 1e3, 1e5])
def test_blobs_far_from_the_origin_are_found(blobs: Blobs, offset: float) -> None:
    # At 1e5 the squares are 1e10, and float32 resolves those to 1000: the squared distances between blobs are 200.
    x, truth = blobs(4)
    x = x / 10 + offset
    assert same_partition(KMeans(5, 4)(x), truth)


@pytest.mark.sampled
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("distance", METRICS)
@pytest.mark.parametrize("value", [0.0, 1.0, 1e-30, 1e30])
def test_all_rows_alike_do_not_crash(value: float, distance: str, schedule: str) -> None:
    module = KMeans(3, 4, distance=distance, schedule=schedule, recluster_every=2)
    for _ in range(4):
        labels = module(torch.full((9, 3), value))
        assert labels.shape == (9,)
        assert 0 <= int(labels.min()) <= int(labels.max()) < 4
    assert bool(module.centroids.isfinite().all())


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_as_many_clusters_as_nodes(draw: Draw, schedule: str) -> None:
    module, x = KMeans(3, 8, schedule=schedule, recluster_every=1), draw(8, 3).float()
    for _ in range(3):
        assert sorted(module(x).tolist()) == list(range(8))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_one_cluster(draw: Draw, schedule: str) -> None:
    module = KMeans(3, 1, schedule=schedule)
    x = draw(9, 3).float()
    assert module(x).tolist() == [0] * 9
    torch.testing.assert_close(module.centroids, x.mean(dim=0, keepdim=True))


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("nodes", [0, 1, 4])
def test_more_clusters_than_nodes_are_refused(schedule: str, nodes: int) -> None:
    module = KMeans(3, 5, schedule=schedule)
    message = f"KMeans clusters = 5 is out of range: the input has {nodes} nodes, so it must be at most {nodes}"
    for train in (True, False):
        with pytest.raises(UsageError) as caught:
            module.train(train)(torch.zeros(nodes, 3))
        assert str(caught.value) == message
    assert int(module.count) == 0


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_after_training_few_nodes_get_the_nearest_centroids(blobs: Blobs, schedule: str) -> None:
    x, _ = blobs(5)
    module = KMeans(5, 5, schedule=schedule)
    labels = module(x)
    module.eval()
    for nodes in (0, 1, 3):
        assert torch.equal(module(x[:nodes]), labels[:nodes])


@pytest.mark.parametrize("schedule", ["warm", "released"])
def test_in_training_few_nodes_are_refused_at_every_step(blobs: Blobs, schedule: str) -> None:
    x, _ = blobs(5)
    module = KMeans(5, 5, schedule=schedule, recluster_every=2)
    for step in range(3):
        module(x)
        with pytest.raises(UsageError, match="the input has 4 nodes, so it must be at most 4"):
            module(x[:4])
        assert int(module.count) == step + 1


@pytest.mark.parametrize("value", [0, -1])
@pytest.mark.parametrize("name", ["clusters", "recluster_every"])
def test_numbers_out_of_range_are_refused(name: str, value: int) -> None:
    with pytest.raises(UsageError, match=f"KMeans {name} = {value} is out of range: it must be at least 1"):
        KMeans(3, **{"clusters": 2, "recluster_every": 2, name: value})


@pytest.mark.parametrize("name", ["distance", "schedule"])
def test_unknown_names_are_refused(name: str) -> None:
    nearest_one = {"distance": "cosine", "schedule": "warm"}[name]
    with pytest.raises(UsageError, match=f"unknown {name} '{nearest_one}x'; choices, nearest first: {nearest_one}, "):
        KMeans(3, 2, **{name: f"{nearest_one}x"})  # type: ignore[arg-type]


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_not_finite_features_are_refused_at_every_clustering(draw: Draw, value: float, schedule: str) -> None:
    module, x = KMeans(3, 4, schedule=schedule, recluster_every=2), draw(20, 3).float()
    bad = x.clone()
    bad[3, 1] = bad[7, 0] = bad[7, 2] = value
    message = (
        "KMeans input has NaN or infinity in 2 of 20 rows: clusters need finite features; "
        "check the data, lower the learning rate, or normalize between the layers"
    )
    for train in (True, False):
        with pytest.raises(NotFiniteError) as caught:
            module.train(train)(bad)
        assert str(caught.value) == message
    module.train()(x)
    module(x)
    before = state_of(module)
    with pytest.raises(NotFiniteError, match="in 2 of 20 rows"):
        module(bad)
    assert_same_state(before, state_of(module))  # nothing of it is kept: the next step may be a better one
    assert module(x).shape == (20,)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_evaluation_changes_nothing_and_repeats(draw: Draw, steps: int, schedule: str) -> None:
    module = KMeans(3, 4, schedule=schedule, recluster_every=2)
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


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("distance", METRICS)
def test_evaluation_before_training_is_what_training_starts_with(draw: Draw, distance: str, schedule: str) -> None:
    x = draw(50, 3).float()
    for seed in range(5):
        torch.manual_seed(seed)
        module = KMeans(3, 6, distance=distance, schedule=schedule)
        untrained = module.eval()(x)
        assert torch.equal(module.train()(x), untrained)
        assert torch.equal(module.eval()(x), untrained)


def test_seed_comes_from_the_global_state_once(draw: Draw) -> None:
    torch.manual_seed(3)
    first = KMeans(3, 4)
    torch.manual_seed(3)
    second = KMeans(3, 4)
    x, before = draw(60, 3).float(), torch.get_rng_state()
    assert torch.equal(first(x), second(x))
    assert torch.equal(torch.get_rng_state(), before)
    assert int(KMeans(3, 4).seed) != int(KMeans(3, 4).seed)


@pytest.mark.sampled
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("steps", [0, 1, 3])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("channels", [3, None])
def test_state_travels_bit_by_bit(draw: Draw, channels: int | None, form: str, steps: int, schedule: str) -> None:
    def new() -> KMeans:
        return KMeans(channels, 4, schedule=schedule, recluster_every=3)

    module, other = new(), new()
    for _ in range(steps):
        module(draw(20, 3).float())
    other.load_state_dict(stored(module, form))
    assert_same_state(state_of(module), state_of(other))
    assert int(module.count) == steps
    for train in (False, True):  # a reloaded module also goes on as this one does, past the next clustering
        module.train(train)
        other.train(train)
        for _ in range(7):
            x = draw(20, 3).float()
            assert torch.equal(module(x), other(x))
    assert_same_state(state_of(module), state_of(other))


def test_counter_counts_training_calls_and_is_what_decides(blobs: Blobs) -> None:
    x, _ = blobs(4)
    module = KMeans(5, 4, recluster_every=3)
    for step in range(5):
        module.train()(x)
        module.eval()(x)
        assert int(module.count) == step + 1
    moved = x.roll(1, 0)
    loaded = KMeans(5, 4, recluster_every=3)
    loaded.load_state_dict(module.state_dict())
    for one in (module, loaded):
        held = one.labels.clone()
        assert torch.equal(one.train()(moved), held)  # the sixth call
        assert not torch.equal(one(moved), held)  # the seventh


def test_channels_may_come_from_the_first_step(draw: Draw) -> None:
    x = draw(20, 3).float()
    torch.manual_seed(0)
    known = KMeans(3, 4)
    torch.manual_seed(0)
    lazy = KMeans(None, 4)
    assert torch.equal(lazy.eval()(x), known.eval()(x))
    assert lazy.centroids.shape == (4, 0)  # evaluation keeps nothing
    assert torch.equal(lazy.train()(x), known.train()(x))
    assert_same_state(state_of(known), state_of(lazy))


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


@pytest.mark.sampled
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("before", [0, 3])
@pytest.mark.parametrize(("channels", "stored_channels"), [(None, None), (None, 3), (3, None)])
def test_an_untrained_state_makes_a_module_untrained(
    draw: Draw, channels: int | None, stored_channels: int | None, before: int, schedule: str, form: str
) -> None:
    untrained, module = (KMeans(each, 4, schedule=schedule) for each in (stored_channels, channels))
    for _ in range(before):
        module(draw(20, 3).float())
    state = stored(untrained, form)
    kept = {name: value.clone() for name, value in state.items()}
    module.load_state_dict(state)
    assert_same_state(state, kept)
    assert int(module.count) == 0
    assert module.centroids.shape == (4, 3 if channels else stored_channels or 0)
    assert not module.centroids.any()
    for x in (draw(20, 3).float(), draw(20, 3).float()):
        assert torch.equal(module(x), untrained(x))
    assert_same_state(state_of(module), state_of(untrained))


@pytest.mark.parametrize("before", [0, 2, 5])
def test_a_module_without_channels_takes_those_of_the_state(draw: Draw, before: int) -> None:
    trained, module, x = KMeans(3, 4), KMeans(None, 4), draw(20, 3).float()
    trained(x)
    if before:
        module(draw(9, before).float())
    module.load_state_dict(trained.state_dict())
    assert_same_state(state_of(module), state_of(trained))
    assert torch.equal(module.eval()(x[:7]), trained.eval()(x[:7]))


def test_state_that_does_not_fit_is_refused(draw: Draw) -> None:
    state = KMeans(3, 2).state_dict()
    del state["labels"]
    with pytest.raises(RuntimeError, match="labels"):
        KMeans(3, 2).load_state_dict(state)
    with pytest.raises(RuntimeError, match="size mismatch for centroids"):
        KMeans(4, 2).load_state_dict(KMeans(3, 2).state_dict())
    trained = KMeans(None, 3)
    trained(draw(9, 3).float())
    with pytest.raises(RuntimeError, match="size mismatch for weight"):
        KMeans(None, 2).load_state_dict(trained.state_dict())


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_copies_share_nothing_and_go_on_alike(draw: Draw, schedule: str) -> None:
    module = KMeans(3, 4, schedule=schedule, recluster_every=2)
    module(draw(20, 3).float())
    other, before = deepcopy(module), state_of(module)
    batches = [draw(20, 3).float() for _ in range(5)]
    labels = [other(x) for x in batches]
    assert_same_state(before, state_of(module))
    for x, wanted in zip(batches, labels, strict=True):
        assert torch.equal(module(x), wanted)
    assert_same_state(state_of(other), state_of(module))


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_input_is_not_written_to_and_no_gradient_flows(draw: Draw, dtype: torch.dtype, schedule: str) -> None:
    x = draw(20, 3).to(dtype).requires_grad_()
    before = x.detach().clone()
    module = KMeans(3, 4, schedule=schedule, recluster_every=1)
    for train in (True, True, False):
        labels = module.train(train)(x)
        assert not labels.requires_grad
    assert torch.equal(x, before)
    assert not list(module.parameters())
    assert not module.centroids.requires_grad
    assert module.centroids.dtype == torch.float32


def test_repr() -> None:
    assert repr(KMeans(3, 4, distance="cosine", schedule="released", recluster_every=5)) == (
        "KMeans(3, clusters=4, distance=cosine, schedule=released, recluster_every=5)"
    )


# The schedule warm


def test_labels_are_held_between_clusterings(blobs: Blobs) -> None:
    x, truth = blobs(4)
    centers = torch.stack([x[truth == k].mean(dim=0) for k in range(4)])
    module = KMeans(5, 4, recluster_every=3)
    first = module(x)
    held = first
    for step in range(1, 10):
        moved = truth.roll(step)  # every node is in another blob at every step
        labels = module(centers[moved] + (x - centers[truth]))
        if step % 3 == 0:
            assert same_partition(labels, moved)
            assert not torch.equal(labels, held)
            held = labels
        assert torch.equal(labels, held)
        assert int(module.count) == step + 1


def test_clusters_keep_their_names_where_the_features_drift(blobs: Blobs) -> None:
    # From where the held labels are now. The centroids of before are far from all of that and not equally far.
    x, truth = blobs(5)
    x = x * (1 + truth[:, None]) + 1000
    module = KMeans(5, 5, recluster_every=1)
    first = module(x)
    for turn in range(20):
        x = -2 * x.roll(1, 1) + turn  # the network turned the space round
        x = x / x.std()
        assert torch.equal(module(x), first)
    for label in first.unique():
        torch.testing.assert_close(module.centroids[label], x[first == label].mean(dim=0))


def test_warm_start_is_the_means_of_the_held_labels(draw: Draw) -> None:
    module = KMeans(3, 4, recluster_every=2)
    for _ in range(2):
        module(draw(40, 3).float())
    held, x = module.labels.clone(), draw(40, 3).float()
    centroids, labels = lloyd(x, cluster_means(x, held, 4)[0], STEPS["warm"])
    assert torch.equal(module(x), labels)
    torch.testing.assert_close(module.centroids, centroids)


def test_on_another_graph_warm_starts_from_the_centroids(draw: Draw) -> None:
    module = KMeans(3, 4, recluster_every=1)
    module(draw(40, 3).float())
    before, x = module.centroids.clone(), draw(60, 3).float()
    centroids, labels = lloyd(x, before, STEPS["warm"])
    assert torch.equal(module(x), labels)
    torch.testing.assert_close(module.centroids, centroids)
    assert torch.equal(module.labels, labels)


def test_every_step_may_cluster(draw: Draw) -> None:
    module = KMeans(3, 4, recluster_every=1)
    for _ in range(4):
        x = draw(30, 3).float()
        labels = module(x)
        assert torch.equal(labels, module.labels)
        torch.testing.assert_close(nearest(x, module.centroids), labels)


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


# The schedule released


@pytest.mark.parametrize("distance", METRICS)
def test_released_assigns_to_the_nearest_centroid_in_every_call(draw: Draw, distance: str) -> None:
    module = KMeans(3, 4, distance=distance, schedule="released", recluster_every=3)
    for step in range(8):
        x, before = draw(40, 3).float(), module.centroids.clone()
        labels = module.train()(x)
        assert torch.equal(labels, nearest(x, module.centroids, distance))
        assert torch.equal(module.centroids, before) == (step > 0 and (step + 1) % 3 != 0)  # calls 1, 3, 6
        for nodes in (40, 7, 2):
            other = draw(nodes, 3).float()
            assert torch.equal(module.eval()(other), nearest(other, module.centroids, distance))
    assert len(module.labels) == 0


@pytest.mark.parametrize("distance", METRICS)
def test_released_clusters_anew_from_random_rows(draw: Draw, distance: str) -> None:
    module, x = KMeans(3, 6, distance=distance, schedule="released", recluster_every=2), draw(60, 3)
    module.double()
    seen = []
    for step in range(12):
        module(x)
        if step % 2 == 0 and step > 0:
            continue
        # Nothing of the last clustering is left: the start is decided by the seed and the step.
        centroids, _ = lloyd(x, random_rows(x, 6, int(module.seed) + step), 100, distance)
        torch.testing.assert_close(module.centroids, centroids)
        seen.append(module.centroids.clone())
    assert any(not torch.allclose(seen[0], other) for other in seen[1:])


def test_released_counts_the_calls_of_all_layers_that_share_it(draw: Draw) -> None:
    module = KMeans(3, 4, schedule="released", recluster_every=20)
    layers, changed = nn.ModuleList([module] * 3), []
    for step in range(14):
        for number, layer in enumerate(layers):
            before = module.centroids.clone()
            layer(draw(30, 3).float())
            if not torch.equal(module.centroids, before):
                changed.append((step, number))
    assert int(module.count) == 42
    assert changed == [(0, 0), (6, 1), (13, 0)]  # calls 1, 20 and 40


# The schedule running


def test_running_centroids_approach_the_true_means(blobs: Blobs) -> None:
    torch.manual_seed(0)
    truth = 100 * torch.eye(4, 5)
    module = KMeans(5, 4, schedule="running")
    errors = []
    for seed in range(300):
        x, blob = blobs(4, per=5, seed=seed)
        module(x + 49 * (x - truth[blob]))
        errors.append(float(torch.cdist(truth, module.centroids).amin(dim=1).max()))
    # The noise has standard deviation 5 in each of 5 channels: sqrt(5) * 5 / sqrt(n) with 5, and then 500 nodes.
    assert errors[0] > 2
    assert max(errors[-50:]) < 1.5


def test_running_moves_by_the_share_of_what_was_seen() -> None:
    module = KMeans(1, 2, schedule="running").double()
    first = torch.tensor([[0.0], [2.0], [10.0], [10.0], [10.0], [10.0]], dtype=torch.float64)
    labels = module(first)
    low, high = int(labels[0]), int(labels[2])
    assert module.centroids[[low, high], 0].tolist() == pytest.approx([1, 10])
    assert torch.equal(
        module(torch.tensor([[4.0], [4.0], [20.0]], dtype=torch.float64)), torch.tensor([low, low, high])
    )
    # Two nodes of weight 0.99 each, and two new ones; four of 0.99 and one.
    wanted = [(2 * 0.99 * 1 + 2 * 4) / (2 * 0.99 + 2), (4 * 0.99 * 10 + 20) / (4 * 0.99 + 1)]
    assert module.centroids[[low, high], 0].tolist() == pytest.approx(wanted)
    assert module.weight[[low, high]].tolist() == pytest.approx([3.98, 4.96])


def test_running_follows_features_that_drift(blobs: Blobs) -> None:
    module = KMeans(5, 4, schedule="running")
    for step in range(1000):
        x, truth = blobs(4, seed=step)
        labels = module(x + 0.5 * step)
        assert same_partition(labels, truth)
    means = cluster_means(x + 0.5 * step, labels, 4)[0]
    assert float((module.centroids - means).norm(dim=1).max()) < 150  # about 100 steps behind, of length 0.5 * sqrt(5)


def test_running_goes_on_with_small_batches(blobs: Blobs) -> None:
    x, truth = blobs(4)
    module = KMeans(5, 4, schedule="running")
    first = module(x)
    centroids = module.centroids.clone()
    for nodes in (3, 1, 0, 2):
        assert torch.equal(module(x[:nodes]), first[:nodes])
    assert int(module.count) == 5
    assert bool(module.centroids.isfinite().all())
    unseen = [int(first[truth == k][0]) for k in range(4) if k not in truth[:3].tolist()]
    assert unseen
    assert torch.equal(module.centroids[unseen], centroids[unseen])  # clusters without a node stay where they are


def test_running_never_clusters_again(draw: Draw) -> None:
    every, never = (KMeans(3, 4, schedule="running", recluster_every=n) for n in (1, 10**9))
    never.load_state_dict(every.state_dict())
    for _ in range(5):
        x = draw(20, 3).float()
        assert torch.equal(every(x), never(x))
    assert_same_state(state_of(every), state_of(never))


# Partitions


def test_partition_is_as_given(draw: Draw) -> None:
    labels = torch.tensor([2, 0, 2, 3, 0])
    module = Partition(labels)
    assert module.clusters == 4
    assert torch.equal(module(draw(5, 3)), labels)
    assert torch.equal(module(draw(2, 3), torch.tensor([3, 0])), torch.tensor([3, 2]))
    assert torch.equal(module(draw(6, 3), torch.tensor([3, 0, 0, 1, 2, 3])), torch.tensor([3, 2, 2, 0, 2, 3]))
    assert torch.equal(module.eval()(draw(5, 3)), labels)
    assert list(module.state_dict()) == ["labels"]
    assert repr(module) == "Partition(nodes=5, clusters=4)"


def test_partition_of_another_graph_is_refused(draw: Draw) -> None:
    with pytest.raises(UsageError) as caught:
        Partition(torch.tensor([0, 1, 1]))(draw(4, 2))
    assert str(caught.value) == (
        "the input has 4 nodes, but the partition has a cluster for each of 3 nodes: "
        "pass the nodes' numbers, or make a module for this graph"
    )


@pytest.mark.parametrize(
    "labels",
    [
        torch.tensor([0.0, 1.0]),
        torch.tensor([[0, 1]]),
        torch.tensor([0, -1]),
        torch.zeros(0, dtype=torch.long),
        torch.tensor(3),
    ],
)
def test_partition_refuses_what_are_no_labels(labels: Tensor) -> None:
    words = f"Partition labels of shape {tuple(labels.shape)} and type {labels.dtype} are not accepted"
    with pytest.raises(UsageError, match=re.escape(words)):
        Partition(labels)


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8, torch.int64])
def test_partition_keeps_integers_of_any_width(dtype: torch.dtype) -> None:
    assert Partition(torch.tensor([0, 1, 2]).to(dtype)).labels.dtype == torch.int64


@pytest.mark.parametrize("form", FORMATS)
def test_partition_travels(draw: Draw, form: str) -> None:
    module, other = Partition(torch.tensor([0, 1, 2, 2])), Partition(torch.tensor([2, 2, 2, 2]))
    other.load_state_dict(stored(module, form))
    assert torch.equal(other(draw(4, 2)), torch.tensor([0, 1, 2, 2]))


def test_random_partition_is_balanced_and_repeats(draw: Draw) -> None:
    for nodes, clusters in [(20, 4), (23, 4), (3, 8), (1, 1), (100, 7)]:
        labels = random_partition(nodes, clusters, 5)
        sizes = labels.bincount(minlength=clusters)
        assert int(sizes.max()) - int(sizes.min()) <= 1
        assert len(sizes) == clusters
        assert torch.equal(labels, random_partition(nodes, clusters, 5))
    assert not torch.equal(random_partition(100, 7, 5), random_partition(100, 7, 6))
    assert not torch.equal(random_partition(100, 7, 5), torch.arange(100) % 7)


def test_random_partition_looks_at_nothing(draw: Draw) -> None:
    torch.manual_seed(0)
    module = RandomPartition(4)
    labels, before = module(draw(30, 3)), torch.get_rng_state()
    for train in (True, False, True):
        assert torch.equal(module.train(train)(draw(30, 2)), labels)
    assert module(draw(21, 3)).shape == (21,)
    assert torch.equal(module(draw(30, 3)), labels)  # after another graph
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(RandomPartition(4)(draw(30, 3)), labels)
    assert torch.equal(labels, random_partition(30, 4, int(module.seed)))
    assert repr(module) == "RandomPartition(clusters=4)"


@pytest.mark.parametrize("form", FORMATS)
def test_random_partition_travels(draw: Draw, form: str) -> None:
    module, other = RandomPartition(4), RandomPartition(4)
    labels = module(draw(30, 3))
    assert not torch.equal(other(draw(30, 3)), labels)  # and has kept its own
    other.load_state_dict(stored(module, form))
    assert torch.equal(other(draw(30, 3)), labels)
    assert torch.equal(deepcopy(module)(draw(30, 3)), labels)
    assert list(module.state_dict()) == ["seed"]


def test_random_partition_refuses_samples_and_no_clusters(draw: Draw) -> None:
    with pytest.raises(UsageError, match=r"RandomPartition can't label some of the nodes of a graph: .* as labels"):
        RandomPartition(4)(draw(3, 3), torch.tensor([5, 6, 7]))
    with pytest.raises(UsageError, match="RandomPartition clusters = 0 is out of range: it must be at least 1"):
        RandomPartition(0)


def test_whole_is_one_cluster(draw: Draw) -> None:
    module = Whole()
    for labels in (module(draw(3, 2)), module(draw(3, 2), torch.tensor([7, 8, 9]))):
        assert labels.dtype == torch.int64
        assert labels.tolist() == [0, 0, 0]
    assert module.clusters == 1
    assert module.state_dict() == {}


# By name


def test_kinds() -> None:
    kmeans = make("kmeans", 5)
    assert isinstance(kmeans, KMeans)
    assert (kmeans.clusters, kmeans.distance, kmeans.schedule, kmeans.recluster_every) == (5, "cosine", "released", 7)
    assert kmeans.centroids.shape == (5, 3)
    assert make("kmeans").clusters == make("random").clusters == 8
    assert isinstance(make("random", 5), RandomPartition)
    assert make("random", 5).clusters == 5
    assert isinstance(make("none"), Whole)
    for name in ("random", "labels", "communities"):
        partition = make(name, None, torch.tensor([0, 2, 1]))
        assert isinstance(partition, Partition)
        assert partition.labels.tolist() == [0, 2, 1]


@pytest.mark.parametrize("assignment", ["kmeans", "none"])
def test_labels_that_nobody_would_use_are_refused(assignment: str) -> None:
    message = f"labels don't go with assignment {assignment!r}: only random, labels and communities use them"
    with pytest.raises(UsageError, match=message):
        make(assignment, None, torch.tensor([0, 1]))


@pytest.mark.parametrize("assignment", ["labels", "communities"])
def test_missing_labels_are_asked_for(assignment: str) -> None:
    with pytest.raises(UsageError, match=rf"assignment {assignment!r} needs labels: pass .*\.louvain\("):
        make(assignment, 4)


def test_clusters_without_assignment_are_a_warning() -> None:
    with pytest.warns(UserWarning, match="clusters = 8 has no effect with assignment 'none': all nodes are in one"):
        assert isinstance(make("none", 8), Whole)
    with pytest.warns(UserWarning, match="clusters = 8 has no effect with assignment 'labels': the labels have 3"):
        assert make("labels", 8, torch.tensor([0, 2, 1])).clusters == 3
