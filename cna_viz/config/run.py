"""The single description of a run: a frozen, validated :class:`RunConfig` and its identity.

Notebooks, JSON files, the command line and report parameters all become a ``RunConfig`` and get the same checks and
messages. Numbers are strict (``True`` is no integer); infinities, NaN and unknown fields are refused.
"""

import hashlib
import json
import re
import warnings
from collections.abc import Collection
from typing import Annotated, Any, Final, Literal, Self, get_args

from annotated_types import Ge, Gt, Le, Lt
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from cna_viz.config import vocabulary
from cna_viz.config.datasets import CATALOG
from cna_viz.config.measures import MEASURES
from cna_viz.config.own import PREFIX, check_name, look_up, own_names
from cna_viz.errors import UsageError, shown, unknown_name

RESULTS_VERSION = 7
"""Raised whenever the same config would give other numbers, so that old records are never mistaken for new ones."""

_NAMED: Final = 5
"""Maximum number of mistakes that one message names."""


def _one_of(kind: str, choices: Collection[str]) -> AfterValidator:
    """Validator for a name of the vocabulary; the error lists the choices, nearest first."""

    def check(value: str) -> str:
        if value not in choices:
            raise unknown_name(kind, value, choices)
        return value

    return AfterValidator(check)


def _dataset(value: str) -> str:
    """Check the name of a dataset: one of the catalogue, or ``own:`` and the name of a graph of the user's."""
    if value.startswith(PREFIX):
        return PREFIX + check_name(value)
    if value not in vocabulary.DATASETS:
        own = ", ".join(PREFIX + name for name in own_names())
        hint = f"Yours: {own}." if own else ""
        hint += " A graph of your own: `cna-viz graphs add FILE --name NAME`, then --dataset own:NAME."
        raise unknown_name("dataset", value, vocabulary.DATASETS, hint)
    return value


