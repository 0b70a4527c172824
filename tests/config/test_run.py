"""The config: defaults, strict checks with one readable line each, one identity per run."""

import hashlib
import json
import math
import random
import warnings
from itertools import product
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from cna_viz.config import (
    Config,
    CSBMConfig,
    DataConfig,
    ModelConfig,
    RecordingConfig,
    RunConfig,
    TrainingConfig,
    WatchedConfig,
    vocabulary,
)
from cna_viz.config import run as module
from cna_viz.config.measures import MEASURES
from cna_viz.errors import UsageError, nearest_first

DEFAULT_JSON = (
    '{"data":{"csbm":null,"dataset":"digits","split":"random-60-20-20","split_seed":null},'
    '"model":{"activation":null,"assignment":null,"backbone":"gcn","clusters":8,"compile":false,"drop_edge":0.0,'
    '"dropout":0.0,"hidden":64,"init":"glorot","initial_residual":0.0,"jumping_knowledge":"none","layers":2,'
    '"metric":null,"normalization":null,"readout":"mean","recluster_every":20,"residual":false,"schedule":null,"sharing":null,'
    '"slot":"relu"},'
    '"recording":{"every":50,'
    '"measures":["feature_norm","gradient_norm","rayleigh","mad","numerical_rank","effective_rank"],'
    '"precision":"float16","project":null,"snapshots":"log"},'
    '"seed":0,'
    '"training":{"batch_size":null,"epochs":200,"lr":0.01,"lr_activation":0.001,"neighbors":10,"patience":100,'
    '"weight_decay":0.0005},'
    '"watched":null}'
)
LARGEST_SEED = 2**63 - 1

# Field, accepted ends, refused neighbours, and the words for the range.
INTEGERS: list[tuple[type[Config], str, list[int], list[int], str]] = [
    (CSBMConfig, "nodes", [4, 10_000_000], [1, 0, 10_000_001], "at least 2 and at most 10000000"),
    (CSBMConfig, "classes", [2, 1000], [1, -1, 1001], "at least 2 and at most 1000"),
    (CSBMConfig, "features", [1, 100_000], [0, 100_001], "at least 1 and at most 100000"),
    (CSBMConfig, "seed", [0, LARGEST_SEED], [-1, 2**63], f"at least 0 and at most {LARGEST_SEED}"),
    (DataConfig, "split_seed", [0, LARGEST_SEED], [-1, 2**63], f"at least 0 and at most {LARGEST_SEED}"),
    (ModelConfig, "layers", [1, 4096], [0, -3, 4097], "at least 1 and at most 4096"),
    (ModelConfig, "hidden", [1, 65536], [0, 65537], "at least 1 and at most 65536"),
    (ModelConfig, "clusters", [1, 10**12], [0, -1], "at least 1"),
    (ModelConfig, "recluster_every", [1, 10**12], [0, -1], "at least 1"),
    (TrainingConfig, "epochs", [0, 1_000_000], [-1, 1_000_001], "at least 0 and at most 1000000"),
    (TrainingConfig, "patience", [1, 10**12], [0, -1], "at least 1"),
    (TrainingConfig, "batch_size", [1, 10**12], [0, -1], "at least 1"),
    (TrainingConfig, "neighbors", [1, 10_000], [0, 10_001], "at least 1 and at most 10000"),
    (RecordingConfig, "every", [1, 10**12], [0, -1], "at least 1"),
    (RecordingConfig, "project", [1, 10**12], [0, -1], "at least 1"),
    (RunConfig, "seed", [0, LARGEST_SEED], [-1, 2**63], f"at least 0 and at most {LARGEST_SEED}"),
]
FLOATS: list[tuple[type[Config], str, list[float], list[float], str]] = [
    (CSBMConfig, "degree", [1e-300, 1e300], [0.0, -1.0], "greater than 0"),
    (CSBMConfig, "homophily", [0.0, 1.0], [-0.1, 1.0000001], "at least 0 and at most 1"),
    (CSBMConfig, "noise", [0.0, 1e300], [-1e-9], "at least 0"),
    (ModelConfig, "initial_residual", [0.0, 0.999], [-0.1, 1.0], "at least 0 and less than 1"),
    (ModelConfig, "drop_edge", [0.0, 0.999], [-0.1, 1.0], "at least 0 and less than 1"),
    (ModelConfig, "dropout", [0.0, 0.999], [-0.1, 1.0], "at least 0 and less than 1"),
    (TrainingConfig, "lr", [1e-300, 1e300], [0.0, -0.01], "greater than 0"),
    (TrainingConfig, "lr_activation", [1e-300, 1e300], [0.0, -0.01], "greater than 0"),
    (TrainingConfig, "weight_decay", [0.0, 1e300], [-1e-9], "at least 0"),
]
CLASSES = (CSBMConfig, DataConfig, ModelConfig, TrainingConfig, RecordingConfig, WatchedConfig, RunConfig)
WATCHED = {"name": "mine", "model": "GCN", "dataset": "own graph", "layers": 3, "key": "0123"}


def refusal(cls: type[Config], **fields: Any) -> str:
    """Return the message with which ``cls`` refuses the fields; it must be one line."""
    with pytest.raises(UsageError) as caught:
        cls(**fields)
    message = str(caught.value)
    assert message
    assert "\n" not in message
    return message


