"""What was replaced and what was not, line by line."""

from torch import nn

from cna_viz.nn.replacing.code import mentioned_function
from cna_viz.nn.replacing.guess import forward_is_known
from cna_viz.nn.replacing.places import NAME, Calls, Place


def notice(model: nn.Module, found: Calls, chosen: Calls, last: list[str], unsent: list[str], *, is_guess: bool) -> str:
    """Return a line for every place of ``chosen``, and one for what stays, before anything is replaced.

    ``last`` has the path of the activation after which no layer comes, ``unsent`` the places in the code that can't
    have slots; ``is_guess``: calls were not counted.
    """
    lines = [_line(place, widths, place.path in last, is_guess) for place, widths in chosen]
    left = [_named(place) for place, widths in found if (place, widths) not in chosen] + _others(model, found)
    paths = [place.path for place, _ in found]
    left += [f"another {path}" if path in paths else path for path in unsent]
    left += [mention] if is_guess and (mention := mentioned_function(model)) else []
    return "\n".join([*lines, *([f"left alone: {', '.join(left)}"] if left else [])])


def _line(place: Place, widths: list[int | None], is_last: bool, is_guess: bool) -> str:
    if not widths:
        return f"not called: {_named(place)}"
    guess = " assumed" if is_guess and place.name != NAME and not forward_is_known(place.parent) else ""
    known = " and ".join(dict.fromkeys(str(width) for width in widths if width is not None))
    calls = f"{len(widths)} call{'s' * (len(widths) > 1)}{guess}"
    channels = known and f"{known} channel{'s' * (known != '1')}"
    return f"replaced: {_named(place, calls, channels, 'the last module' * is_last)}"


def _named(place: Place, *details: str) -> str:
    kind = "" if place.name == NAME else getattr(place.activation, "__name__", type(place.activation).__name__)
    listed = ", ".join(filter(None, (kind, *details)))
    return f"{place.path} ({listed})" if listed else place.path


def _others(model: nn.Module, found: Calls) -> list[str]:
    """Return the modules that look like activations and are in no place, such as ``gate (Sigmoid)``."""
    olds = (place.activation for place, _ in found)
    seen = {part for old in olds if isinstance(old, nn.Module) for part in old.modules()}
    return [
        f"{name} ({type(module).__name__})"
        for name, module in model.named_modules()
        if type(module).__module__ == nn.ReLU.__module__ and type(module) is not nn.MultiheadAttention
        if module not in seen
    ]
