"""What a claim is: a published number, its source and protocol, and the runs that test it here."""

from typing import Annotated, Any, ClassVar, Final, Literal, Self, get_args

from annotated_types import Gt
from pydantic import Field, model_validator

from cna_viz.analysis.claims.released import released_settings
from cna_viz.config.fields import run_config, settings
from cna_viz.config.run import Config, NonNegative, RunConfig
from cna_viz.data import catalog
from cna_viz.errors import UsageError, unknown_name

Values = dict[str, Any]
"""Values of settings by flat name, such as ``slot`` or ``layers``."""

ProtocolName = Literal["own", "fair"]
PROTOCOLS: Final[tuple[ProtocolName, ...]] = get_args(ProtocolName)
"""``own``: the protocol of the source. ``fair``: one split, the same for all arms."""

RESERVED: Final = ("seed", "every", "measures", "snapshots", "precision", "project")
"""Settings that the ledger gives to all of its runs."""


class Claim(Config):
    """A published number or statement; the ``kind`` of a claim in a file selects one of the subclasses."""

    kind: str
    """Kind of the claim; see :mod:`cna_viz.analysis.claims.kinds`."""
    id: str
    """Short name, unique in its file."""
    text: str
    """What is claimed, in a sentence."""
    source: str
    """Figure, table, leaderboard, issue thread or code that has the number."""
    standing: Literal["first hand", "second hand"]
    """Whether the number comes from its authors, or from a report by others."""
    protocol: str
    """Split, selection and settings of the source, and which of them are unknown."""


class Arm(Config):
    """One side of a comparison, with its published number."""

    published: float
    """The number, in the unit of its kind of claim."""
    spread: NonNegative | None = None
    """The number behind ± in the source."""
    config: str | None = None
    """Released config that the settings come from; see :mod:`cna_viz.analysis.claims.released`."""
    runs: Values = Field(default_factory=dict)
    """Settings of this arm's runs, where they are not those of the config."""
    own: Values = Field(default_factory=dict)
    """Further settings of the source."""


class MeasuredArm(Arm):
    """An arm with a measured layer."""

    published: Annotated[float, Gt(0)]
    stage: Literal["conv", "slot"] = "conv"
    """Where in the last hidden layer: after the convolution, or after the slot."""


class Trained(Claim):
    """A claim about the result of training, tested by runs under one or two protocols.

    It is about one *quantity*, computed from the numbers of the arms: an accuracy, a difference of two, or a ratio.
    """

    unit: ClassVar[str] = ""
    """Unit of the quantity."""
    of_accuracy: ClassVar[bool] = True
    """Whether the quantity is computed from accuracies."""

    arm: Arm
    """The arm that the claim is about."""
    runs: Values = Field(default_factory=dict)
    """Settings of all runs, where they are not those of a config."""
    fair: Values
    """Settings of the fair protocol: a split on which all arms are trained, selected and tested."""
    own: Values | None = None
    """Settings of the protocol of the source beside those of the configs; None where it can't be followed here."""
    selection: Literal["validation", "maximum test"] = "validation"
    """Epoch whose model the source reports; ``maximum test`` is shown beside ours, that of the best validation."""
    bound: Literal["at least", "at most", "about"] = "at least"
    """Whether larger, smaller or near quantities also meet the claim."""
    tolerance: NonNegative = 1.0
    """How far below, above or away from the published quantity still meets the claim."""
    here: dict[str, str] = Field(default_factory=dict)
    """Why our runs differ from the config in a setting, by its name; ``config``: why this one."""
    slow: bool = False
    """Whether the runs take so long that they are made on request only."""

    @property
    def arms(self) -> dict[str, Arm]:
        """The arms by name."""
        return {"arm": self.arm}

    @property
    def quantity(self) -> float:
        """The published quantity."""
        return self.arm.published

    @property
    def protocols(self) -> tuple[ProtocolName, ...]:
        """The protocols that the claim is tested under."""
        return PROTOCOLS if self.own is not None else ("fair",)

    def settings_of(self, name: str, protocol: ProtocolName) -> Values:
        """Return the settings of an arm's runs under a protocol: those of its config, then later ones, which win."""
        arm = self.arms[name]
        released = {} if arm.config is None else released_settings(arm.config)
        of_protocol = self.fair if protocol == "fair" else {**(self.own or {}), **arm.own}
        return {**released, **self.runs, **arm.runs, **of_protocol}

    def config_of(self, name: str, protocol: ProtocolName) -> RunConfig:
        """Return the run of an arm under a protocol, with seed 0 and the default recording."""
        return run_config(self.settings_of(name, protocol))

    @model_validator(mode="after")
    def _can_be_run(self) -> Self:
        tables = [self.runs, self.fair, self.own or {}]
        for arm in self.arms.values():
            tables += [arm.runs, arm.own]
            if arm.own and self.own is None:
                raise UsageError("an arm has settings of its own protocol, but the claim has no own protocol: add own")
        for name in (name for table in tables for name in table):
            if name in RESERVED:
                raise UsageError(f"{name} can't be set by a claim: all runs of a ledger share it")
            if name not in settings():
                raise unknown_name("setting", name, [known for known in settings() if known not in RESERVED])
        for name in self.here:
            if name != "config" and name not in settings():
                raise unknown_name("setting", name, ["config", *settings()], "here explains settings by their names.")
        for protocol in self.protocols:
            for name in self.arms:
                data = self.config_of(name, protocol).data
                catalog.check(data)
                if self.of_accuracy and data.metric != "accuracy":
                    raise UsageError(f"the claim is about an accuracy; {data.dataset!r} is scored by {data.metric}")
        return self