def others() -> list[RunConfig]:
    """Return configs that each differ from the default in one field, every field of every part at least once."""
    base = RunConfig()
    data = [
        base.data.replace(dataset="karate"),
        base.data.replace(split="official-code"),
        base.data.replace(features="row-normalized"),
        base.data.replace(split_seed=0),
        base.data.replace(split_seed=1),
        DataConfig(dataset="csbm"),
    ]
    csbm = [
        {"nodes": 1001},
        {"classes": 5},
        {"features": 33},
        {"degree": 8.5},
        {"homophily": 0.7},
        {"noise": 1.5},
        {"seed": 1},
    ]
    assert {name for change in csbm for name in change} == set(CSBMConfig.model_fields)
    data += [DataConfig(dataset="csbm", csbm=CSBMConfig(**change)) for change in csbm]
    model: dict[str, Any] = {
        "backbone": "sage",
        "slot": "cna",
        "layers": 3,
        "hidden": 65,
        "residual": True,
        "initial_residual": 0.1,
        "jumping_knowledge": "cat",
        "drop_edge": 0.1,
        "dropout": 0.1,
        "init": "orthogonal",
    }
    family: dict[str, Any] = {
        "clusters": 9,
        "recluster_every": 21,
        "assignment": "random",
        "normalization": "node",
        "activation": "relu",
        "sharing": "shared",
        "metric": "cosine",
        "schedule": "released",
        "compile": True,
    }
    of_graphs = {"readout": "sum"}
    assert {*model, *family, *of_graphs} == set(ModelConfig.model_fields)
    graphs = base.replace(data=DataConfig(dataset="motifs"))
    cna = base.model.replace(slot="cna")
    training: dict[str, Any] = {"epochs": 201, "lr": 0.02, "lr_activation": 0.01, "weight_decay": 0.0, "patience": 101}
    batches: dict[str, Any] = {"batch_size": 17, "neighbors": 5}
    assert {*training, *batches} == set(TrainingConfig.model_fields)
    sampled = base.training.replace(batch_size=16)
    recording: dict[str, Any] = {
        "every": 2,
        "measures": ["mad"],
        "snapshots": "ends",
        "precision": "float32",
        "project": 8,
    }
    assert set(recording) == set(RecordingConfig.model_fields)
    watched = [
        WATCHED,
        *({**WATCHED, name: "x"} for name in ("name", "model", "dataset", "key")),
        {**WATCHED, "layers": 4},
    ]
    return [
        base.replace(seed=1),
        *(base.replace(watched=part) for part in watched),
        *(base.replace(data=part) for part in data),
        *(base.replace(model=base.model.replace(**{key: value})) for key, value in model.items()),
        *(base.replace(model=cna.replace(**{key: value})) for key, value in family.items()),
        graphs,
        *(graphs.replace(model=base.model.replace(**{key: value})) for key, value in of_graphs.items()),
        *(base.replace(training=base.training.replace(**{key: value})) for key, value in training.items()),
        *(base.replace(training=sampled.replace(**{key: value})) for key, value in batches.items()),
        *(base.replace(recording=base.recording.replace(**{key: value})) for key, value in recording.items()),
    ]


def draw_slot(rng: random.Random) -> dict[str, str]:
    """Draw a slot, and factors where it may have some."""
    slot = rng.choice(vocabulary.SLOTS)
    factors = {name: rng.choice(choices) for name, choices in vocabulary.FACTORS.items() if rng.random() < 0.4}
    return {"slot": slot, **(factors if slot in vocabulary.PRESETS else {})}


def draw(rng: random.Random) -> RunConfig:
    """Draw a valid config."""
    csbm = None
    # Not all slots go with all tasks; those are drawn elsewhere.
    dataset = rng.choice([name for name, task in vocabulary.TASK_OF.items() if task == "node-classification"])
    if dataset == "csbm":
        csbm = CSBMConfig(nodes=rng.randint(10, 10**7), classes=rng.randint(2, 10), homophily=rng.random())
    backbone = rng.choice(vocabulary.BACKBONES)
    # Few backbones use direction; the others need the symmetric copy.
    keeps = backbone in {*vocabulary.DIRECTED, "mlp"} and rng.random() < 0.5
    return RunConfig(
        data=DataConfig(
            dataset=dataset,
            directed="yes" if keeps else "no",
            split=rng.choice(vocabulary.SPLIT_PROTOCOLS),
            split_seed=rng.choice([None, 0, rng.randint(0, LARGEST_SEED)]),
            features=rng.choice(["raw", "row-normalized"]),
            csbm=csbm,
        ),
        model=ModelConfig(
            **draw_slot(rng),  # type: ignore[arg-type]
            backbone=backbone,
            layers=rng.randint(1, 4096),
            hidden=rng.randint(1, 65536),
            dropout=rng.random(),
            residual=rng.random() < 0.5,
            init=rng.choice(vocabulary.INITS),
        ),
        training=TrainingConfig(lr=10 ** rng.uniform(-300, 300), weight_decay=rng.choice([0, rng.random()])),
        recording=RecordingConfig(every=rng.randint(1, 10**9), snapshots=rng.choice(["log", "ends", "none"])),
        seed=rng.randint(0, LARGEST_SEED),
    )


