"""Records changed and resealed by hostile programs: readers refuse them in one line, or read consistent data.

Every checksum fits, so that only what the schema says can tell. Changes are drawn over the schema: each file, each
fact, each tensor, each line of the manifest; a wrong type, range, shape or name, absent, or twice.
"""

import json
import math
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig, WatchedConfig, id_of
from cna_viz.records import schema
from cna_viz.records.dataset import to_xarray
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.record import load_record
from cna_viz.records.synthetic import synthetic_record
from faults.row import Row
from tests.fuzz.command_line import Answer, call, complaint_is_fit_to_print
from tests.records.helpers import TWICE, WIDTHS, manifest_lines, read_tensors, tensor_file, write_manifest

CASES: Final = 240
LONGEST: Final = 4000
"""Maximum length of an error message."""
Change = Callable[[random.Random, Path], tuple[str, bool]]
"""Changes a record and returns a description, and whether it must be refused; harmless changes need not be."""
MODEL: Final = ModelConfig(slot="cna", layers=3, hidden=3, clusters=2)
RECORDING: Final = RecordingConfig(snapshots="ends", measures=("mad", "rayleigh"), every=1)
CONFIGS: Final = (
    RunConfig(model=MODEL, recording=RECORDING),
    RunConfig(model=MODEL, recording=RECORDING, data=DataConfig(dataset="motifs")),
    RunConfig(watched=WatchedConfig(name="net", model="Net", dataset="own", layers=2, key="0"), recording=RECORDING),
)
NEIGHBOUR: Final = RunConfig(model=MODEL, recording=RECORDING, seed=1)
JSON: Final = ("config.json", "environment.json", "selected.json", "summary.json", "metrics.jsonl", "timings.jsonl")
DEEP: Final[list[Any]] = json.loads("[" * 900 + "]" * 900)
VALUES: Final[tuple[Any, ...]] = (
    *(None, True, -1, 0.5, 99, 10**6, 2**63, -(2**70), 10**400, 1e308, math.nan, math.inf, [], {}, [[]], DEEP, [1]),
    *("", "x", "\0", "\ud800", "\x1b[2J", "a\nb", "x" * 10_000, "../x", ["x"], {"a": 1}, {"train": "x"}, {"conv": [1]}),
)
NAMES: Final = (
    *("x", "", "__metadata__", "\0", "\ud800", "\x1b[2J", "x" * 10_000, "prediction.0001", "embedding", "centroid"),
    *("embedding.conv.0000", "embedding.conv.0009", "embedding.slot.0003", "embedding.conv.1", "embedding.x.0001"),
    *("centroid.0003", "embedding.conv.٠٠٠١", f"embedding.conv.{'9' * 5000}", "loss", "edge_index.0001", "accuracy"),
)
FILES: Final = (
    *("../x", "/etc/passwd", "", ".", "\0", "a\0b", "\ud800", "x" * 10_000, "config.json/", "./config.json"),
    *("snapshots", "snapshots/", "snapshots/x.safetensors", "snapshots/1.safetensors", "snapshots/00001.safetensors"),
    *("snapshots/٠٠٠١.safetensors", "snapshots/-001.safetensors", f"snapshots/{'9' * 5000}.safetensors", "COMPLETE"),
    *("snapshots/9999999999999999999.safetensors", "manifest.jsonl", "snapshots/0000.safetensors\n", "notes.txt"),
    *(3, None, ["x"]),
)
DTYPES: Final = (*WIDTHS, "X", "", None, 3, ["F32"])
SHAPES: Final[tuple[Any, ...]] = (
    *([], [0], [1], [2], [12], [3, 12], [12, 3], [2, 12], [12, 0], [0, 2**62], [2**62, 0], [2**62], [2**32, 2**32]),
    *([-1], [1.5], ["12"], [True], [None], None, 12, "12", {}, [[12]], [12, 1, 1], [10**30], [6], [82]),
)


def check(seed: int, work: Path, cases: int = CASES) -> list[Row]:
    """Change copies of synthetic records, one change each, and run every command on them."""
    rng, rows = random.Random(seed), {name: Row(f"a resealed record with {name} changed") for name in CHANGES}
    originals = [synthetic_record(work / "originals", config, nodes=12, epochs=2).folder for config in CONFIGS]
    runs = work / "runs"
    neighbour = synthetic_record(runs, NEIGHBOUR, nodes=12, epochs=2).folder
    for number in range(cases):
        name, original = rng.choice(list(CHANGES)), rng.choice(originals)
        folder = runs / original.name
        shutil.copytree(original, folder)
        done, must = CHANGES[name](rng, folder)
        if rng.random() < 0.1 and is_complete(folder):
            (folder / schema.COMPLETE_FILE).unlink()
        folder = _at_home(folder)
        rows[name].cases += 1
        where = f"seed {seed}, case {number}: {original.name}: {done[:200]!r}: "
        rows[name].wrong += [f"{where}{wrong}" for wrong in _wrong(folder, neighbour.name, work / "out", must)]
        shutil.rmtree(folder)
    return list(rows.values())


