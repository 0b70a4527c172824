"""The values to try next, by the tree-structured Parzen estimator of Optuna (Bergstra et al., NeurIPS 2011)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from cna_viz.config.fields import settings
from cna_viz.config.search import Search, Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

Direction = Literal["maximize", "minimize"]
DIGITS: Final = 3
"""Significant digits of a proposed number, so that the grid shows exactly the trained values."""


def propose(history: Sequence["FrozenTrial"], space: Space, direction: Direction, seed: int) -> dict[str, Any]:
    """Return values to try, by name of the setting.

    They depend on the arguments alone, so that an interrupted search continues as if it had not been interrupted. Until
    there are ten scores they are random and depend on the seed alone: arms with the same space try the same values.
    """
    import optuna

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed), direction=direction)
    # A trial outside the space, such as an arm whose learning rate is not in it, has no parameters to learn from.
    study.add_trials(trial for trial in history if trial.params)
    asked = study.ask(distributions(space)).params
    return {name: _rounded(asked[name], search) for name, search in space.items()}


def parameters(values: Mapping[str, Any], space: Space) -> "tuple[dict[str, Any], dict[str, BaseDistribution]]":
    """Return values and their distributions as an Optuna trial has them; empty where a value is outside the space."""
    if not all(search.holds(values[name]) for name, search in space.items()):
        return {}, {}
    return {name: values[name] for name in space}, distributions(space)


def distributions(space: Space) -> "dict[str, BaseDistribution]":
    """Return the space as Optuna has it."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, BaseDistribution] = {}
    for name, search in space.items():
        if search.values is not None:
            found[name] = CategoricalDistribution(search.values)
        elif settings()[name].type is int:
            low, high = map(int, search.bounds)
            found[name] = IntDistribution(low, high, log=search.log)
        else:
            found[name] = FloatDistribution(*search.bounds, log=search.log)
    return found


def _rounded(value: Any, search: Search) -> Any:
    if search.values is not None or not isinstance(value, float):
        return value
    low, high = search.bounds
    return min(max(float(f"{value:.{DIGITS}g}"), low), high)