def test_defaults() -> None:
    assert RunConfig().to_json() == DEFAULT_JSON


def test_default_identity() -> None:
    assert module.RESULTS_VERSION == 7, "a new results version changes every id: change the line below with it"
    assert RunConfig().run_id == hashlib.sha256(f"7:{DEFAULT_JSON}".encode()).hexdigest()[:16]


@pytest.mark.parametrize(("cls", "name", "accepted", "refused", "words"), INTEGERS + FLOATS)
def test_bounds(cls: type[Config], name: str, accepted: list[float], refused: list[float], words: str) -> None:
    effective = {"nodes": {"classes": 2}, "clusters": {"slot": "cna"}, "recluster_every": {"slot": "cna"}}
    effective["neighbors"] = {"batch_size": 1}
    rest: dict[str, Any] = effective.get(name, {})
    for value in accepted:
        assert getattr(cls(**rest, **{name: value}), name) == value
    for value in refused:
        assert refusal(cls, **rest, **{name: value}) == f"{name} = {value!r} is out of range: it must be {words}"


def test_every_number_is_in_the_tables() -> None:
    tabled = {(cls, name) for cls, name, *_ in INTEGERS + FLOATS}
    numbers = {
        (cls, name)
        for cls in CLASSES
        for name, field in cls.model_fields.items()
        if (isinstance(field.default, int | float) and type(field.default) is not bool)
        or name in {"split_seed", "batch_size", "project"}
    }
    assert tabled == numbers


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls, name, *_ in INTEGERS])
def test_what_is_no_integer(cls: type[Config], name: str) -> None:
    for value in (True, False, "3", 3.0, 2.5, [3], {}, b"3", 3 + 0j):
        assert refusal(cls, **{name: value}) == f"{name} = {value!r} is not accepted: input should be a valid integer"


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls, name, *_ in FLOATS])
def test_what_is_no_number(cls: type[Config], name: str) -> None:
    for value in (True, "0.5", None, [0.5], 1j):
        assert refusal(cls, **{name: value}) == f"{name} = {value!r} is not accepted: input should be a valid number"


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls, name, *_ in FLOATS])
def test_what_is_not_finite(cls: type[Config], name: str) -> None:
    for value in (math.inf, -math.inf, math.nan):
        assert refusal(cls, **{name: value}) == f"{name} = {value!r} is out of range: it must be a finite number"


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls, name, *_ in INTEGERS])
def test_what_is_not_finite_is_no_integer(cls: type[Config], name: str) -> None:
    for value in (math.inf, math.nan):
        assert refusal(cls, **{name: value}).startswith(f"{name} = {value!r} is ")


@pytest.mark.parametrize(
    "name", [name for _, name, *_ in INTEGERS if name not in {"split_seed", "batch_size", "project", "patience"}]
)
def test_none_is_no_integer(name: str) -> None:
    cls = next(cls for cls, other, *_ in INTEGERS if other == name)
    assert refusal(cls, **{name: None}) == f"{name} = None is not accepted: input should be a valid integer"


HINTS = {"dataset": " A graph of your own: `cna-viz graphs add FILE --name NAME`, then --dataset own:NAME."}


@pytest.mark.parametrize(
    ("cls", "field", "kind", "value", "nearest", "choices"),
    [
        (DataConfig, "dataset", "dataset", "coar", "cora", vocabulary.DATASETS),
        (DataConfig, "dataset", "dataset", "", None, vocabulary.DATASETS),
        (DataConfig, "dataset", "dataset", "Digits", "digits", vocabulary.DATASETS),
        (DataConfig, "split", "split protocol", "random-60-20", "random-60-20-20", vocabulary.SPLIT_PROTOCOLS),
        (ModelConfig, "backbone", "backbone", "gnc", "gcn", vocabulary.BACKBONES),
        (ModelConfig, "slot", "slot", "can-released", "cna-released", vocabulary.SLOTS),
        (ModelConfig, "slot", "slot", "rational", None, vocabulary.SLOTS),
        (ModelConfig, "assignment", "assignment", "k-means", "kmeans", vocabulary.ASSIGNMENTS),
        (ModelConfig, "normalization", "normalization", "nodes", "node", vocabulary.NORMALIZATIONS),
        (ModelConfig, "activation", "activation", "rationals", "rational", vocabulary.ACTIVATIONS),
        (ModelConfig, "sharing", "sharing", "share", "shared", vocabulary.SHARINGS),
        (ModelConfig, "metric", "metric", "cos", "cosine", vocabulary.METRICS),
        (ModelConfig, "schedule", "schedule", "release", "released", vocabulary.SCHEDULES),
        (ModelConfig, "init", "init", "orthogonl", "orthogonal", vocabulary.INITS),
        (ModelConfig, "jumping_knowledge", "jumping_knowledge", "mx", "max", vocabulary.JUMPING_KNOWLEDGE),
        (ModelConfig, "slot", "slot", "line\nbreak", None, vocabulary.SLOTS),
    ],
)
def test_unknown_names_list_the_nearest_first(
    cls: type[Config], field: str, kind: str, value: str, nearest: str | None, choices: tuple[str, ...]
) -> None:
    message = refusal(cls, **{field: value})
    listed = nearest_first(value, choices)
    assert message == f"unknown {kind} {value!r}; choices, nearest first: {', '.join(listed)}.{HINTS.get(field, '')}"
    assert sorted(listed) == sorted(choices)
    assert nearest is None or listed[0] == nearest