def _at_home(folder: Path) -> Path:
    """Rename the folder after its config, so that it is not refused for its name, and return it."""
    try:
        version = json.loads((folder / schema.ENVIRONMENT_FILE).read_bytes())["results_version"]
        own = id_of((folder / schema.CONFIG_FILE).read_bytes(), version)
    except (OSError, ValueError, TypeError, KeyError):
        return folder
    return folder.rename(folder.with_name(own))


def _wrong(folder: Path, neighbour: str, out: Path, must: bool) -> Iterator[str]:
    """Yield the violations for a record that must, or may, be refused."""
    options = ["--out", str(out), "--force", "--snapshots"]
    commands = {
        "list": ["list"],
        "list --json": ["list", "--json"],
        "show": ["show", folder.name],
        "verify": ["verify"],
        "csv": ["export", folder.name, "--to", "csv", *options],
        "netcdf": ["export", folder.name, "--to", "netcdf", *options],
    }
    answers: dict[str, Answer] = {}
    for name, words in commands.items():
        try:
            answers[name] = call(["runs", *words, "--runs", str(folder.parent)])
            complaint_is_fit_to_print(answers[name])
        except Exception as error:  # any other error is a fault
            yield f"{name}: {type(error).__name__}: {str(error)[:300]}"
            return
        if max(map(len, answers[name].err.splitlines()), default=0) > LONGEST:
            yield f"{name} has an error message of more than {LONGEST} characters"
    if neighbour not in answers["list"].out or neighbour not in answers["list --json"].out:
        yield "its neighbour is not listed"
    refused = [name for name in ("show", "csv", "netcdf") if answers[name].code]
    if not is_complete(folder):
        return
    if refused and not answers["verify"].code:
        yield f"verify finds nothing, but {', '.join(refused)}: {answers[refused[-1]].err}"
    if must and not answers["verify"].code:
        yield "verify finds nothing"
    if not answers["verify"].code:
        try:
            to_xarray(load_record(folder), snapshots=True)  # its dimensions have one size each
        except Exception as error:
            yield f"verify finds nothing, but reading fails: {type(error).__name__}: {str(error)[:300]}"


def _facts(rng: random.Random, folder: Path) -> tuple[str, bool]:
    """Change a random value in the JSON."""
    name = rng.choice(JSON)
    lines = [json.loads(line) for line in (folder / name).read_text().splitlines()]
    line = rng.randrange(len(lines))
    holder, key = rng.choice(list(_holders(lines[line])))
    how = rng.choice(("value", "value", "value", "absent", "twice", "name"))
    value = rng.choice(VALUES)
    if how == "value":
        holder[key] = value
    elif how == "twice" and isinstance(holder, dict):
        holder[TWICE] = holder[key]
    else:
        kept = holder.pop(key)
        if how == "name" and isinstance(holder, dict):
            holder[rng.choice(NAMES)] = kept
    text = "".join(f"{json.dumps(one)}\n" for one in lines).replace(f'"{TWICE}"', json.dumps(key))
    (folder / name).write_text(text)
    _reseal(folder)
    return f"{name}, line {line}: {key} {how} {value!r}", how == "twice" and isinstance(holder, dict)


