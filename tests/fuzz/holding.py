"""What must hold of whatever comes in: it is refused by one of our errors, or it is taken and means what it says."""

import json
import shutil
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from cna_viz.analysis.claims.reading import parse_claims
from cna_viz.config import RunConfig
from cna_viz.config.datasets import CATALOG
from cna_viz.config.fields import flat, nested, run_config
from cna_viz.errors import CnaVizError
from cna_viz.experiments.grid_files import find_grid, read
from cna_viz.records.dataset import to_xarray
from cna_viz.records.exporting import tables
from cna_viz.records.listing import list_runs
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.record import Record, load_record
from cna_viz.records.verify import find_problems
from cna_viz.reports.many.batch import read_sets
from tests.fuzz.command_line import call, complaint_is_fit_to_print
from tests.fuzz.damage import Damage, Edit, seal, write_untouched
from tests.fuzz.words import GIVEN

Made = TypeVar("Made")
TABLES = (tables.runs, tables.metrics_epochs, tables.metrics_layers, tables.nodes, tables.edges)
LONGEST = 4000
"""Letters of a message: all names there are, and what was said."""


def taken(make: Callable[[], Made]) -> Made | None:
    """Return what is made, or None where it is refused in one readable line; anything else that is raised goes on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return make()
        except CnaVizError as error:
            message = str(error)
    assert message.strip(), "an error without a message"
    assert len(message) <= LONGEST, f"a message of {len(message)} letters: {message[:200]}"
    return None


def config_holds(data: Any) -> None:
    """A config is refused, or comes back from its JSON equal and with the same id."""
    config = taken(lambda: RunConfig.model_validate(data))
    if config is not None:
        _comes_back(config)


def settings_hold(values: dict[str, Any]) -> None:
    """The same by flat names, as options and grids give them; the values come back, too."""
    config = taken(lambda: run_config(values))
    if config is not None:
        _comes_back(config)


def json_holds(text: str) -> None:
    """JSON is refused, or is a config that comes back."""
    config = taken(lambda: RunConfig.from_json(text))
    if config is not None:
        _comes_back(config)


def _comes_back(config: RunConfig) -> None:
    text = config.to_json()
    again = RunConfig.from_json(text)
    assert again == config
    assert hash(again) == hash(config)
    assert again.to_json() == text
    assert again.run_id == config.run_id
    assert RunConfig.from_json(json.dumps(json.loads(text), indent=1)).run_id == config.run_id
    assert RunConfig.model_validate(config.model_dump()) == config
    if config.watched is None:
        assert run_config(flat(config)) == config
        assert RunConfig.model_validate(nested(flat(config))) == config


def grid_text_holds(text: str) -> None:
    """The text of a grid is refused, or its runs are all different and the same when it is read again."""
    grid = taken(lambda: read(text, "grid.yaml"))
    if grid is None:
        return
    configs = taken(grid.configs)
    if configs is None:
        return
    assert configs
    ids = [config.run_id for config in configs]
    assert len(set(ids)) == len(ids)
    assert [config.run_id for config in read(text, "grid.yaml").configs()] == ids
    for config in configs[:3]:
        _comes_back(config)


def claims_text_holds(text: str) -> None:
    """The text of claims is refused, or its claims have different ids."""
    claims = taken(lambda: parse_claims(text, "claims.yaml"))
    if claims is not None:
        assert claims
        assert len({claim.id for claim in claims}) == len(claims)


def file_holds(folder: Path, content: bytes) -> None:
    """A file of any bytes is refused, or read, as a grid and as a batch."""
    file = folder / "given.yaml"
    file.write_bytes(content)
    grid = taken(lambda: find_grid(str(file)))
    if grid is not None:
        taken(grid.configs)
    sets = taken(lambda: read_sets(file))
    assert sets is None or all(isinstance(name, str) for one in sets for name in one)


def everything(record: Record) -> dict[str, Any]:
    """Read all that a record holds."""
    metrics, graph = record.metrics.to_dict(), record.graph.to_dict()
    tensors = {
        (epoch, name): (array.dtype.str, array.shape, array.tobytes())
        for epoch in record.snapshots
        for name in record.snapshot(epoch).shapes()
        if (array := record.snapshot(epoch).read(name)) is not None
    }
    answers = (record.id, record.status, record.metric, record.layers, record.best_epoch, record.snapshots)
    scores = [repr(record.score(part)) for part in ("train", "val", "test")]
    kept = {"answers": answers, "scores": scores, "metrics": repr(metrics), "graph": repr(graph), "tensors": tensors}
    return {**kept, "config": record.config, "summary": repr(record.summary), "environment": repr(record.environment)}


@cache
def _written(runs: Path) -> dict[str, Any]:
    """Return what the untouched record below ``runs`` holds."""
    return everything(load_record(write_untouched(runs)))


def damage_holds(runs: Path, damages: list[Damage]) -> None:
    """A record whose bytes changed is refused, or reads as it was written; what verifies reads as it was written."""
    written = _written(runs)
    folder = write_untouched(runs)
    for damage in damages:
        damage.apply(folder)
    read_now = taken(lambda: everything(load_record(folder)))
    assert read_now in (None, written), "a damaged record reads as another one"
    if not find_problems(folder):
        assert read_now == written, "a record that verifies can't be read"
    assert len(list_runs(runs)) == 1


def unfinished_holds(runs: Path, damages: list[Damage | Edit]) -> None:
    """What there is of an unfinished run is read, or refused; it is never called complete."""
    folder = write_untouched(runs)
    (folder / "COMPLETE").unlink()
    for damage in damages:
        damage.apply(folder)
    record = taken(lambda: load_record(folder, incomplete=True))
    listed = list_runs(runs)
    assert [entry.status for entry in listed] == ["incomplete" if record else listed[0].status]
    if record is not None and not is_complete(folder):
        assert record.status == "incomplete"
        taken(lambda: everything(record))


def edit_holds(runs: Path, edits: list[Edit]) -> None:
    """A record that says something else, with checksums that fit, is refused or, where it verifies, read."""
    folder = write_untouched(runs)
    for edit in edits:
        edit.apply(folder)
    seal(folder, manifest=all(edit.file != "manifest.jsonl" for edit in edits))
    record = taken(lambda: load_record(folder))
    read_now: list[Any] = []
    if record is not None:
        read_now.append(taken(lambda: everything(record)))
        read_now.append(taken(lambda: to_xarray(record, snapshots=True)))
        read_now.append(taken(lambda: [list(make([record])) for make in TABLES]))
    if not find_problems(folder):
        assert all(part is not None for part in read_now), "a record that verifies can't be read"
        assert read_now, "a record that verifies can't be opened"
    for words in (["list"], ["list", "--json"], ["show", folder.name], ["verify"], ["verify", "--json"]):
        complaint_is_fit_to_print(call(["runs", *words, "--runs", str(runs)]))


def command_holds(case: tuple[bytes, list[str]]) -> None:
    """A command ends with 0, or says why not in one line and ends with 1 or 2; the desk has a file and records."""
    content, words = case
    Path(GIVEN).write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = call(words)
    if words:  # the help, on many lines
        complaint_is_fit_to_print(answer)


def twice_is_refused(case: tuple[dict[str, Any], str]) -> None:
    """A grid in which a key of its outermost table stands twice is refused; once, it is read."""
    grid, key = case
    text = yaml.safe_dump(grid)
    assert read(text, "grid.yaml").configs()
    again = yaml.safe_dump({key: grid[key]})
    assert taken(lambda: read(text + again, "grid.yaml")) is None, "the second of two keys has won"


def raw_data_holds(folder: Path, case: tuple[str, list[bytes]]) -> None:
    """A dataset whose raw files hold any bytes has its problem said, or is read; the listing goes on."""
    name, contents = case
    raw = CATALOG[name].raw
    assert raw is not None
    root = folder / "data"
    shutil.rmtree(root, ignore_errors=True)
    for number, file in enumerate(raw.names):
        path = root / raw.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[number % len(contents)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = call(["datasets", "--data", str(root), "--json"])
    assert answer.code == 0, answer
    complaint_is_fit_to_print(answer)
    said = {one["name"]: one for one in json.loads(answer.out)["datasets"]}[name]
    assert said["on_disk"], said
    assert said["problem"] or said["nodes"], said