NonNegative = Annotated[float, Ge(0), AfterValidator(lambda value: value + 0.0)]
"""A number of at least 0; -0.0 becomes 0.0, because equal configs must have equal text."""
Seed = Annotated[int, Ge(0), Le(2**63 - 1)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def _split_file(value: str) -> str:
    """Check that a split file is named by its digest: a config opens no files."""
    if not re.fullmatch("[0-9a-f]{64}", value):
        raise UsageError(
            f"split_file = {shown(value)} is not the SHA-256 of a split: `cna-viz run --split-file FILE` and "
            "cna_viz.graphs.add_split(file, data) keep a file and give it"
        )
    return value


class Config(BaseModel):
    """Base of all configs: frozen, strict, with errors of one readable line."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    @model_validator(mode="wrap")
    @classmethod
    def _readable_errors(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            raise UsageError(_sentence(cls, error)) from None

    def replace(self, **changes: Any) -> Self:
        """Return a validated copy with ``changes`` applied (``model_copy`` would skip validation)."""
        return type(self).model_validate({**dict(self), **changes})


class CSBMConfig(Config):
    """A contextual stochastic block model (Deshpande et al., arXiv 1807.09596), used when ``dataset`` is ``csbm``."""

    nodes: Annotated[int, Ge(2), Le(10_000_000)] = 1000
    """Number of nodes."""
    classes: Annotated[int, Ge(2), Le(1000)] = 4
    """Number of equally large classes."""
    features: Annotated[int, Ge(1), Le(100_000)] = 32
    """Number of features per node."""
    degree: Annotated[float, Gt(0)] = 8.0
    """Expected degree of a node."""
    homophily: Annotated[NonNegative, Le(1)] = 0.8
    """Expected share of a node's edges that lead to its own class."""
    noise: NonNegative = 1.0
    """Standard deviation of the features around their class mean (class means have norm 1 in expectation)."""
    seed: Seed = 0
    """Seed of the graph and its features, apart from the seed of the run."""

    @model_validator(mode="after")
    def _enough_nodes(self) -> Self:
        if self.classes > self.nodes:
            raise UsageError(f"csbm classes = {self.classes} is out of range: it must be at most nodes = {self.nodes}")
        return self


class OwnGraph(Config):
    """What a run states of a graph of the user's own; it is looked up when a config names the graph."""

    name: str
    """Its name, a label."""
    digest: Digest
    """SHA-256 of its content, its identity; see :func:`cna_viz.data.content.content_digest`."""
    task: Annotated[str, _one_of("task", vocabulary.TASKS)]
    """The task: node-classification, node-regression or graph-classification."""
    metric: Annotated[str, _one_of("score", vocabulary.SCORES)]
    """The score that selects the model."""
    directed: bool = False
    """Whether the direction of its edges was kept."""
    weighted: bool = False
    """Whether its edges have weights."""
    masks: bool = False
    """Whether it has masks, which are the split ``own``."""


class DataConfig(Config):
    """Which graph, and which nodes train, select and test."""

    dataset: Annotated[str, AfterValidator(_dataset)] = "digits"
    """Name of the dataset, or own:NAME for a graph of yours; `cna-viz datasets` lists them."""
    split: Annotated[str, _one_of("split protocol", vocabulary.SPLIT_PROTOCOLS)] = "random-60-20-20"
    """Split protocol: public, random-80-10-10, random-60-20-20, random-48-32-20; drawn in every class class-80-10-10,
    class-40-30-30, class-70-15-15, class-60-20-20; geom-gcn; official-code, for Planetoid graphs; or own."""
    split_seed: Seed | None = None
    """Seed of a random split, or number of a published one; follows the run's seed when left out."""
    split_file: Annotated[str, AfterValidator(_split_file)] | None = None
    """File with a split of your own, .npz or .csv; the config keeps the SHA-256 of its content."""
    directed: Literal["yes", "no"] = "yes"
    """Whether a directed graph keeps its direction, which only dirgnn and dirgcn use; no for its symmetric copy."""
    weights: Literal["use", "drop"] = "use"
    """Whether a weighted graph keeps its weights, which gat, gin, transformer, dirgnn and dirgcn can't use; or drop."""
    features: Literal["raw", "row-normalized"] = "raw"
    """Features as published, or each row less the smallest of all features, divided by its sum where that exceeds 1."""
    csbm: CSBMConfig | None = None
    """Parameters of the csbm graph; only with `dataset` csbm."""
    own: OwnGraph | None = None
    """Identity of a graph of the user's own; looked up by name."""

    @property
    def task(self) -> str:
        """The task: node-classification, node-regression or graph-classification."""
        return vocabulary.TASK_OF[self.dataset] if self.own is None else self.own.task

    @property
    def metric(self) -> str:
        """The score that selects the model and compares arms: accuracy, roc_auc or nmse."""
        return vocabulary.METRIC_OF[self.dataset] if self.own is None else self.own.metric

    @property
    def is_directed(self) -> bool:
        """Whether networks are given the direction of edges."""
        known = CATALOG[self.dataset].directed if self.own is None else self.own.directed
        return known and self.directed == "yes"

    @property
    def is_weighted(self) -> bool:
        """Whether networks are given the weights of edges."""
        return self.own is not None and self.own.weighted and self.weights == "use"

    @model_validator(mode="before")
    @classmethod
    def _csbm_only_with_csbm(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        if data.get("dataset") == "csbm":
            return {**data, "csbm": {} if data.get("csbm") is None else data["csbm"]}
        if data.get("csbm") is not None:
            raise UsageError(f"csbm parameters need dataset 'csbm', not {shown(data.get('dataset', 'digits'))}")
        return data

    @model_validator(mode="before")
    @classmethod
    def _own_by_name(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        data, name = dict(data), data.get("dataset")
        if data.get("split_file") is not None:
            data.setdefault("split", "own")
        known: dict[str, Any] = {}
        if isinstance(name, str) and name.startswith(PREFIX):
            given = dict(data["own"]) if isinstance(data.get("own"), Config | dict) else {}
            known = {"name": check_name(name), **given}
            if "digest" not in known or known["name"] != check_name(name):
                known = look_up(name)
            data["own"] = {field: known[field] for field in OwnGraph.model_fields if field in known}
        else:
            data.pop("own", None)
        # Settings without effect take their default: equal runs have equal configs.
        spec = CATALOG.get(name) if isinstance(name, str) else None
        if data.get("directed") == "no" and not (known.get("directed") or (spec and spec.directed)):
            data["directed"] = "yes"
        if data.get("weights") == "drop" and not known.get("weighted"):
            data["weights"] = "use"
        return data

    @model_validator(mode="after")
    def _split_file_is_own(self) -> Self:
        if self.split_file is not None and self.split != "own":
            raise UsageError(f"a split file is split protocol 'own', not {self.split!r}")
        return self

    @model_serializer(mode="wrap")
    def _without_what_few_have(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Configs that say nothing of these keep the text, and so the id, that they had before there were any.
        defaults = {"split_file": None, "directed": "yes", "weights": "use", "features": "raw", "own": None}
        return {name: value for name, value in handler(self).items() if value != defaults.get(name, ...)}


class ModelConfig(Config):
    """The network: `layers` convolutions with a slot in each gap between them.

    Equal networks have equal configs: a slot of the CNA family becomes the nearest preset, factors equal to its
    own are dropped, and settings without effect take their default.
    """

    backbone: Annotated[str, _one_of("backbone", vocabulary.BACKBONES)] = "gcn"
    """Kind of convolution: gcn, sage, gat, gin, transformer, chebyshev, sgc, gcnii, appnp, dirgnn, dirgcn; or mlp."""
    slot: Annotated[str, _one_of("slot", vocabulary.SLOTS)] = "relu"
    """Slot between two convolutions: none, relu, cna or some of its parts (c, n, a, cn, ca, na), cna-released,
    a control (cna-random, cna-labels, cna-communities), or a norm and ReLU (layernorm, nodenorm, batchnorm, pairnorm,
    diffgroupnorm, graphnorm, meansub)."""
    layers: Annotated[int, Ge(1), Le(4096)] = 2
    """Number of convolutions, the output convolution included."""
    hidden: Annotated[int, Ge(1), Le(65536)] = 64
    """Channels of every hidden layer."""
    clusters: Annotated[int, Ge(1)] = 8
    """Clusters per slot (kmeans, random, communities; groups of diffgroupnorm); at most the number of nodes."""
    recluster_every: Annotated[int, Ge(1)] = 20
    """Training calls of a slot between two clusterings (kmeans); where they are `released`, calls of all kinds by all
    layers that share it: three per epoch and layer, in training, validation and test."""
    assignment: Annotated[str, _one_of("assignment", vocabulary.ASSIGNMENTS)] | None = None
    """C, where it differs from the slot's: kmeans, random, labels (an oracle; unlabelled nodes are one more cluster),
    communities or none."""
    normalization: Annotated[str, _one_of("normalization", vocabulary.NORMALIZATIONS)] | None = None
    """N, where it differs from the slot's: over each cluster, node, batch (all nodes), or none."""
    activation: Annotated[str, _one_of("activation", vocabulary.ACTIVATIONS)] | None = None
    """A, where it differs from the slot's: rational (one per cluster), relu or none."""
    sharing: Annotated[str, _one_of("sharing", vocabulary.SHARINGS)] | None = None
    """Whether slots have clusters and rationals of their own, where it differs from the slot's: per-layer or shared."""
    metric: Annotated[str, _one_of("metric", vocabulary.METRICS)] | None = None
    """Distance of kmeans, where it differs from the slot's: euclidean or cosine."""
    schedule: Annotated[str, _one_of("schedule", vocabulary.SCHEDULES)] | None = None
    """Schedule of kmeans, where it differs from the slot's: warm (labels held in between), released or running."""
    residual: bool = False
    """Add what entered a hidden layer to what leaves its slot."""
    initial_residual: Annotated[NonNegative, Lt(1)] = 0.0
    """Share of the first layer's output that is mixed into what leaves every further slot; 0 for none."""
    jumping_knowledge: Annotated[str, _one_of("jumping_knowledge", vocabulary.JUMPING_KNOWLEDGE)] = "none"
    """Input of the last convolution: the last hidden layer (none), or all, side by side (cat) or their max."""
    drop_edge: Annotated[NonNegative, Lt(1)] = 0.0
    """Share of the edges that are left out at random in every training step (DropEdge)."""
    dropout: Annotated[NonNegative, Lt(1)] = 0.0
    """Probability of dropping a feature before each convolution, while training."""
    init: Annotated[str, _one_of("init", vocabulary.INITS)] = "glorot"
    """Start of the weights: glorot, orthogonal, or large (normal with four times the variance of glorot)."""
    readout: Annotated[str, _one_of("readout", vocabulary.READOUTS)] = "mean"
    """How the outputs of its nodes become the output of a graph: mean, sum or max; only with datasets of graphs."""
    compile: bool = False
    """Compile slots of the CNA family with torch.compile, to save memory traffic on GPUs; takes 10 to 40 s once."""

    @model_validator(mode="before")
    @classmethod
    def _canonical_factors(cls, data: Any) -> Any:
        return _canonical(dict(data)) if isinstance(data, dict) else data

    @property
    def factors(self) -> dict[str, str]:
        """Choices of the slot by factor; empty for slots outside the CNA family."""
        chosen = {name: getattr(self, name) for name in vocabulary.FACTORS}
        return {name: chosen[name] or value for name, value in vocabulary.PRESETS.get(self.slot, {}).items()}

    @property
    def uses_clusters(self) -> bool:
        """Whether ``clusters`` has an effect."""
        return _uses_clusters(self.slot, self.factors)


class TrainingConfig(Config):
    """Adam with two groups: weights, and the coefficients of learned activations."""

    epochs: Annotated[int, Ge(0), Le(1_000_000)] = 200
    """Maximum passes over the training nodes, one step each without `batch_size`; 0 records the untrained network."""
    lr: Annotated[float, Gt(0)] = 0.01
    """Learning rate of the weights."""
    lr_activation: Annotated[float, Gt(0)] = 0.001
    """Learning rate of the rational activations."""
    weight_decay: NonNegative = 0.0005
    """L2 penalty on the weights, and where the clusters are `released` on the rational activations."""
    patience: Annotated[int, Ge(1)] | None = 100
    """Stop after so many epochs without a better validation score or a lower validation loss; none to never stop."""
    batch_size: Annotated[int, Ge(1)] | None = None
    """Training nodes per step, each with sampled neighbours, or training graphs; all in one step when left out."""
    neighbors: Annotated[int, Ge(1), Le(10_000)] = 10
    """Neighbours sampled per node and layer; only with `batch_size`."""

    @model_validator(mode="before")
    @classmethod
    def _neighbors_only_with_batches(cls, data: Any) -> Any:
        # Settings without effect take their default: equal trainings have equal configs.
        inactive = isinstance(data, dict) and data.get("batch_size") is None and _is_count(data.get("neighbors"))
        return {**data, "neighbors": cls.model_fields["neighbors"].default} if inactive else data


class RecordingConfig(Config):
    """The recording of a run."""

    every: Annotated[int, Ge(1)] = 50
    """Measure the layers every so many epochs, and at the first, the best, the last and where there is a snapshot."""
    measures: tuple[Annotated[str, _one_of("measure", MEASURES)], ...] = vocabulary.DEFAULT_MEASURES
    """Measures of the layers, as in rayleigh,mad; `all` for every one. Those left out of the default take time."""
    snapshots: Literal["log", "ends", "none"] = "log"
    """Epochs at which embeddings are kept: log (0, 1, 10, 100 ..., best, last), ends (0, best) or none."""
    precision: Literal["float16", "float32"] = "float16"
    """Stored precision of embeddings; float32 takes over where float16 would lose differences between nodes."""
    project: Annotated[int, Ge(1)] | None = None
    """Keep embeddings of more channels than this as a fixed random projection to so many; all channels if left out."""

    @field_validator("measures", mode="before")
    @classmethod
    def _in_the_order_of_the_vocabulary(cls, value: Any) -> Any:
        # Equal sets of measures are equal configs.
        names = value.split(",") if isinstance(value, str) else value
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            return value
        names = [name.strip() for name in names if name.strip()]
        unknown = [name for name in names if name not in {*MEASURES, "all"}]
        if "all" in names and not unknown:
            return tuple(MEASURES)
        return tuple(unknown or [name for name in MEASURES if name in names])


class WatchedConfig(Config):
    """A network with a model and training from outside this library; see :func:`cna_viz.watch`."""

    name: str
    """Name in figures."""
    model: str
    """Class of the model."""
    dataset: str
    """Name of the data in figures."""
    layers: Annotated[int, Ge(1)]
    """Number of layers found in it."""
    key: str
    """Distinguishes trainings whose settings are unknown."""
    task: Annotated[str, _one_of("task", vocabulary.WATCHED_TASKS)] = "node-classification"
    """What is scored: node-classification, node-regression, graph-classification, or none."""
    is_directed: bool = False
    """Whether the network was given edges with a direction."""
    is_weighted: bool = False
    """Whether the network was given the weights of edges."""
    program: str = ""
    """Digest of the model's code and shape, which tells apart models of one name; empty in older records."""
    started: str = ""
    """Start of the training in UTC, which tells apart trainings of one program and seed; empty in older records."""
    seeded: bool = True
    """Whether the seed was stated."""
    split: str = "its own"
    """Which split: that of the data (its own), a column of its masks, or one that was given."""

    @property
    def metric(self) -> str:
        """The score that figures show: r2 for numbers to predict, else accuracy."""
        return "r2" if self.task == "node-regression" else "accuracy"

    @model_serializer(mode="wrap")
    def _without_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Records from before a field was there keep their text, and so their id.
        fields = type(self).model_fields
        return {name: value for name, value in handler(self).items() if value != fields[name].default}


class RunConfig(Config):
    """One run, completely described. Same config, same machine: same numbers."""

    data: DataConfig = Field(default_factory=DataConfig)
    model: ModelConfig = Field(default_factory=ModelConfig)
    training: TrainingConfig = Field(default_factory=TrainingConfig)
    recording: RecordingConfig = Field(default_factory=RecordingConfig)
    watched: WatchedConfig | None = None
    """Set where model and training are from outside this library; data, model and training are then unused."""
    seed: Seed = 0
    """Seed of the split, the weights and the training."""

    @model_validator(mode="after")
    def _model_fits_the_task(self) -> Self:
        task, dataset = self.data.task, self.data.dataset
        if self.model.readout != "mean" and task != "graph-classification":
            raise UsageError(f"readout {self.model.readout!r} needs a dataset of graphs: {dataset!r} is one graph")
        if self.model.factors.get("assignment") == "labels" and task == "node-regression":
            raise UsageError(
                f"assignment 'labels' needs classes: the targets of {dataset!r} are numbers; take another slot"
            )
        for has, what, able, way_out in (
            (self.data.is_weighted, "edge weights", vocabulary.WEIGHTED, "--weights drop trains without them"),
            (self.data.is_directed, "direction", vocabulary.DIRECTED, "--directed no trains on the symmetric copy"),
        ):
            if has and self.model.backbone not in (*able, "mlp"):
                raise UsageError(
                    f"backbone {self.model.backbone!r} can't use the {what} that {dataset!r} has; these can: "
                    f"{', '.join(able)}; {way_out}"
                )
        return self

    @property
    def about(self) -> DataConfig | WatchedConfig:
        """What states task, metric, and whether the network was given direction and weights of edges."""
        return self.data if self.watched is None else self.watched

    @property
    def task(self) -> str:
        """The task: node-classification, node-regression, graph-classification; none where nothing is scored."""
        return self.about.task

    @property
    def metric(self) -> str:
        """The score that selects the model; of a watched network the one that figures show."""
        return self.about.metric

    @property
    def layers(self) -> int:
        """Number of layers."""
        return self.model.layers if self.watched is None else self.watched.layers

    @property
    def slot(self) -> str:
        """Name of the slot, or of the watched network: the name of the arm in figures."""
        return self.model.slot if self.watched is None else self.watched.name

    @property
    def facts(self) -> dict[str, Any]:
        """Values that identify a run in tables: dataset, split, backbone, slot, layers, seed (None if not stated)."""
        seed: int | None = self.seed
        if self.watched is None:
            names = {"dataset": self.data.dataset, "split": self.data.split, "backbone": self.model.backbone}
        else:
            names = {"dataset": self.watched.dataset, "split": "its own", "backbone": self.watched.model}
            seed = self.seed if self.watched.seeded else None
        return {**names, "slot": self.slot, "layers": self.layers, "seed": seed}

    @property
    def stated_seed(self) -> int | str:
        """The seed, or "not stated", for display."""
        return "not stated" if self.facts["seed"] is None else self.seed

    @property
    def split_seed(self) -> int:
        """Seed of the split: the one set for it, else that of the run."""
        return self.seed if self.data.split_seed is None else self.data.split_seed

    def to_json(self) -> str:
        """Return the canonical JSON: sorted keys, no spaces. Equal configs give equal text.

        The name of a graph of the user's own is a label and no part of it.
        """
        values = self.model_dump(mode="json")
        if self.data.own is not None:
            values["data"]["dataset"] = PREFIX + self.data.own.digest[:12]
            del values["data"]["own"]["name"]
        return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a config from JSON text; raises :class:`~cna_viz.errors.UsageError` when it is not one."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise UsageError(_sentence(cls, error)) from None

    @property
    def run_id(self) -> str:
        """Identity of the run under the present :data:`RESULTS_VERSION`."""
        return id_of(self.to_json().encode(), RESULTS_VERSION)


def id_of(canonical: bytes, results_version: int) -> str:
    """Return the id of a run: sixteen hexadecimal digits of the SHA-256 of its canonical JSON and results version."""
    return hashlib.sha256(f"{results_version}:".encode() + canonical).hexdigest()[:16]


def _canonical(data: dict[str, Any]) -> dict[str, Any]:
    """Give equal networks equal fields and refuse factors for slots without them. Wrong values are refused later."""
    slot = data.get("slot", "relu")
    given = {name: data[name] for name in vocabulary.FACTORS if data.get(name) is not None}
    if any(value not in vocabulary.FACTORS[name] for name, value in given.items()) or slot not in vocabulary.SLOTS:
        return data
    if given and slot not in vocabulary.PRESETS:
        name, value = next(iter(given.items()))
        raise UsageError(
            f"{name} = {value!r} does not go with slot {slot!r}: only these slots have it: "
            f"{', '.join(vocabulary.PRESETS)}"
        )
    factors = {**vocabulary.PRESETS.get(slot, {}), **given}
    if factors:
        factors = _without_inactive(factors)
        slot = min(vocabulary.PRESETS, key=lambda name: _distance(name, factors))
        preset = _without_inactive(vocabulary.PRESETS[slot])
        data.update({name: None if preset[name] == value else value for name, value in factors.items()})
        data["slot"] = slot
    defaults = ModelConfig.model_fields
    if not _uses_clusters(slot, factors) and _is_count(data.get("clusters")):
        _warn_of_clusters(data["clusters"], factors.get("assignment"))
        data["clusters"] = defaults["clusters"].default
    clusters_again = factors.get("assignment") == "kmeans" and factors["schedule"] != "running"
    if not clusters_again and _is_count(data.get("recluster_every")):
        data["recluster_every"] = defaults["recluster_every"].default
    if not factors and data.get("compile") is True:
        data["compile"] = False
    return data


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 1


def _without_inactive(factors: dict[str, str]) -> dict[str, str]:
    """Give factors without effect beside the others the value that most presets have."""
    factors = dict(factors)
    if factors["assignment"] == "none" and factors["normalization"] == "cluster":
        factors["normalization"] = "batch"  # one cluster of all nodes
    if factors["assignment"] != "kmeans":
        factors["metric"], factors["schedule"] = "euclidean", "warm"
        if factors["assignment"] != "random" and factors["activation"] != "rational":
            factors["sharing"] = "per-layer"
    return factors


def _distance(slot: str, factors: dict[str, str]) -> tuple[int, int]:
    """Return how many factors of a preset differ, and how many of these it lacks."""
    others = _without_inactive(vocabulary.PRESETS[slot]).items() - factors.items()
    return len(others), sum(value == "none" for _, value in others)


def _uses_clusters(slot: str, factors: dict[str, str]) -> bool:
    return slot == "diffgroupnorm" or factors.get("assignment") in {"kmeans", "random", "communities"}


def _warn_of_clusters(clusters: int, assignment: str | None) -> None:
    """Warn where a slot of the CNA family gets a number of clusters that it can't have."""
    if assignment is not None and clusters != ModelConfig.model_fields["clusters"].default:
        reason = "all nodes are in one cluster" if assignment == "none" else "each class is a cluster"
        warnings.warn(f"clusters = {clusters} has no effect with assignment {assignment!r}: {reason}", stacklevel=2)


def _sentence(cls: type[BaseModel], error: ValidationError) -> str:
    """Turn the errors of pydantic into one line, which names the first few mistakes."""
    clauses = [_describe(cls, dict(detail)) for detail in error.errors()]
    more = [f"and {len(clauses) - _NAMED} more"] if len(clauses) > _NAMED else []
    return "; ".join([*clauses[:_NAMED], *more])


def _describe(cls: type[BaseModel], detail: dict[str, Any]) -> str:
    """Turn one pydantic error into one clause: the field, its value, the allowed values."""
    name = ".".join(str(part) for part in detail["loc"])
    value, kind = detail["input"], detail["type"]
    if kind == "extra_forbidden":
        return str(unknown_name(f"field of {cls.__name__}", name, cls.model_fields))
    if kind == "missing":
        return f"{name} is missing"
    if kind in {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}:
        return f"{name} = {shown(value)} is out of range: it must be {_range(cls, str(detail['loc'][0]))}"
    if kind == "finite_number":
        return f"{name} = {shown(value)} is out of range: it must be a finite number"
    if kind == "literal_error":
        return f"unknown {name} {shown(value)}; choices: {detail['ctx']['expected']}"
    if kind == "json_invalid":
        return f"not valid JSON: {detail['ctx']['error']}"
    where = f"{name} = {shown(value)}" if name else f"{shown(value)}"
    return f"{where} is not accepted: {detail['msg'][0].lower()}{detail['msg'][1:]}"


def _range(cls: type[BaseModel], name: str) -> str:
    """Spell the interval that the bounds of field ``name`` allow, such as ``at least 1``."""
    words = {Ge: ("at least", "ge"), Gt: ("greater than", "gt"), Le: ("at most", "le"), Lt: ("less than", "lt")}
    field = cls.model_fields[name]
    # The bounds of ``Annotated[int, Ge(0)] | None`` are one level deeper than those of ``Annotated[int, Ge(0)]``.
    inner = [bound for argument in get_args(field.annotation) for bound in getattr(argument, "__metadata__", ())]
    bounds = [(words[type(bound)], bound) for bound in (*field.metadata, *inner) if type(bound) in words]
    return " and ".join(f"{word} {getattr(bound, attribute)}" for (word, attribute), bound in bounds)