@pytest.mark.parametrize(("cls", "name"), [(DataConfig, "dataset"), (DataConfig, "split"), (ModelConfig, "slot")])
def test_what_is_no_name(cls: type[Config], name: str) -> None:
    for value in (3, None, True, ["relu"]):
        assert refusal(cls, **{name: value}) == f"{name} = {value!r} is not accepted: input should be a valid string"


@pytest.mark.parametrize("name", ["residual", "compile"])
def test_what_is_neither_true_nor_false(name: str) -> None:
    for value in (1, 0, "yes", None, 1.0):
        message = refusal(ModelConfig, **{name: value})
        assert message == f"{name} = {value!r} is not accepted: input should be a valid boolean"


@pytest.mark.parametrize("name", vocabulary.FACTORS)
@pytest.mark.parametrize("slot", ["relu", "cna"])
def test_what_is_no_factor(slot: str, name: str) -> None:
    for value in (3, True, ["none"], {}):
        message = refusal(ModelConfig, slot=slot, **{name: value})
        assert message == f"{name} = {value!r} is not accepted: input should be a valid string"


@pytest.mark.parametrize(
    ("name", "choices"), [("snapshots", "'log', 'ends' or 'none'"), ("precision", "'float16' or 'float32'")]
)
def test_unknown_choice(name: str, choices: str) -> None:
    for value in ("logs", "", None, 3, True):
        assert refusal(RecordingConfig, **{name: value}) == f"unknown {name} {value!r}; choices: {choices}"


@pytest.mark.parametrize(
    ("cls", "wrong", "right"),
    [
        (CSBMConfig, "node", "nodes"),
        (DataConfig, "splitseed", "split_seed"),
        (ModelConfig, "layer", "layers"),
        (TrainingConfig, "learning_rate_activation", "lr_activation"),
        (RecordingConfig, "snapshot", "snapshots"),
        (RunConfig, "sed", "seed"),
    ],
)
def test_unknown_fields_list_the_nearest_first(cls: type[Config], wrong: str, right: str) -> None:
    message = refusal(cls, **{wrong: 1})
    assert message.startswith(f"unknown field of {cls.__name__} {wrong!r}; choices, nearest first: {right}, ")
    assert all(name in message for name in cls.model_fields)


def test_several_faults_are_all_named_on_one_line() -> None:
    message = refusal(ModelConfig, layers=0, hidden=True, width=3)
    assert [part.split(" ")[0] for part in message.split("; ") if not part.startswith("choices")] == [
        "layers",
        "hidden",
        "unknown",
    ]


@pytest.mark.parametrize("part", ["data", "model", "training", "recording"])
def test_part_that_is_none(part: str) -> None:
    for value in (None, 3, "x", [], RunConfig()):
        message = refusal(RunConfig, **{part: value})
        assert "is not accepted: input should be a valid dictionary or instance of" in message


def test_faults_of_a_part_reach_the_whole() -> None:
    assert (
        refusal(RunConfig, model={"layers": 0}) == "layers = 0 is out of range: it must be at least 1 and at most 4096"
    )
    assert refusal(RunConfig, data={"dataset": "csbm", "csbm": {"nodes": 1}}).startswith("nodes = 1 is out of range")


def test_enormous_integer_is_refused_on_one_line() -> None:
    # Python refuses to write out integers of more than 4300 digits.
    assert refusal(RunConfig, seed=10**5000).startswith("seed = an enormous integer is out of range: ")


def test_long_values_are_cut_in_messages() -> None:
    assert len(refusal(ModelConfig, layers="x" * 10_000)) < 200
    assert len(refusal(RunConfig, data=[0] * 10_000)) < 200


def test_frozen() -> None:
    config = RunConfig()
    for part, name in [(config, "seed"), (config, "data"), (config.model, "layers"), (config, "other")]:
        with pytest.raises(ValidationError):
            setattr(part, name, 3)
    assert config.to_json() == DEFAULT_JSON
    assert hash(config) == hash(RunConfig())
    assert {config: 1}[RunConfig()] == 1


def test_csbm_parameters_only_with_csbm() -> None:
    assert DataConfig(dataset="csbm").csbm == CSBMConfig()
    assert DataConfig(dataset="csbm", csbm=None).csbm == CSBMConfig()
    given = CSBMConfig(nodes=50)
    assert DataConfig(dataset="csbm", csbm=given).csbm == given
    assert RunConfig(data={"dataset": "csbm", "csbm": {"nodes": 50}}).data.csbm == given  # type: ignore[arg-type]
    assert DataConfig(dataset="cora", csbm=None).csbm is None
    assert refusal(DataConfig, dataset="cora", csbm={}) == "csbm parameters need dataset 'csbm', not 'cora'"
    assert refusal(DataConfig, csbm=given) == "csbm parameters need dataset 'csbm', not 'digits'"
    message = "csbm classes = 10 is out of range: it must be at most nodes = 5"
    assert refusal(CSBMConfig, nodes=5, classes=10) == message
    assert refusal(DataConfig, dataset="csbm", csbm="x").startswith("'x' is not accepted")


