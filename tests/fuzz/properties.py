"""Each property with what it is tried on; everyday tests take a few cases of each, ``make faults`` thousands."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st

from cna_viz.config.datasets import CATALOG
from tests.fuzz import damage, holding, strategies, words


@dataclass(frozen=True)
class Property:
    """What must hold.

    Attributes:
        what: What is done, for tables.
        cases: What it is tried on.
        holds: Fails where it does not hold of a case; a case may be written below the folder, the present one.
    """

    what: str
    cases: st.SearchStrategy[Any]
    holds: Callable[[Path, Any], None]


def _alone(check: Callable[[Any], None]) -> Callable[[Path, Any], None]:
    return lambda folder, case: check(case)


def _among_records(check: Callable[[Path, Any], None]) -> Callable[[Path, Any], None]:
    return lambda folder, case: check(folder / "damaged", case)


def _several(of: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(of, min_size=1, max_size=2)


_raw_datasets = sorted(name for name, spec in CATALOG.items() if spec.raw is not None)
_twice = strategies.valid_grids.flatmap(lambda grid: st.tuples(st.just(grid), st.sampled_from(sorted(grid))))

PROPERTIES: Final[dict[str, Property]] = {
    "config": Property("configs of any values", strategies.nested_values, _alone(holding.config_holds)),
    "settings": Property("settings by flat name", strategies.flat_values, _alone(holding.settings_hold)),
    "json": Property("configs as JSON text", strategies.json_texts, _alone(holding.json_holds)),
    "grid": Property("texts of grids", strategies.yaml_texts, _alone(holding.grid_text_holds)),
    "twice": Property("grids with a key twice", _twice, _alone(holding.twice_is_refused)),
    "claims": Property("texts of claims", strategies.claim_texts, _alone(holding.claims_text_holds)),
    "file": Property("files of grids and batches", strategies.files(strategies.yaml_texts), holding.file_holds),
    "damage": Property("records whose bytes changed", _several(damage.damages), _among_records(holding.damage_holds)),
    "unfinished": Property(
        "unfinished records, damaged",
        _several(st.one_of(damage.damages, damage.edits)),
        _among_records(holding.unfinished_holds),
    ),
    "edit": Property("records that say something else", _several(damage.edits), _among_records(holding.edit_holds)),
    "command": Property(
        "commands of any words",
        st.tuples(strategies.files(strategies.yaml_texts), words.commands()),
        _alone(holding.command_holds),
    ),
    "raw": Property(
        "raw files of datasets",
        st.tuples(st.sampled_from(_raw_datasets), st.lists(strategies.raw_files, min_size=1, max_size=3)),
        holding.raw_data_holds,
    ),
}
