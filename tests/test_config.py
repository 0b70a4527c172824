"""The config: defaults, strict checks with one readable line each, one identity per run."""

import hashlib
import json
import math
import random
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from cna_viz import config as module
from cna_viz import vocabulary
from cna_viz.config import (
    Config,
    CSBMConfig,
    DataConfig,
    ModelConfig,
    RecordingConfig,
    RunConfig,
    TrainingConfig,
)
from cna_viz.errors import UsageError, nearest_first

DEFAULT_JSON = (
    '{"data":{"csbm":null,"dataset":"digits","split":"random-60-20-20","split_seed":null},'
    '"model":{"backbone":"gcn","clusters":8,"dropout":0.0,"hidden":64,"layers":2,"recluster_every":20,"slot":"relu"},'
    '"recording":{"every":1,"precision":"float16","snapshots":"log"},'
    '"seed":0,'
    '"training":{"epochs":200,"lr":0.01,"lr_activation":0.001,"patience":100,"weight_decay":0.0005}}'
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
    (RecordingConfig, "every", [1, 10**12], [0, -1], "at least 1"),
    (RunConfig, "seed", [0, LARGEST_SEED], [-1, 2**63], f"at least 0 and at most {LARGEST_SEED}"),
]
FLOATS: list[tuple[type[Config], str, list[float], list[float], str]] = [
    (CSBMConfig, "degree", [1e-300, 1e300], [0.0, -1.0], "greater than 0"),
    (CSBMConfig, "homophily", [0.0, 1.0], [-0.1, 1.0000001], "at least 0 and at most 1"),
    (CSBMConfig, "noise", [0.0, 1e300], [-1e-9], "at least 0"),
    (ModelConfig, "dropout", [0.0, 0.999], [-0.1, 1.0], "at least 0 and less than 1"),
    (TrainingConfig, "lr", [1e-300, 1e300], [0.0, -0.01], "greater than 0"),
    (TrainingConfig, "lr_activation", [1e-300, 1e300], [0.0, -0.01], "greater than 0"),
    (TrainingConfig, "weight_decay", [0.0, 1e300], [-1e-9], "at least 0"),
]
CLASSES = (CSBMConfig, DataConfig, ModelConfig, TrainingConfig, RecordingConfig, RunConfig)


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
        "slot": "cna",
        "layers": 3,
        "hidden": 65,
        "clusters": 9,
        "recluster_every": 21,
        "dropout": 0.1,
    }
    assert set(model) == set(ModelConfig.model_fields) - {"backbone"}  # there is only one backbone
    training: dict[str, Any] = {"epochs": 201, "lr": 0.02, "lr_activation": 0.01, "weight_decay": 0.0, "patience": 101}
    assert set(training) == set(TrainingConfig.model_fields)
    recording: dict[str, Any] = {"every": 2, "snapshots": "ends", "precision": "float32"}
    assert set(recording) == set(RecordingConfig.model_fields)
    return [
        base.replace(seed=1),
        *(base.replace(data=part) for part in data),
        *(base.replace(model=base.model.replace(**{key: value})) for key, value in model.items()),
        *(base.replace(training=base.training.replace(**{key: value})) for key, value in training.items()),
        *(base.replace(recording=base.recording.replace(**{key: value})) for key, value in recording.items()),
    ]


def draw(rng: random.Random) -> RunConfig:
    """Draw a valid config."""
    csbm = None
    dataset = rng.choice(vocabulary.DATASETS)
    if dataset == "csbm":
        csbm = CSBMConfig(nodes=rng.randint(10, 10**7), classes=rng.randint(2, 10), homophily=rng.random())
    return RunConfig(
        data=DataConfig(
            dataset=dataset,
            split=rng.choice(vocabulary.SPLIT_PROTOCOLS),
            split_seed=rng.choice([None, 0, rng.randint(0, LARGEST_SEED)]),
            csbm=csbm,
        ),
        model=ModelConfig(
            slot=rng.choice(vocabulary.SLOTS),
            layers=rng.randint(1, 4096),
            hidden=rng.randint(1, 65536),
            dropout=rng.random(),
        ),
        training=TrainingConfig(lr=10 ** rng.uniform(-300, 300), weight_decay=rng.choice([0, rng.random()])),
        recording=RecordingConfig(every=rng.randint(1, 10**9), snapshots=rng.choice(["log", "ends", "none"])),
        seed=rng.randint(0, LARGEST_SEED),
    )


def test_defaults() -> None:
    assert RunConfig().to_json() == DEFAULT_JSON


def test_default_identity() -> None:
    assert module.RESULTS_VERSION == 1, "a new results version changes every id: change the line below with it"
    assert RunConfig().run_id == hashlib.sha256(f"1:{DEFAULT_JSON}".encode()).hexdigest()[:16]


