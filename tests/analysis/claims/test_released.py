"""The settings of the released configs: representative rows, and what can't be run."""

import pytest

from cna_viz.analysis.claims.released import released_configs, released_settings
from cna_viz.errors import UsageError

ADAM = ("lr", "lr_activation", "weight_decay")


def test_a_row_is_all_settings() -> None:
    assert released_settings("figure_4/cora/cna/gcnconv/cora_96_gcnconv") == {
        "dataset": "cora",
        "split": "official-code",
        "features": "raw",
        "backbone": "gcn",
        "layers": 96,
        "hidden": 280,
        "clusters": 12,
        "slot": "cna-released",
        "epochs": 400,
        "patience": None,
        "lr": 1e-5,
        "lr_activation": 1e-5,
        "weight_decay": 5e-9,
    }


@pytest.mark.parametrize(
    ("depth", "wanted"),
    [(2, (1e-3, 1e-5, 5e-2)), (16, (1e-3, 1e-5, 5e-2)), (32, (1e-4, 1e-5, 5e-6)), (64, (5e-5, 1e-5, 5e-9))],
)
def test_settings_follow_the_depth(depth: int, wanted: tuple[float, ...]) -> None:
    found = released_settings(f"figure_4/cora/relu/gcnconv/cora_{depth}_gcnconv")
    assert tuple(found[name] for name in ADAM) == wanted


@pytest.mark.parametrize(
    ("config", "dataset", "split", "features", "backbone"),
    [
        ("mod_cora_4_gcnconv", "cora", "public", "raw", "gcn"),
        ("pubmed_2_transformerconv", "pubmed", "official-code", "raw", "transformer"),
        (
            "figure_4/citeseer/relu/sageconv/citeseer_2_sageconv",
            "citeseer-full",
            "class-40-30-30",
            "row-normalized",
            "sage",
        ),
        ("dblp_4_transformerconv", "dblp", "class-80-10-10", "row-normalized", "transformer"),
        ("corafull_2_transformerconv", "cora-full", "class-80-10-10", "row-normalized", "transformer"),
        ("photo_4_transformerconv", "photo", "class-80-10-10", "raw", "transformer"),
        ("texas_2_sageconv", "texas", "class-70-15-15", "row-normalized", "sage"),
        ("wisconsin_2_transformerconv", "wisconsin", "class-80-10-10", "row-normalized", "transformer"),
        ("chameleon_2_dirgcnconv", "chameleon-directed", "class-80-10-10", "row-normalized", "dirgcn"),
        ("figure_5/ogbn-arxiv_cna_gcnconv", "ogbn-arxiv", "class-80-10-10", "raw", "gcn"),
        ("figure_5/ogbn-arxiv_baseline_gcnconv", "ogbn-arxiv", "class-60-20-20", "raw", "gcn"),
    ],
)
def test_data_and_backbone_follow_the_loader(
    config: str, dataset: str, split: str, features: str, backbone: str
) -> None:
    found = released_settings(config)
    assert [found[name] for name in ("dataset", "split", "features", "backbone")] == [
        dataset,
        split,
        features,
        backbone,
    ]


@pytest.mark.parametrize(
    ("switches", "slot", "split"),
    [
        ("", {"slot": "relu"}, "public"),
        ("_normalize", {"slot": "relu"}, "public"),
        ("_cluster", {"slot": "relu"}, "public"),
        ("_cluster_normalize", {"slot": "relu"}, "official-code"),
        ("_activate", {"slot": "a", "sharing": "shared"}, "public"),
        ("_activate_normalize", {"slot": "a", "sharing": "shared"}, "public"),
        ("_activate_cluster", {"slot": "cna-released", "normalization": "none"}, "public"),
        ("_activate_cluster_normalize", {"slot": "cna-released"}, "official-code"),
    ],
)
def test_eight_switches_are_four_networks_and_two_splits(switches: str, slot: dict[str, str], split: str) -> None:
    found = released_settings(f"mod_cora_4_gcnconv{switches}")
    assert {name: found[name] for name in ("slot", "sharing", "normalization") if name in found} == slot
    assert found["split"] == split


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("cora_4_gcncon", "unknown released config 'cora_4_gcncon'; choices, nearest first: cora_4_gcnconv"),
        ("chameleon_2_node_regression_gcnconv", "is one of regression"),
        ("ogbn-arxiv_8_nodeproppred_gcnconv", "does not say whether it normalizes"),
    ],
)
def test_what_can_not_be_run_is_refused(config: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        released_settings(config)


def test_every_config_has_settings_or_a_reason() -> None:
    configs = released_configs()
    refused = 0
    for config in configs:
        try:
            assert released_settings(config)["epochs"] > 0
        except UsageError:
            refused += 1
    assert (len(configs), refused) == (279, 14)
