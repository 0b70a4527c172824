"""The slots by name: each is what it is called, keeps the shape, and shares what it should share."""

from collections.abc import Callable
from itertools import combinations

import pytest
import torch
from torch import Tensor, nn
from torch_geometric.nn import norm

from cna_viz.config import ModelConfig
from cna_viz.config.vocabulary import NORM_SLOTS, PRESETS
from cna_viz.config.vocabulary import SLOTS as NAMES
from cna_viz.errors import UsageError
from cna_viz.nn.assignment import KMeans, Partition, RandomPartition
from cna_viz.nn.cna import CNA, Tap
from cna_viz.nn.slots import SLOTS, SlotContext, make_slot, make_slots
from tests.nn.helpers import assert_same_state, state_of

Draw = Callable[..., Tensor]

PARTITION = torch.arange(20) % 3
CONTEXT = SlotContext(partition=PARTITION, num_nodes=20)

NORMS: dict[str, Callable[[], nn.Module]] = {
    "layernorm": lambda: norm.LayerNorm(16, mode="node"),
    "nodenorm": lambda: nn.LayerNorm(16, elementwise_affine=False),
    "batchnorm": lambda: norm.BatchNorm(16),
    "pairnorm": norm.PairNorm,
    "diffgroupnorm": lambda: norm.DiffGroupNorm(16, groups=5),
    "graphnorm": lambda: norm.GraphNorm(16),
    "meansub": norm.MeanSubtractionNorm,
}


def config_of(slot: str, **fields: object) -> ModelConfig:
    return ModelConfig.model_validate({"slot": slot, "hidden": 16, "clusters": 5, **fields})


def parts_of(module: nn.Module) -> set[int]:
    """Return the addresses of all that a module remembers."""
    return {value.data_ptr() for value in module.state_dict().values() if value.numel()}


def test_names_are_those_of_the_vocabulary() -> None:
    assert tuple(SLOTS) == NAMES
    assert set(NORMS) == set(NORM_SLOTS)


@pytest.mark.filterwarnings("ignore:clusters = 5 has no effect")
@pytest.mark.parametrize("name", NAMES)
def test_slots_keep_the_shape_and_their_input(draw: Draw, name: str) -> None:
    slot, x = make_slot(config_of(name), CONTEXT), draw(20, 16).float()
    before = x.clone()
    for train in (True, True, False):
        y = slot.train(train)(x)
        assert y.shape == x.shape
        assert y.dtype == x.dtype
        assert bool(y.isfinite().all())
    assert torch.equal(x, before)


@pytest.mark.filterwarnings("ignore:clusters = 5 has no effect")
@pytest.mark.parametrize("name", NAMES)
def test_evaluation_changes_nothing(draw: Draw, name: str) -> None:
    slot, x = make_slot(config_of(name), CONTEXT), draw(20, 16).float()
    slot(x)
    before = state_of(slot)
    assert torch.equal(slot.eval()(x), slot(x))
    assert_same_state(before, state_of(slot))


@pytest.mark.filterwarnings("ignore:clusters = 5 has no effect")
@pytest.mark.parametrize("name", NAMES)
def test_slots_are_new_unless_they_share(draw: Draw, name: str) -> None:
    slots = make_slots(config_of(name), 3, CONTEXT)
    assert len(slots) == 3
    assert len({id(slot) for slot in slots}) == 3
    shared = PRESETS.get(name, {}).get("sharing") == "shared"
    for one, other in combinations(slots, 2):
        if shared:
            assert parts_of(one) == parts_of(other)
        elif PRESETS.get(name, {}).get("assignment") not in {"labels", "communities"}:  # theirs are the graph's
            assert not parts_of(one) & parts_of(other)


@pytest.mark.parametrize("count", [0, 1])
def test_few_slots(count: int) -> None:
    assert len(make_slots(config_of("cna-released"), count)) == count


def test_plain_slots(draw: Draw) -> None:
    x = draw(20, 16)
    assert make_slot(config_of("none"))(x) is x
    assert torch.equal(make_slot(config_of("relu"))(x), x.relu())


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("name", NORM_SLOTS)
def test_norms_are_those_of_the_field_and_relu(draw: Draw, name: str, train: bool) -> None:
    torch.manual_seed(0)
    slot = make_slot(config_of(name))
    torch.manual_seed(0)
    wanted = NORMS[name]()
    if list(slot.parameters()):
        for one, other in zip(slot.parameters(), wanted.parameters(), strict=True):
            change = 1 + 0.3 * draw(*one.shape).float()
            with torch.no_grad():
                one.mul_(change)
                other.mul_(change)
    x = 3 * draw(20, 16).float() + 1
    slot(x)
    wanted(x)
    y = slot.train(train)(x)
    torch.testing.assert_close(y, wanted.train(train)(x).relu())
    assert bool((y == 0).any())


