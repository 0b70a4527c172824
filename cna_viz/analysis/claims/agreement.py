"""Whether the runs of claims have the settings of the released configs, and why where they have not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from cna_viz.analysis.claims.model import Claim, Trained
from cna_viz.analysis.claims.released import released_settings

NOTHING: Final = "–"
"""Stands for a setting that the file does not have."""


@dataclass(frozen=True)
class Compared:
    """A setting of an arm beside that of its released config.

    Attributes:
        file: What the config says, ``–`` where it says nothing.
        here: What the runs have; on the fair split in parentheses where that is another.
        differs: Whether the two differ in anything but the fair split, which differs on purpose.
        explained: Why they differ, from ``here`` of the claim; empty where they don't, or where nobody says.
    """

    claim: str
    arm: str
    config: str
    setting: str
    file: str
    here: str
    differs: bool
    explained: str


def compare_settings(claims: Sequence[Claim]) -> list[Compared]:
    """Return every setting of every arm of the claims that training tests, in their order."""
    return [
        row for claim in claims if isinstance(claim, Trained) for name in claim.arms for row in _settings(claim, name)
    ]


def unexplained(compared: Sequence[Compared]) -> list[Compared]:
    """Return the settings that differ without an explanation."""
    return [one for one in compared if one.differs and not one.explained]


def unexplained_sentence(compared: Sequence[Compared]) -> str:
    """Return how many settings differ without an explanation: ``0 settings differ without an explanation``."""
    count = len(unexplained(compared))
    return f"{count} {'setting differs' if count == 1 else 'settings differ'} without an explanation"


def _settings(claim: Trained, name: str) -> list[Compared]:
    config = claim.arms[name].config
    if config is None:
        why = claim.here.get("config", "")
        return [Compared(claim.id, name, NOTHING, "config", NOTHING, NOTHING, differs=True, explained=why)]
    file = released_settings(config)
    ours = {protocol: claim.settings_of(name, protocol) for protocol in claim.protocols}
    order = dict.fromkeys(setting for values in (file, *ours.values()) for setting in values)
    return [_compared(claim, name, config, setting, file, ours) for setting in order]


def _compared(
    claim: Trained, name: str, config: str, setting: str, file: dict[str, Any], ours: dict[Any, dict[str, Any]]
) -> Compared:
    released, fair = file.get(setting, NOTHING), ours["fair"].get(setting, NOTHING)
    own = ours.get("own", ours["fair"]).get(setting, NOTHING)
    differs = own != released or (fair != released and setting != "split")
    on_purpose = "the fair split is the same for all arms" if fair != own and setting == "split" else ""
    return Compared(
        claim=claim.id,
        arm=name,
        config=config,
        setting=setting,
        file=_text(released),
        here=_text(own) + ("" if fair == own else f" (fair split: {_text(fair)})"),
        differs=differs,
        explained=claim.here.get(setting, "") if differs else on_purpose,
    )


def _text(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
