"""What a claim is: a published number, where it stands, how it was made, and the runs that test it here."""

from typing import Annotated, Any, ClassVar, Final, Literal, Self

from annotated_types import Gt
from pydantic import Field, model_validator

from cna_viz.config.fields import run_config, settings
from cna_viz.config.run import Config, NonNegative, RunConfig
from cna_viz.data import catalog
from cna_viz.errors import UsageError, unknown_name

Values = dict[str, Any]
"""Values of settings by flat name, such as ``slot`` or ``layers``."""

ProtocolName = Literal["own", "fair"]
PROTOCOLS: Final[tuple[ProtocolName, ...]] = ("own", "fair")
"""``own``: as the number was made. ``fair``: one split, the same for all arms."""

RESERVED: Final = ("seed", "every", "measures", "snapshots", "precision", "project")
"""Settings that the ledger gives to all of its runs."""


class Claim(Config):
    """A published number, or a published statement without one.

    Every kind of claim is a class of its own; the ``kind`` of a claim in a file says which.
    """

    kind: str
    """Kind of the claim; see :mod:`cna_viz.analysis.claims.kinds`."""
    id: str
    """Short name, unique in its file."""
    text: str
    """What is claimed, in a sentence."""
    source: str
    """Where the number stands: figure, table, leaderboard, issue thread, code."""
    standing: Literal["first hand", "second hand"]
    """Whether the source is of those who made the number, or a report by others."""
    protocol: str
    """What the number was made under: split, selection, settings; and what of it is not known."""


class Arm(Config):
    """One of the things that are compared, and its published number."""

    published: float
    """The number, in the unit of its kind of claim."""
    spread: NonNegative | None = None
    """What stands behind ± in the source."""
    runs: Values = Field(default_factory=dict)
    """Settings of this arm's runs."""
    own: Values = Field(default_factory=dict)
    """What else was set where the number was made."""


class MeasuredArm(Arm):
    """An arm of which a layer is looked at."""

    published: Annotated[float, Gt(0)]
    stage: Literal["conv", "slot"] = "conv"
    """Where in the last hidden layer: after the convolution, or after the slot."""


class Trained(Claim):
    """A claim about what training gives. It is tested by runs, under one or two protocols.

    A claim is about one *quantity*: an accuracy, a difference of two, or a ratio. The published quantity is computed
    from the published numbers of the arms.
    """

    unit: ClassVar[str] = ""
    """What the quantity is counted in."""
    of_accuracy: ClassVar[bool] = True
    """Whether the quantity is made from accuracies."""
    no_effect: ClassVar[float] = 0.0
    """The quantity that says that there is no effect."""

    arm: Arm
    """What the claim is about."""
    runs: Values
    """Settings of all runs."""
    fair: Values
    """Settings of the fair protocol: a split on which all arms are trained, selected and tested."""
    own: Values | None = None
    """Settings of the protocol that the number was made under, where it can be followed here."""
    bound: Literal["at least", "at most", "about"] = "at least"
    """Which quantities meet the claim: the published one and larger, smaller, or near ones."""
    tolerance: NonNegative = 1.0
    """How far below, above or away from the published quantity still meets the claim."""
    precision: Annotated[float, Gt(0)] = 3.0
    """Half of the widest interval that may count for the claim where it only overlaps with what meets it."""
    here: str = ""
    """What is to be known of the settings of our runs: in what they differ, beside what all of a ledger share."""
    slow: bool = False
    """Whether the runs take so long that they are only made when asked for."""

    @property
    def arms(self) -> dict[str, Arm]:
        """The arms by name."""
        return {"arm": self.arm}

    @property
    def quantity(self) -> float:
        """The published quantity."""
        return self.arm.published

    @property
    def shows_effect(self) -> bool:
        """Whether the claim is that there is an effect, one beyond the tolerance."""
        return False

    @property
    def protocols(self) -> tuple[ProtocolName, ...]:
        """The protocols that the claim is tested under."""
        return PROTOCOLS if self.own is not None else ("fair",)

    def settings_of(self, name: str, protocol: ProtocolName) -> Values:
        """Return the settings of an arm's runs under a protocol; later ones outweigh earlier ones."""
        arm = self.arms[name]
        of_protocol = self.fair if protocol == "fair" else {**(self.own or {}), **arm.own}
        return {**self.runs, **arm.runs, **of_protocol}

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
                raise UsageError(f"{name} is not set by a claim: all runs of a ledger share it")
            if name not in settings():
                raise unknown_name("setting", name, [known for known in settings() if known not in RESERVED])
        for protocol in self.protocols:
            for name in self.arms:
                data = self.config_of(name, protocol).data
                catalog.check(data)
                if self.of_accuracy and data.metric != "accuracy":
                    raise UsageError(f"the claim is about an accuracy; {data.dataset!r} is scored by {data.metric}")
        return self
