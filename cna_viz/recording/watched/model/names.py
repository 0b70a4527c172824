"""Names of layers: those that the user gives, and those that messages list."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from torch import nn

from cna_viz.errors import UsageError, shown, unknown_name
from cna_viz.recording.watched.model.kinds import is_container

LISTED: Final = 20
"""Maximum number of names in a message."""


def named_layers(model: nn.Module, names: Sequence[str]) -> dict[str, nn.Module]:
    """Return the modules with these names.

    Raises:
        UsageError: When a name is unknown, a module is named twice, or a module is part of another.
    """
    refused = f"layers = {shown(names)} is not accepted"
    if not isinstance(names, Sequence) or not names or not all(isinstance(name, str) for name in names):
        raise UsageError(f"{refused}: it must be one or more names, each once")
    known = {name: module for name, module in model.named_modules(remove_duplicate=False) if name}
    for name in names:
        if name not in known:
            raise unknown_name(f"module of {type(model).__name__}", name, known)
    found = {name: known[name] for name in names}
    if len(set(found.values())) < len(names):
        raise UsageError(f"{refused}: it must be one or more names, each once")
    for outer, holder in found.items():
        if not (set(holder.modules()) - {holder}).isdisjoint(found.values()):
            raise UsageError(f"{refused}: a part of {outer!r} can't be a layer, too")
    return found


def open_containers(layers: Mapping[str, nn.Module], called: Collection[nn.Module]) -> dict[str, nn.Module]:
    """Replace containers that are not called by the modules that they hold."""
    opened = {}
    for name, module in layers.items():
        if module not in called and is_container(module):
            opened.update({f"{name}.{key}": child for key, child in module.named_children()})
        else:
            opened[name] = module
    return opened


def listed(names: Collection[str]) -> str:
    """Return names for a message, the outermost first."""
    first = sorted(dict.fromkeys(names), key=lambda name: name.count("."))
    return ", ".join([*first[:LISTED], "..."] if len(first) > LISTED else first) or "none"