@pytest.mark.parametrize("value", [0, False, "", []])
def test_csbm_parameters_of_a_wrong_type(value: object) -> None:
    assert "is not accepted" in refusal(DataConfig, dataset="csbm", csbm=value)


def test_split_seed_follows_the_run_unless_set() -> None:
    assert RunConfig(seed=7).split_seed == 7
    assert RunConfig(seed=7, data=DataConfig(split_seed=0)).split_seed == 0
    assert RunConfig(seed=7, data=DataConfig(split_seed=3)).split_seed == 3


def test_replace_validates() -> None:
    config = RunConfig(seed=1)
    changed = config.replace(seed=2, model=config.model.replace(layers=5))
    assert (changed.seed, changed.model.layers, config.seed, config.model.layers) == (2, 5, 1, 2)
    assert changed.data == config.data
    for changes in ({"seed": -1}, {"sed": 1}, {"model": {"layers": 0}}, {"seed": True}):
        with pytest.raises(UsageError):
            config.replace(**changes)
    csbm = DataConfig(dataset="csbm")
    with pytest.raises(UsageError, match="csbm parameters need dataset 'csbm', not 'cora'"):
        csbm.replace(dataset="cora")
    assert csbm.replace(dataset="cora", csbm=None) == DataConfig(dataset="cora")
    assert DataConfig().replace(dataset="csbm").csbm == CSBMConfig()


@pytest.mark.parametrize("backbone", vocabulary.BACKBONES)
def test_direction_goes_with_few_backbones(backbone: str) -> None:
    model = ModelConfig(backbone=backbone)
    directed, copy = (DataConfig(dataset="chameleon-directed", directed=choice) for choice in ("yes", "no"))
    assert (directed.is_directed, copy.is_directed) == (True, False)
    RunConfig(data=copy, model=model)
    if backbone in {"dirgnn", "dirgcn", "mlp"}:
        RunConfig(data=directed, model=model)
        return
    with pytest.raises(UsageError) as caught:
        RunConfig(data=directed, model=model)
    assert str(caught.value) == (
        f"backbone '{backbone}' can't use the direction that 'chameleon-directed' has; these can: dirgnn, dirgcn; "
        "--directed no trains on the symmetric copy"
    )


def test_json_leaves_out_what_few_have() -> None:
    data = {"dataset": "chameleon-directed", "split": "geom-gcn"}
    assert json.loads(DataConfig(**data).model_dump_json()) == {**data, "split_seed": None, "csbm": None}
    assert json.loads(DataConfig(**data, directed="no").model_dump_json())["directed"] == "no"
    # Without effect, so that equal runs have equal configs.
    assert DataConfig(dataset="chameleon", directed="no", weights="drop") == DataConfig(dataset="chameleon")
    normalized = DataConfig(**data, features="row-normalized")
    assert json.loads(normalized.model_dump_json())["features"] == "row-normalized"
    assert normalized.replace(features="raw").model_dump_json() == DataConfig(**data).model_dump_json()


def test_json_round_trip() -> None:
    rng = random.Random(0)
    ids = set()
    for config in [*(draw(rng) for _ in range(200)), *others()]:
        text = config.to_json()
        again = RunConfig.from_json(text)
        assert again == config
        assert again.to_json() == text
        assert again.run_id == config.run_id
        assert json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")) == text
        ids.add(config.run_id)
    assert len(ids) == 200 + len(others())


