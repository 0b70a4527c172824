"""What to try next: Optuna's tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011), made anew each time."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from cna_viz.config.fields import settings
from cna_viz.config.search import Search, Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

Direction = Literal["maximize", "minimize"]
DIGITS: Final = 3
"""Significant digits of a proposed number: what stands in a grid is what was trained, and can be read."""


def propose(history: Sequence["FrozenTrial"], space: Space, direction: Direction, seed: int) -> dict[str, Any]:
    """Return values to try, by name of the setting.

    They depend on the arguments alone, so that a search that was interrupted goes on as if it had not been. Until there
    are ten scores they are drawn at random, by the seed alone: arms with the same space then try the same.

    Args:
        history: Trials that are over.
        space: Where settings are searched.
        direction: Whether more or less of a score is better.
        seed: Seed of this proposal.
    """
    import optuna

    sampler = optuna.samplers.TPESampler(seed=seed)
    study = optuna.create_study(sampler=sampler, direction=direction)
    # A trial outside the space, such as an arm with a learning rate of its own, has no parameters and teaches nothing.
    study.add_trials(trial for trial in history if trial.params)
    asked = study.ask(distributions(space)).params
    return {name: _rounded(asked[name], search) for name, search in space.items()}


def distributions(space: Space) -> "dict[str, BaseDistribution]":
    """Return the space as Optuna has it."""
    return {name: _distribution(name, search) for name, search in space.items()}


def parameters(values: Mapping[str, Any], space: Space) -> "tuple[dict[str, Any], dict[str, BaseDistribution]]":
    """Return values and their distributions as a trial of Optuna has them; empty where a value is outside the space."""
    if not all(search.holds(values[name]) for name, search in space.items()):
        return {}, {}
    return {name: values[name] for name in space}, distributions(space)


def _distribution(name: str, search: Search) -> "BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if search.values is not None:
        return CategoricalDistribution(search.values)
    low, high = search.bounds
    if settings()[name].type is int:
        return IntDistribution(int(low), int(high), log=search.log)
    return FloatDistribution(low, high, log=search.log)


def _rounded(value: Any, search: Search) -> Any:
    if search.values is not None or not isinstance(value, float):
        return value
    low, high = search.bounds
    return min(max(float(f"{value:.{DIGITS}g}"), low), high)