def _holders(data: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        yield data, key
        if isinstance(value, dict | list):
            yield from _holders(value)


def _tensors(rng: random.Random, folder: Path) -> tuple[str, bool]:
    """Change a tensor or its entry in the header; the rest of the header stays true."""
    path = rng.choice(sorted(folder.rglob("*.safetensors")))
    tensors = read_tensors(path)
    name = rng.choice(list(tensors))
    dtype, shape, content = tensor = tensors[name]
    how = rng.choice(("dtype", "dtype", "shape", "shape", "size", "range", "range", "name", "absent", "extra", "twice"))
    must, other = True, rng.choice(NAMES)
    if how == "dtype":
        variable = schema.VARIABLES[name.split(".")[0]]
        tensor[0] = rng.choice([one for one in DTYPES if one not in variable.dtypes])
    elif how == "shape":
        tensor[1] = rng.choice([one for one in SHAPES if one != shape])
        must = name.partition(".")[0] not in ("embedding", "centroid", "edge_index")  # their sizes are free
    elif how == "size":
        dim = rng.randrange(len(shape))
        shape[dim] += rng.choice((-1, 1))
        must = name != "edge_index" and (dim == 0 or name.partition(".")[0] not in ("embedding", "centroid"))
    elif how == "range":
        value = rng.choice((-9, 99, -128, 127))
        tensor[2] = value.to_bytes(int(WIDTHS[dtype]), "little", signed=True) * math.prod(shape)
        must = value < 0 and dtype.startswith("I")
    elif how == "name":
        tensors[other] = tensors.pop(name)
    elif how == "absent":
        must = "." not in name  # watched networks and slots may lack some
        del tensors[name]
    elif how == "extra":
        tensors[other] = [dtype, shape, content]
    elif how == "twice":
        tensors[TWICE] = [dtype, shape, content]
    path.write_bytes(tensor_file(tensors, name))
    _reseal(folder)
    return f"{path.name}: {name} {how} {tensor[:2]} {other}", must


def _header(rng: random.Random, folder: Path) -> tuple[str, bool]:
    """Change the header, regardless of the tensors."""
    path = rng.choice(sorted(folder.rglob("*.safetensors")))
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    name = rng.choice(list(header))
    how = rng.choice(("entry", "key", "absent", "offset", "length", "bytes"))
    length, key = end - 8, rng.choice(list(header[name]))
    if how == "entry":
        header[name] = rng.choice(VALUES)
    elif how == "key":
        header[name][key] = rng.choice(VALUES)
    elif how == "absent":
        del header[name][key]
    elif how == "offset":
        header[name]["data_offsets"][rng.randrange(2)] = rng.choice(
            (-1, 1, 2**40, 2**63, len(content), 0.0, True, None)
        )
    text = json.dumps(header).encode()
    if how == "bytes":
        text = rng.choice((b"", b"\0" * 20, b"[]", b"{}", b"null", text[:-3], b"\xef\xbb\xbf" + text, text + b"x"))
    length = rng.choice((0, 7, 2**31, 2**63, 2**64 - 1, len(text) + 1)) if how == "length" else len(text)
    path.write_bytes(length.to_bytes(8, "little") + text + content[end:])
    _reseal(folder)
    return f"{path.name}: {name} {key} {how} {header[name]}", how not in ("key", "offset")


def _manifest(rng: random.Random, folder: Path) -> tuple[str, bool]:
    """Change a line of the manifest, and put the listed file in place if possible."""
    lines: list[Any] = manifest_lines(folder)
    line = rng.choice(lines)
    how = rng.choice(("file", "file", "value", "absent", "key", "twice", "tensors", "listed", "entry", "double"))
    key, name, value = rng.choice(list(line)), rng.choice(FILES), rng.choice(VALUES)
    if how in ("file", "listed"):
        _copy(folder / line["file"], folder, name)
        lines.append({**line, "file": name})
        if how == "file":
            lines.remove(line)
    elif how == "value":
        line[key] = value
    elif how == "absent":
        lines.remove(line)
    elif how == "key":
        del line[key]
    elif how == "twice":
        line[TWICE] = line[key]
    elif how == "double":
        lines.insert(0, {**line, "bytes": 1})
    elif how == "entry":
        lines.append(value)
    elif how == "tensors":
        line = rng.choice([one for one in lines if "tensors" in one])
        kept = rng.choice(([], list(line["tensors"])[1:], [*line["tensors"], rng.choice(NAMES)]))
        line["tensors"] = {name: line["tensors"].get(name, "0" * 64) for name in kept}
    texts = [json.dumps(one).replace(f'"{TWICE}"', json.dumps(key)) for one in lines]
    write_manifest(folder, texts)
    return f"{line if how == 'value' else line.get('file')}: {how} {key} {name!r} {value!r}", True


def _copy(path: Path, folder: Path, name: Any) -> None:
    """Put a copy where the manifest lists it, if that lies within the record."""
    inside = isinstance(name, str) and name.isprintable() and len(name) < 100 and ".." not in name
    if inside and name.startswith(("snapshots/", "notes")) and not name.endswith("/"):
        shutil.copy(path, folder / name)


def _files(rng: random.Random, folder: Path) -> tuple[str, bool]:
    """Remove, cut or replace a file, but keep its entry in the manifest."""
    _reseal(folder)
    path = rng.choice(sorted(path for path in folder.rglob("*") if path.is_file()))
    how = rng.choice(("gone", "cut", "empty", "extra", "folder"))
    if how == "extra":
        path.with_name(rng.choice(("x", "0009.safetensors", "config.json.bak"))).write_bytes(b"x")
    elif how == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        path.unlink()
        if how == "folder":
            path.mkdir()
        elif how == "empty":
            path.touch()
    return f"{path.name} {how}", path.name != schema.COMPLETE_FILE


def _reseal(folder: Path) -> None:
    write_manifest(folder, [json.dumps(line) for line in manifest_lines(folder)])


CHANGES: Final[dict[str, Change]] = {
    "a fact": _facts,
    "a tensor": _tensors,
    "a header": _header,
    "its manifest": _manifest,
    "its files": _files,
}