def test_json_may_be_partial_and_in_any_order() -> None:
    text = ' {"training": {"lr": 1}, "seed": 3,\n "model": {"slot": "cna"}} '
    config = RunConfig.from_json(text)
    assert config == RunConfig(model=ModelConfig(slot="cna"), training=TrainingConfig(lr=1.0), seed=3)
    assert RunConfig.from_json("{}") == RunConfig()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not valid JSON: "),
        ("{", "not valid JSON: "),
        ("[]", "[] is not accepted: "),
        ("null", "None is not accepted: "),
        ('{"seed": "3"}', "seed = '3' is not accepted: "),
        ('{"seed": 3.5}', "seed = 3.5 is not accepted: "),
        ('{"seed": true}', "seed = True is not accepted: "),
        ('{"training": {"lr": NaN}}', "lr = nan is out of range: "),
        ('{"training": {"lr": 1e999}}', "lr = inf is out of range: "),
        ('{"model": {"layers": 0}}', "layers = 0 is out of range: "),
        ('{"mdoel": {}}', "unknown field of RunConfig 'mdoel'; choices, nearest first: model, "),
        ('{"data": {"dataset": "coar"}}', "unknown dataset 'coar'; choices, nearest first: cora, "),
    ],
)
def test_bad_json(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        RunConfig.from_json(text)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_identity_differs_with_every_field() -> None:
    configs = [RunConfig(), *others()]
    ids = [config.run_id for config in configs]
    assert len(set(ids)) == len(ids)
    assert all(len(run_id) == 16 and set(run_id) <= set("0123456789abcdef") for run_id in ids)


def test_readout_is_for_datasets_of_graphs() -> None:
    with pytest.raises(UsageError, match="readout 'sum' needs a dataset of graphs: 'digits' is one graph"):
        RunConfig(model=ModelConfig(readout="sum"))
    with pytest.raises(UsageError, match=r"unknown readout 'median'"):
        RunConfig(data=DataConfig(dataset="motifs"), model=ModelConfig(readout="median"))


@pytest.mark.parametrize("model", [{"slot": "cna-labels"}, {"slot": "cna", "assignment": "labels"}])
def test_an_oracle_of_classes_needs_classes(model: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="assignment 'labels' needs classes: the targets of 'chameleon-traffic' are"):
        RunConfig(data=DataConfig(dataset="chameleon-traffic"), model=ModelConfig(**model))
    for dataset in ("digits", "motifs"):
        RunConfig(data=DataConfig(dataset=dataset), model=ModelConfig(**model))


def test_every_dataset_names_task_and_metric() -> None:
    assert set(vocabulary.TASK_OF) == set(vocabulary.METRIC_OF) == set(vocabulary.DATASETS)
    assert set(vocabulary.TASK_OF.values()) == set(vocabulary.TASKS)
    assert set(vocabulary.METRIC_OF.values()) <= set(vocabulary.SCORES) >= vocabulary.LOWER_IS_BETTER
    metrics = {name: DataConfig(dataset=name).metric for name in ("cora", "minesweeper", "tolokers", "questions")}
    assert metrics == {"cora": "accuracy", **dict.fromkeys(("minesweeper", "tolokers", "questions"), "roc_auc")}
    assert RunConfig(data=DataConfig(dataset="squirrel-traffic")).metric == "nmse"
    assert RunConfig(watched=WatchedConfig(**WATCHED)).metric == "accuracy"


def test_identity_differs_with_the_results_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = RunConfig().run_id
    monkeypatch.setattr(module, "RESULTS_VERSION", module.RESULTS_VERSION + 1)
    assert RunConfig().run_id != before


def test_whole_number_for_a_float_is_the_same_run() -> None:
    assert RunConfig(training=TrainingConfig(lr=1)).run_id == RunConfig(training=TrainingConfig(lr=1.0)).run_id


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls, name, accepted, *_ in FLOATS if 0.0 in accepted])
def test_equal_configs_have_equal_text(cls: type[Config], name: str) -> None:
    plus, minus = (cls(**{name: zero}) for zero in (0.0, -0.0))
    assert plus == minus
    assert plus.model_dump_json() == minus.model_dump_json()


def test_identity_under_another_results_version() -> None:
    config = RunConfig(seed=3)
    text = config.to_json()
    assert module.id_of(text.encode(), module.RESULTS_VERSION) == config.run_id
    assert module.id_of(text.encode(), 1) == hashlib.sha256(f"1:{text}".encode()).hexdigest()[:16]


# What is recorded


def test_measures_in_any_order_are_the_same_run() -> None:
    wanted = RunConfig(recording=RecordingConfig(measures=("rayleigh", "mad")))
    for given in [
        ("mad", "rayleigh"),
        ["rayleigh", "mad", "rayleigh"],
        "mad,rayleigh",
        " rayleigh , mad,",
    ]:
        config = RunConfig(recording=RecordingConfig(measures=given))  # type: ignore[arg-type]
        assert config == wanted
        assert config.run_id == wanted.run_id
        assert config.recording.measures == ("rayleigh", "mad")


def test_measures_are_in_the_order_of_the_vocabulary() -> None:
    rng = random.Random(0)
    for count in range(len(MEASURES) + 1):
        names = rng.sample(list(MEASURES), count)
        held = RecordingConfig(measures=names).measures  # type: ignore[arg-type]
        assert list(held) == [name for name in MEASURES if name in names]


@pytest.mark.parametrize("given", ["all", ["all"], ("all", "mad"), tuple(MEASURES)])
def test_all_measures(given: Any) -> None:
    assert RecordingConfig(measures=given).measures == tuple(MEASURES)


@pytest.mark.parametrize("given", ["", (), []])
def test_no_measures(given: Any) -> None:
    assert RecordingConfig(measures=given).measures == ()


def test_an_unknown_measure_lists_the_nearest_first() -> None:
    for given in ("med", ["mad", "med"], "rayleigh,med"):
        message = refusal(RecordingConfig, measures=given)
        assert message.startswith("unknown measure 'med'; choices, nearest first: mad,")
        assert all(name in message for name in MEASURES)


@pytest.mark.parametrize("given", [None, 3, True, [3], {"mad": 1}])
def test_what_are_no_measures(given: Any) -> None:
    assert "is not accepted: input should be a valid" in refusal(RecordingConfig, measures=given)


def test_what_is_watched_says_what_tells_runs_apart() -> None:
    config = RunConfig(watched=WATCHED, seed=3)  # type: ignore[arg-type]
    assert (config.layers, config.slot) == (3, "mine")
    facts = {"dataset": "own graph", "split": "its own", "backbone": "GCN", "slot": "mine", "layers": 3, "seed": 3}
    assert config.facts == facts
    own = RunConfig(model=ModelConfig(slot="cna", layers=5), data=DataConfig(dataset="karate"))
    assert (own.layers, own.slot) == (5, "cna")
    assert own.facts == {
        "dataset": "karate",
        "split": "random-60-20-20",
        "backbone": "gcn",
        "slot": "cna",
        "layers": 5,
        "seed": 0,
    }