@pytest.mark.parametrize(("cls", "name", "accepted", "refused", "words"), INTEGERS + FLOATS)
def test_bounds(cls: type[Config], name: str, accepted: list[float], refused: list[float], words: str) -> None:
    rest = {"classes": 2} if (cls, name) == (CSBMConfig, "nodes") else {}
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
        if isinstance(field.default, int | float) or name == "split_seed"
    }
    assert tabled == numbers


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls, name, *_ in INTEGERS])
@pytest.mark.parametrize("value", [True, False, "3", 3.0, 2.5, [3], {}, b"3", 3 + 0j])
def test_what_is_no_integer(cls: type[Config], name: str, value: object) -> None:
    assert refusal(cls, **{name: value}) == f"{name} = {value!r} is not accepted: input should be a valid integer"


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls, name, *_ in FLOATS])
@pytest.mark.parametrize("value", [True, "0.5", None, [0.5], 1j])
def test_what_is_no_number(cls: type[Config], name: str, value: object) -> None:
    assert refusal(cls, **{name: value}) == f"{name} = {value!r} is not accepted: input should be a valid number"


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls, name, *_ in FLOATS])
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_not_finite(cls: type[Config], name: str, value: float) -> None:
    assert refusal(cls, **{name: value}) == f"{name} = {value!r} is out of range: it must be a finite number"


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls, name, *_ in INTEGERS])
@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_what_is_not_finite_is_no_integer(cls: type[Config], name: str, value: float) -> None:
    assert refusal(cls, **{name: value}).startswith(f"{name} = {value!r} is ")


@pytest.mark.parametrize("name", [name for _, name, *_ in INTEGERS if name != "split_seed"])
def test_none_is_no_integer(name: str) -> None:
    cls = next(cls for cls, other, *_ in INTEGERS if other == name)
    assert refusal(cls, **{name: None}) == f"{name} = None is not accepted: input should be a valid integer"


@pytest.mark.parametrize(
    ("cls", "field", "kind", "value", "nearest", "choices"),
    [
        (DataConfig, "dataset", "dataset", "coar", "cora", vocabulary.DATASETS),
        (DataConfig, "dataset", "dataset", "", None, vocabulary.DATASETS),
        (DataConfig, "dataset", "dataset", "Digits", "digits", vocabulary.DATASETS),
        (DataConfig, "split", "split protocol", "random-60-20", "random-60-20-20", vocabulary.SPLIT_PROTOCOLS),
        (ModelConfig, "backbone", "backbone", "gat", "gcn", vocabulary.BACKBONES),
        (ModelConfig, "slot", "slot", "rationale", "rational", vocabulary.SLOTS),
        (ModelConfig, "slot", "slot", "line\nbreak", None, vocabulary.SLOTS),
    ],
)
def test_unknown_names_list_the_nearest_first(
    cls: type[Config], field: str, kind: str, value: str, nearest: str | None, choices: tuple[str, ...]
) -> None:
    message = refusal(cls, **{field: value})
    listed = nearest_first(value, choices)
    assert message == f"unknown {kind} {value!r}; choices, nearest first: {', '.join(listed)}."
    assert sorted(listed) == sorted(choices)
    assert nearest is None or listed[0] == nearest


@pytest.mark.parametrize(("cls", "name"), [(DataConfig, "dataset"), (DataConfig, "split"), (ModelConfig, "slot")])
@pytest.mark.parametrize("value", [3, None, True, ["relu"]])
def test_what_is_no_name(cls: type[Config], name: str, value: object) -> None:
    assert refusal(cls, **{name: value}) == f"{name} = {value!r} is not accepted: input should be a valid string"


@pytest.mark.parametrize(
    ("name", "choices"), [("snapshots", "'log', 'ends' or 'none'"), ("precision", "'float16' or 'float32'")]
)
@pytest.mark.parametrize("value", ["logs", "", None, 3, True])
def test_unknown_choice(name: str, choices: str, value: object) -> None:
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
@pytest.mark.parametrize("value", [None, 3, "x", [], RunConfig()])
def test_part_that_is_none(part: str, value: object) -> None:
    assert "is not accepted: input should be a valid dictionary or instance of" in refusal(RunConfig, **{part: value})


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


def test_identity_differs_with_the_results_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = RunConfig().run_id
    monkeypatch.setattr(module, "RESULTS_VERSION", 2)
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
    assert config.id_under(module.RESULTS_VERSION) == config.run_id
    assert config.id_under(2) == hashlib.sha256(f"2:{config.to_json()}".encode()).hexdigest()[:16]


def test_every_field_has_a_description() -> None:
    for cls in CLASSES:
        assert issubclass(cls, BaseModel)
        for name, field in cls.model_fields.items():
            nested = isinstance(field.default_factory, type)
            assert nested or field.description, f"{cls.__name__}.{name}"
