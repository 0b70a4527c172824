"""The kinds of claims and their checks."""

from typing import Annotated, ClassVar, Final, Literal, Self

from annotated_types import Ge, Gt
from pydantic import model_validator

from cna_viz.analysis.claims.model import Arm, Claim, MeasuredArm, Trained, Values
from cna_viz.config import ModelConfig, vocabulary
from cna_viz.config.fields import run_config, settings
from cna_viz.errors import UsageError, unknown_name


class Level(Trained):
    """The mean test accuracy of one arm, in percent."""

    kind: Literal["level"]
    unit: ClassVar[str] = "%"


class Paired(Trained):
    """The difference of two arms, seed by seed."""

    unit: ClassVar[str] = "points"

    baseline: Arm
    """The arm it is compared with."""

    @property
    def arms(self) -> dict[str, Arm]:
        """The arms by name."""
        return {"arm": self.arm, "baseline": self.baseline}

    @property
    def quantity(self) -> float:
        """The arm's number minus the baseline's."""
        return self.arm.published - self.baseline.published

    @model_validator(mode="after")
    def _one_split(self) -> Self:
        one, other = (self.config_of(name, "fair").data for name in self.arms)
        for what, left, right in (("dataset", one.dataset, other.dataset), ("split", one.split, other.split)):
            if left != right:
                raise UsageError(
                    f"the arms have different {what}s under the fair protocol: {left} and {right}; a difference would "
                    f"show the {what}"
                )
        return self


class DifferenceClaim(Paired):
    """The mean test accuracy of an arm minus that of its baseline, in points, paired by seed."""

    kind: Literal["difference"]


class Slope(Paired):
    """The mean test accuracy of a deep network (the arm) minus that of a shallow one, in points, paired by seed."""

    kind: Literal["slope"]

    @model_validator(mode="after")
    def _deeper(self) -> Self:
        deep, shallow = (self.config_of(name, "fair").layers for name in self.arms)
        if deep <= shallow:
            raise UsageError(f"a slope needs an arm with more layers than its baseline, not {deep} and {shallow}")
        return self


class Trend(Paired):
    """The ratio of a measure of an arm to that of its baseline, of the last hidden layer of the selected model."""

    kind: Literal["trend"]
    unit: ClassVar[str] = "times"
    of_accuracy: ClassVar[bool] = False

    arm: MeasuredArm
    baseline: MeasuredArm
    measure: str = "dirichlet_sym"
    """The measure."""
    tolerance: Annotated[float, Gt(1)] = 3.0
    """Factor by which the measured ratio may miss the published one."""

    @property
    def quantity(self) -> float:
        """The published ratio."""
        return self.arm.published / self.baseline.published

    @model_validator(mode="after")
    def _has_a_hidden_layer(self) -> Self:
        if self.measure not in vocabulary.FEATURE_MEASURES:
            raise unknown_name("measure", self.measure, vocabulary.FEATURE_MEASURES)
        for protocol in self.protocols:
            for name in self.arms:
                if self.config_of(name, protocol).layers < 2:
                    raise UsageError("a trend looks at the last hidden layer: a network of 1 layer has none")
        return self


class Parameters(Claim):
    """The number of weights of a network, which must agree exactly. Nothing is trained."""

    kind: Literal["parameters"]

    published: Annotated[int, Ge(1)]
    """The number."""
    network: Values
    """Settings of the model."""
    in_channels: Annotated[int, Ge(1)]
    """Features of a node."""
    out_channels: Annotated[int, Ge(1)]
    """Number of classes."""
    unused: Annotated[int, Ge(0)] = 0
    """Weights that the published network has and never uses; ours has none of these."""

    @property
    def model(self) -> ModelConfig:
        """The network."""
        return run_config(self.network).model

    @model_validator(mode="after")
    def _is_a_network(self) -> Self:
        of_model = [name for name, setting in settings().items() if setting.path[0] == "model"]
        for name in self.network:
            if name not in of_model:
                raise unknown_name("setting of a network", name, of_model)
        run_config(self.network)  # refuses what is out of range
        return self


class Untestable(Claim):
    """A claim that no run of this library can decide."""

    kind: Literal["none"]

    published: str
    """The number or statement, in words."""
    why: str
    """Why it can't be tested here."""


KINDS: Final[dict[str, type[Claim]]] = {
    "level": Level,
    "difference": DifferenceClaim,
    "slope": Slope,
    "trend": Trend,
    "parameters": Parameters,
    "none": Untestable,
}
"""Class of every kind of claim."""