@pytest.mark.parametrize("name", WATCHED)
def test_what_is_watched_is_described_completely(name: str) -> None:
    message = refusal(RunConfig, watched={key: value for key, value in WATCHED.items() if key != name})
    assert name in message


def test_every_field_has_a_description() -> None:
    for cls in CLASSES:
        assert issubclass(cls, BaseModel)
        for name, field in cls.model_fields.items():
            nested = isinstance(field.default_factory, type)
            assert nested or field.description, f"{cls.__name__}.{name}"


# The factors of a slot


def compositions(config: ModelConfig) -> dict[str, str]:
    """Return what a slot of the CNA family is made of, without what can have no effect, worked out by hand."""
    factors = dict(config.factors)
    if factors["assignment"] == "none" and factors["normalization"] == "cluster":
        factors["normalization"] = "batch"
    if factors["assignment"] != "kmeans":
        del factors["metric"], factors["schedule"]
        if factors["assignment"] != "random" and factors["activation"] != "rational":
            del factors["sharing"]
    return factors


def every_slot() -> list[ModelConfig]:
    """Return the config of every preset with every choice of its factors, a sample of them with all presets."""
    rng = random.Random(0)
    everything = [
        dict(zip(vocabulary.FACTORS, values, strict=True)) for values in product(*vocabulary.FACTORS.values())
    ]
    sample = [{"slot": rng.choice([*vocabulary.PRESETS]), **factors} for factors in everything]
    for preset in vocabulary.PRESETS:
        sample += [{"slot": preset, name: value} for name, values in vocabulary.FACTORS.items() for value in values]
    return [ModelConfig(**fields) for fields in sample]  # type: ignore[arg-type]


def test_factors_are_those_of_the_name() -> None:
    for name, factors in vocabulary.PRESETS.items():
        config = ModelConfig(slot=name)
        assert config.slot == name
        assert config.factors == factors
        assert all(getattr(config, factor) is None for factor in vocabulary.FACTORS)
    for name in set(vocabulary.SLOTS) - set(vocabulary.PRESETS):
        assert ModelConfig(slot=name).factors == {}


def test_networks_are_equal_exactly_if_their_configs_are() -> None:
    by_text: dict[str, list[dict[str, str]]] = {}
    by_composition: dict[str, set[str]] = {}
    for config in every_slot():
        text = config.model_dump_json()
        by_text.setdefault(text, []).append(compositions(config))
        by_composition.setdefault(str(compositions(config)), set()).add(text)
    assert all(each == same[0] for same in by_text.values() for each in same)
    assert all(len(texts) == 1 for texts in by_composition.values())
    # Metric and schedule only for kmeans, sharing not without a rational; none has no cluster beside batch.
    kmeans, random_, fixed, none = 4 * 3 * 2 * 2 * 3, 4 * 3 * 2, 4 * (2 + 1 + 1), 3 * (2 + 1 + 1)
    assert len(by_text) == kmeans + random_ + 2 * fixed + none


def test_given_factors_are_what_the_slot_is_made_of() -> None:
    for preset, (name, values) in product(vocabulary.PRESETS, vocabulary.FACTORS.items()):
        for value in values:
            wanted = compositions(ModelConfig.model_construct(slot=preset, **{name: value}))
            assert compositions(ModelConfig(**{"slot": preset, name: value})) == wanted  # type: ignore[arg-type]


def test_canonical_form_is_its_own() -> None:
    for config in every_slot():
        assert ModelConfig(**dict(config)) == config
        assert ModelConfig.model_validate_json(config.model_dump_json()) == config
        assert config.replace() == config
        overridden = {name for name in vocabulary.FACTORS if getattr(config, name) is not None}
        assert all(getattr(config, name) != vocabulary.PRESETS[config.slot][name] for name in overridden)


@pytest.mark.parametrize(
    ("fields", "slot"),
    [
        ({"slot": "cna", "activation": "relu"}, "cn"),
        ({"slot": "cna", "normalization": "none"}, "ca"),
        ({"slot": "cna", "normalization": "none", "activation": "relu"}, "c"),
        ({"slot": "cna", "assignment": "none"}, "na"),
        ({"slot": "a", "normalization": "node"}, "na"),
        ({"slot": "cn", "assignment": "none"}, "n"),
        ({"slot": "ca", "assignment": "none"}, "a"),
        ({"slot": "cna", "assignment": "random"}, "cna-random"),
        ({"slot": "cna-random", "assignment": "labels", "metric": "cosine"}, "cna-labels"),
        ({"slot": "n", "assignment": "communities", "normalization": "cluster", "activation": "rational"}, None),
        (
            {"slot": "cna", "normalization": "node", "sharing": "shared", "metric": "cosine", "schedule": "released"},
            "cna-released",
        ),
    ],
)
def test_factors_rename_the_slot(fields: dict[str, str], slot: str | None) -> None:
    config = ModelConfig(**fields)  # type: ignore[arg-type]
    assert config.slot == (slot or "cna-communities")
    left = {name for name in vocabulary.FACTORS if getattr(config, name) is not None}
    assert left == ({"normalization"} if fields.get("normalization") == "node" and slot == "na" else set())


