"""The contract of the JSON files of a record, as pydantic models, and the schema versions that are read.

Records of older schemas are read like current ones and never rewritten. In schema 3, missing settings have their
default, and every run was selected by its accuracy.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, create_model, field_validator

from cna_viz.config import RunConfig, vocabulary
from cna_viz.config.measures import MEASURES
from cna_viz.config.own import NAME
from cna_viz.errors import RecordError, shown
from cna_viz.records.schema import LARGEST, SCHEMA_VERSION

OLDEST: Final = 3
"""The oldest schema version that is read; before it, snapshots had other checksums."""

Count = Annotated[int, Field(ge=0, le=LARGEST)]
Measured = float | None
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Split = Literal["train", "val", "test"]


class Facts(BaseModel):
    """Base of the models: strict; unknown facts are ignored, as no reader uses them. Defaults mark optional facts."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class Environment(Facts):
    """``environment.json``."""

    schema_version: Count = 0
    results_version: Count
    versions: dict[str, str] = {}
    commit: str | None = None
    platform: str = ""
    device: str = ""
    threads: Count = 0
    started: str = ""
    content: Digest | None = None
    graph: Annotated[str, Field(pattern=NAME)] | None = None
    class_names: list[str] = []


class _Summary(Facts):
    status: Literal["complete", "diverged", "incomplete"]
    best_epoch: Count = 0
    epochs: Count = 0
    warnings: list[str] = []
    parameters: Count | None = None
    seconds_per_epoch: Measured = None
    peak_memory_mib: Measured = None
    split_seed: Count = 0
    split_sizes: dict[Split, Count] = {}


class _Sealed(_Summary):
    best_epoch: Count
    epochs: Count
    warnings: list[str]


_scores: Any = dict.fromkeys(vocabulary.SCORES, (dict[Split, Measured], {}))
Summary: Final = create_model("Summary", __base__=_Sealed, **_scores)
"""``summary.json`` of a sealed record."""
UnfinishedSummary: Final = create_model("UnfinishedSummary", __base__=_Summary, **_scores)


class _Closed(Facts, extra="forbid"):
    """Base of models without unknown facts."""


class _Splits(_Closed):
    train: Measured
    val: Measured
    test: Measured


class _Stages(_Closed):
    conv: list[Measured]
    slot: list[Measured]

    @field_validator("conv", "slot")
    @classmethod
    def _one_per_layer(cls, values: list[Measured], info: ValidationInfo) -> list[Measured]:
        if len(values) != info.context:
            raise ValueError(f"Input should be a list of {info.context} values, one per layer")
        return values


_stages: Any = dict.fromkeys(MEASURES, (_Stages, None))
_Measures: Any = create_model("_Measures", __base__=_Closed, **_stages)


class Selected(Facts):
    """``selected.json``."""

    epoch: Count
    layers: _Measures


_splits: Any = dict.fromkeys(vocabulary.SCORES, (_Splits, None))
MetricsLine: Final = create_model(
    "MetricsLine", __base__=Facts, epoch=(Count, ...), loss=(_Splits, ...), layers=(_Measures, None), **_splits
)


class TimingsLine(Facts):
    """A line of ``timings.jsonl``."""

    epoch: Count
    seconds: Measured


class FileLine(Facts):
    """A line of the manifest for any file but a snapshot."""

    bytes: Count
    sha256: Digest


class SnapshotLine(Facts):
    """A line of the manifest for a snapshot."""

    bytes: Count
    header: Digest
    tensors: dict[str, Digest]


def check(model: type[Facts], stated: Mapping[str, Any], where: str, *, layers: int | None = None) -> None:
    """Check a decoded JSON object; ``layers`` is the number of values of a measure.

    Raises:
        RecordError: Names the file (``where``), the first wrong fact, its value and what is allowed.
    """
    try:
        model.model_validate(stated, context=layers)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        wrong = {"missing": "is missing", "extra_forbidden": "is unknown"}.get(first["type"])
        allowed = first["msg"].partition(" should ")[2].partition(" or instance of ")[0]
        wrong = wrong or f"is {shown(first['input'])}, it must {allowed}"
        raise RecordError(f"{where}: {shown('.'.join(map(str, first['loc'])))} {wrong}") from None


def check_version(version: object, where: str) -> None:
    """Check that a record of this schema version can be read."""
    known = f"this cna_viz reads versions {OLDEST} to {SCHEMA_VERSION}"
    if type(version) is not int:
        raise RecordError(f"{where}: schema version {shown(version)}; {known}")
    if not OLDEST <= version <= SCHEMA_VERSION:
        advice = "train the run again" if version < OLDEST else "it was written by a newer one, install that"
        raise RecordError(f"{where}: schema version {version}; {known}: {advice}")


def metric_of(config: RunConfig, environment: Mapping[str, Any]) -> str:
    """Return the score that selected the model of a run."""
    return "accuracy" if environment.get("schema_version") == 3 else config.metric
