"""Options are made from the config: every field has one, and what is given arrives there."""

import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from cna_viz.cli.parser import Parser, add_config_options, read_config
from cna_viz.config import (
    CSBMConfig,
    DataConfig,
    ModelConfig,
    RecordingConfig,
    RunConfig,
    TrainingConfig,
)
from cna_viz.config.fields import settings
from cna_viz.config.measures import MEASURES
from cna_viz.errors import UsageError


def parse(*words: str) -> RunConfig:
    parser = Parser("run", "", ())
    add_config_options(parser)
    return read_config(parser.parse(words))


def leaves(config: BaseModel) -> Iterator[str]:
    for name, value in config:
        if isinstance(value, BaseModel):
            yield from leaves(value)
        elif name not in {"watched", "own"}:  # describe what is not chosen field by field
            yield name


def test_nothing_given_is_the_default_config() -> None:
    assert parse() == RunConfig()
    assert parse().run_id == RunConfig().run_id


def test_every_field_has_one_option() -> None:
    config = RunConfig(data=DataConfig(dataset="csbm"))
    flags = [option.option for option in settings().values()]
    assert len(flags) == len(set(flags)) == len(list(leaves(config)))


def test_all_options_together_arrive_in_their_fields() -> None:
    config = RunConfig(
        data=DataConfig(
            dataset="csbm",
            split="random-80-10-10",
            split_seed=3,
            csbm=CSBMConfig(nodes=50, classes=2, features=5, degree=2.5, homophily=0.25, noise=0.5, seed=9),
        ),
        model=ModelConfig(
            slot="cna",
            layers=5,
            hidden=7,
            clusters=4,
            recluster_every=6,
            normalization="node",
            metric="cosine",
            sharing="shared",
            schedule="running",
            residual=True,
            initial_residual=0.5,
            jumping_knowledge="max",
            drop_edge=0.75,
            dropout=0.125,
            init="large",
        ),
        training=TrainingConfig(
            epochs=11, lr=0.5, lr_activation=0.25, weight_decay=0.0, patience=12, batch_size=15, neighbors=16
        ),
        recording=RecordingConfig(
            every=13, measures=("mad", "rayleigh"), snapshots="ends", precision="float32", project=17
        ),
        seed=14,
    )
    words = (
        "--dataset csbm --split random-80-10-10 --split-seed 3 --csbm-nodes 50 --csbm-classes 2 --csbm-features 5 "
        "--csbm-degree 2.5 --csbm-homophily 0.25 --csbm-noise 0.5 --csbm-seed 9 --backbone gcn --slot cna --layers 5 "
        "--hidden 7 --clusters 4 --recluster-every 6 --assignment kmeans --normalization node "
        "--activation rational "
        "--sharing shared --metric cosine --schedule running --residual true --initial-residual 0.5 "
        "--jumping-knowledge max --drop-edge 0.75 --init large --compile false --dropout 0.125 "
        "--epochs 11 --lr 0.5 --lr-activation 0.25 "
        "--weight-decay 0 --patience 12 "
        "--batch-size 15 --neighbors 16 --every 13 --measures mad,rayleigh --snapshots ends --precision float32 "
        "--project 17 --seed 14"
    )
    assert parse(*words.split()) == config
    # A graph of its own and a dataset of graphs exclude each other.
    graphs = RunConfig(data=DataConfig(dataset="motifs"), model=ModelConfig(readout="max"))
    assert parse("--dataset", "motifs", "--readout", "max") == graphs
    assert parse("--features", "row-normalized") == RunConfig(data=DataConfig(features="row-normalized"))
    assert parse("--patience", "none") == RunConfig(training=TrainingConfig(patience=None))
    given = {word for word in words.split() if word.startswith("--")}
    # So does a graph of the user's own with weights, direction and a split in a file.
    assert given | {"--readout", "--directed", "--weights", "--split-file", "--features"} == {
        o.option for o in settings().values()
    }


def test_every_option_has_a_meaning_and_shows_its_default() -> None:
    parser = Parser("run", "", ())
    add_config_options(parser)
    text = " ".join(parser.format_help().split())
    for option in settings().values():
        default = option.field.get_default()
        default = ", ".join(default) if isinstance(default, tuple) else default
        shown = "" if default is None else re.escape(f" (default {default})")
        assert re.search(rf"{option.option} [A-Z]+ \w[^(]*?.*?{shown}", text), option.option
        assert option.field.description or option.path == ("seed",)


def test_measures_are_given_with_commas_or_all() -> None:
    assert parse("--measures", "mad,rayleigh").recording.measures == ("rayleigh", "mad")
    assert parse("--measures", "mad, rayleigh") == parse("--measures", "rayleigh,mad")
    assert parse("--measures", "all").recording.measures == tuple(MEASURES)
    with pytest.raises(UsageError, match="unknown measure 'med'; choices, nearest first: mad,"):
        parse("--measures", "mad,med")


def test_what_others_have_trained_is_no_option() -> None:
    assert not {option.path[0] for option in settings().values()} & {"watched", "own"}
    with pytest.raises(UsageError, match="unknown option '--watched'"):
        parse("--watched", "x")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--layers", "two"), "--layers = 'two' is not accepted: it must be a whole number"),
        (("--layers", "2.0"), "--layers = '2.0' is not accepted: it must be a whole number"),
        (("--lr", "fast"), "--lr = 'fast' is not accepted: it must be a number"),
        (("--residual", "yes"), "--residual = 'yes' is not accepted: it must be true or false"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse(*words)
    assert str(refusal.value) == message


def test_an_option_without_its_value_is_refused() -> None:
    with pytest.raises(UsageError, match="argument --layers: expected one argument; see `cna-viz run --help`"):
        parse("--layers")


def test_the_beginning_of_an_option_is_not_enough() -> None:
    with pytest.raises(UsageError, match="unknown option '--lay'; choices, nearest first: --layers, "):
        parse("--lay", "3")