def test_the_same_network_by_two_ways_is_one_run() -> None:
    one = ModelConfig(slot="cna", normalization="node")
    other = ModelConfig(slot="cn", normalization="node", activation="rational")
    assert (one.slot, one.normalization) == ("cna", "node")
    assert RunConfig(model=one).run_id == RunConfig(model=other).run_id
    assert RunConfig(model=one).run_id != RunConfig(model=ModelConfig(slot="cna")).run_id
    assert RunConfig.from_json('{"model": {"slot": "cna", "activation": "relu"}}') == RunConfig(
        model=ModelConfig(slot="cn")
    )


def test_factors_may_be_changed_later() -> None:
    config = ModelConfig(slot="cna", clusters=5, recluster_every=3)
    assert config.replace(activation="relu") == ModelConfig(slot="cn", clusters=5, recluster_every=3)
    assert config.replace(metric="cosine").replace(metric=None) == config
    assert config.replace(slot="ca") == ModelConfig(slot="ca", clusters=5, recluster_every=3)


@pytest.mark.parametrize("slot", sorted(set(vocabulary.SLOTS) - set(vocabulary.PRESETS)))
def test_factors_of_slots_that_have_none_are_refused(slot: str) -> None:
    those = f"only these slots have it: {', '.join(vocabulary.PRESETS)}"
    for name, (value, *_) in vocabulary.FACTORS.items():
        message = refusal(ModelConfig, slot=slot, **{name: value})
        assert message == f"{name} = {value!r} does not go with slot {slot!r}: {those}"
        assert ModelConfig(**{"slot": slot, name: None}) == ModelConfig(slot=slot)  # type: ignore[arg-type]


def test_settings_without_effect_take_their_default() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # not where nobody can have meant anything by it
        for slot in ("none", "relu", "batchnorm", "layernorm", "nodenorm", "pairnorm", "graphnorm", "meansub"):
            assert ModelConfig(slot=slot, clusters=5, recluster_every=3, compile=True) == ModelConfig(slot=slot)
        for slot in ("cna-random", "cna-communities", "cna-labels", "na", "a", "n"):
            assert ModelConfig(slot=slot, recluster_every=3) == ModelConfig(slot=slot)
        running = ModelConfig(slot="cna", schedule="running")
        assert ModelConfig(slot="cna", schedule="running", recluster_every=3) == running
    kept = [
        ("cna", {"clusters": 5, "recluster_every": 3, "compile": True}),
        ("cna-released", {"clusters": 5, "recluster_every": 3, "compile": True}),
        ("cna-random", {"clusters": 5, "compile": True}),
        ("cna-communities", {"clusters": 5}),
        ("diffgroupnorm", {"clusters": 5}),
        ("a", {"compile": True}),
    ]
    for slot, fields in kept:
        config = ModelConfig(slot=slot, **fields)  # type: ignore[arg-type]
        assert {name: getattr(config, name) for name in fields} == fields


def test_neighbors_without_batches_take_their_default() -> None:
    assert TrainingConfig(neighbors=3) == TrainingConfig()
    assert TrainingConfig(neighbors=3, batch_size=8).neighbors == 3
    assert TrainingConfig(neighbors=3, batch_size=8).replace(batch_size=None) == TrainingConfig()


def test_clusters_have_an_effect_where_they_are_used() -> None:
    used = {name for name in vocabulary.SLOTS if ModelConfig(slot=name).uses_clusters}
    clustering = {"cna", "c", "cn", "ca", "cna-released", "cna-random", "cna-communities"}
    assert used == {*clustering, "diffgroupnorm"}


@pytest.mark.parametrize(
    ("slot", "assignment", "reason"),
    [("na", "none", "all nodes are in one cluster"), ("cna-labels", "labels", "each class is a cluster")],
)
def test_clusters_that_a_slot_can_not_have_are_a_warning(slot: str, assignment: str, reason: str) -> None:
    message = f"^clusters = 5 has no effect with assignment '{assignment}': {reason}$"
    with pytest.warns(UserWarning, match=message):
        config = ModelConfig(slot=slot, clusters=5)
    assert config == ModelConfig(slot=slot)
    with pytest.warns(UserWarning, match=message):
        assert ModelConfig(slot="cna", clusters=5, assignment=assignment) == config
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ModelConfig(slot=slot, clusters=8) == config


def test_wrong_values_are_refused_whatever_they_would_do() -> None:
    assert refusal(ModelConfig, slot="relu", clusters=0) == "clusters = 0 is out of range: it must be at least 1"
    assert refusal(ModelConfig, slot="a", recluster_every=True).startswith("recluster_every = True is not accepted")
    assert refusal(ModelConfig, slot="cn", clusters=None).startswith("clusters = None is not accepted")
    assert "unknown slot 'rely'" in refusal(ModelConfig, slot="rely", activation="relu")
    assert "unknown metric 'manhattan'" in refusal(ModelConfig, slot="cna", metric="manhattan")


def test_a_message_names_the_first_few_of_many_mistakes() -> None:
    with pytest.raises(UsageError, match=r"; and 95 more$"):
        ModelConfig.model_validate({f"x{number}": 1 for number in range(100)})
