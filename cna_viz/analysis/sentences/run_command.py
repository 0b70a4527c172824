"""The command that trains a run: what figures and widgets say where a run is missing."""

import shlex

from cna_viz.config import RunConfig
from cna_viz.config.fields import flat, settings
from cna_viz.errors import UsageError


def run_command(config: RunConfig, runs: str = "") -> str:
    """Return the words of ``cna-viz run`` that train a run, quoted for a shell; what is default is left out.

    Args:
        config: The run.
        runs: Folder of the records; that of the command when left out.

    Raises:
        UsageError: When the network is not of this library.
    """
    if config.watched is not None:
        raise UsageError(
            f"run {config.run_id} was watched: only the program that trained {config.slot!r} can do so again"
        )
    values, defaults = flat(config), flat(RunConfig())
    csbm = config.data.csbm
    if csbm is not None:
        defaults |= {f"csbm_{name}": value for name, value in type(csbm)()}
    words = ["cna-viz", "run"]
    for name, setting in settings().items():
        if name in values and values[name] != defaults.get(name):
            words += [setting.option, _text(values[name])]
    return shlex.join([*words, *(["--runs", runs] if runs else [])])


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