@pytest.mark.parametrize("name", PRESETS)
def test_family_is_composed_as_the_config_says(name: str) -> None:
    factors = PRESETS[name]
    clusters = {"clusters": 8} if factors["assignment"] in {"none", "labels", "communities"} else {}
    config = config_of(name, **clusters)
    context = SlotContext(partition=PARTITION if factors["assignment"] in {"labels", "communities"} else None)
    slot = make_slot(config, context)
    torch.manual_seed(0)
    wanted = CNA.preset(name, 16, *([] if clusters else [5]), labels=context.partition)
    assert isinstance(slot, CNA)
    assert repr(slot) == repr(wanted)


def test_numbers_come_from_the_config() -> None:
    slot = make_slot(ModelConfig(slot="cna", hidden=7, clusters=3, recluster_every=5, metric="cosine", compile=True))
    assert isinstance(slot, CNA)
    assert isinstance(slot.assignment, KMeans)
    assert slot.compiled
    assert slot.assignment.centroids.shape == (3, 7)
    assert (slot.assignment.recluster_every, slot.assignment.distance) == (5, "cosine")
    assert slot.normalization.clusters == 3
    assert slot.activation.numerator.shape == (3, 6)
    assert not make_slot(ModelConfig(slot="cna")).compiled


def test_factors_override_those_of_the_name(draw: Draw) -> None:
    # No preset: random clusters, normalized by node, nothing activated.
    slot = make_slot(config_of("cna-random", normalization="node", activation="none"))
    x = draw(20, 16)
    torch.testing.assert_close(slot(x), (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True) + 1e-5).sqrt())


def test_a_is_one_function_for_all_nodes(draw: Draw) -> None:
    slot = make_slot(ModelConfig(slot="a", hidden=16))
    assert slot.activation.numerator.shape == (1, 6)
    x = draw(20, 16).float()
    torch.testing.assert_close(slot(x), slot.activation(x))


@pytest.mark.parametrize("name", ["cna-labels", "cna-communities"])
def test_partition_of_the_graph(draw: Draw, name: str) -> None:
    slots = make_slots(config_of(name, clusters=8), 2, CONTEXT)
    for slot in slots:
        assert torch.equal(slot.assignment(draw(20, 16)), PARTITION)
        assert slot.clusters == 3
    with pytest.raises(UsageError, match="needs labels"):
        make_slot(config_of(name, clusters=8))


@pytest.mark.parametrize("name", [name for name in PRESETS if PRESETS[name]["assignment"] in {"kmeans", "none"}])
def test_partition_is_for_those_that_use_one(name: str) -> None:
    assert not isinstance(make_slots(config_of(name, clusters=8), 1, CONTEXT)[0].assignment, Partition)


def test_random_clusters(draw: Draw) -> None:
    for context, kind in [(SlotContext(), RandomPartition), (SlotContext(num_nodes=20), Partition)]:
        torch.manual_seed(0)
        slots = make_slots(config_of("cna-random"), 2, context)
        labels = [slot.assignment(draw(20, 16)) for slot in slots]
        assert all(type(slot.assignment) is kind for slot in slots)
        assert all(each.bincount().tolist() == [4] * 5 for each in labels)
        assert not torch.equal(*labels)  # each layer has its own, as with k-means
        torch.manual_seed(0)
        again = make_slots(config_of("cna-random"), 2, context)
        assert all(torch.equal(slot.assignment(draw(20, 16)), each) for slot, each in zip(again, labels, strict=True))
        one, other = make_slots(config_of("cna-random", sharing="shared"), 2, context)
        assert torch.equal(one.assignment(draw(20, 16)), other.assignment(draw(20, 16)))
    nodes = torch.tensor([3, 17, 3])
    assert torch.equal(slots[0].assignment(draw(3, 16), nodes), labels[0][nodes])


@pytest.mark.parametrize("name", ["cna", "cn", "cna-released"])
def test_mini_batches_run_along(name: str) -> None:
    batches, whole = (make_slots(config_of(name), 1, SlotContext(mini_batches=each))[0] for each in (True, False))
    assert batches.assignment.schedule == "running"
    assert whole.assignment.schedule == PRESETS[name]["schedule"]


def test_sharing_is_a_factor_of_its_own(draw: Draw) -> None:
    one, other = make_slots(config_of("cna", sharing="shared"), 2)
    assert one.assignment is other.assignment
    assert one.activation is other.activation
    assert one.label_tap is not other.label_tap
    one, other = make_slots(config_of("cna-released", sharing="per-layer"), 2)
    assert one.assignment is not other.assignment
    assert not parts_of(one) & parts_of(other)


def test_unknown_slot() -> None:
    config = ModelConfig.model_construct(slot="rely")
    with pytest.raises(UsageError, match="unknown slot 'rely'; choices, nearest first: relu, "):
        make_slot(config)


def test_tap_is_the_identity() -> None:
    x = torch.ones(3)
    assert Tap()(x) is x
    assert Tap().state_dict() == {}
