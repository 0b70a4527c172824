"""Numbers of weights without weights: those of the built network, and the ones that were published."""

import pytest
import torch

from cna_viz.config import ModelConfig
from cna_viz.config.vocabulary import BACKBONES, SLOTS
from cna_viz.experiments.parameters import count_parameters
from cna_viz.models.gnn import GNN
from cna_viz.nn.slots import SlotContext

CLASSES, FEATURES = 4, 12


def built(config: ModelConfig) -> int:
    """Return how many weights the network has when it is made with all of its numbers."""
    clusters = {"labels": CLASSES, "communities": config.clusters}.get(config.factors.get("assignment", ""))
    context = SlotContext(partition=None if clusters is None else torch.arange(clusters))
    return sum(parameter.numel() for parameter in GNN(FEATURES, CLASSES, config, context).parameters())


@pytest.mark.parametrize("slot", SLOTS)
def test_every_slot(slot: str) -> None:
    config = ModelConfig(slot=slot, layers=4, hidden=8)
    assert count_parameters(config, FEATURES, CLASSES)["total"] == built(config)


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("structure", [{}, {"jumping_knowledge": "cat"}, {"init": "orthogonal"}, {"layers": 1}])
def test_every_backbone(backbone: str, structure: dict[str, object]) -> None:
    config = ModelConfig.model_validate({"backbone": backbone, "slot": "cna", "layers": 3, "hidden": 8, **structure})
    counts = count_parameters(config, FEATURES, CLASSES)
    assert counts["total"] == built(config) == counts["convolutions"] + counts["slots"]


def test_weights_of_slots_are_counted_apart_and_shared_ones_once() -> None:
    own, shared = (ModelConfig(slot="cna", layers=4, hidden=8, clusters=5, sharing=s) for s in ("per-layer", "shared"))
    assert count_parameters(own, FEATURES, CLASSES)["slots"] == 3 * 5 * (6 + 4)
    assert count_parameters(shared, FEATURES, CLASSES)["slots"] == 5 * (6 + 4)
    assert count_parameters(ModelConfig(), FEATURES, CLASSES)["slots"] == 0


@pytest.mark.parametrize(
    ("backbone", "hidden", "convolutions", "published"), [("gcn", 400, 388_440, 389_240), ("sage", 60, 34_780, 34_900)]
)
def test_the_published_numbers_of_ogbn_arxiv(backbone: str, hidden: int, convolutions: int, published: int) -> None:
    config = ModelConfig(backbone=backbone, slot="cna-released", layers=4, hidden=hidden, clusters=10)
    counts = count_parameters(config, 128, 40)
    assert counts["convolutions"] == convolutions
    assert convolutions + 2 * hidden == published  # a γ and a β per channel that are never used
    assert counts["slots"] == 10 * (6 + 4)


def test_networks_too_large_to_be_made_are_counted() -> None:
    config = ModelConfig(slot="relu", layers=1000, hidden=65536)
    per_layer = 65536 * 65536 + 65536
    assert count_parameters(config, 1, 1)["total"] == 998 * per_layer + (65536 + 65536) + (65536 + 1)


def test_the_random_state_is_left_alone() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    count_parameters(ModelConfig(slot="cna-random", layers=3), FEATURES, CLASSES)
    assert torch.equal(torch.get_rng_state(), before)
