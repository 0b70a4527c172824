"""Damaged files of every format are imported or refused in a sentence; a store is complete or empty."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch_geometric.data import Data

from cna_viz import graphs
from cna_viz.data.own.store import content_path, load_own
from cna_viz.errors import CnaVizError
from tests.data.own.sample import WRITERS

FORMS = [name for name in WRITERS if name not in {"Data", "frames", "networkx"}]
WORDS = [
    b"nan",
    b"inf",
    b"-1",
    b"1e999",
    b"99999999999999999999",
    b"\x00",
    b",",
    b"\n",
    b'"',
    b"<",
    b">",
    b"&x;",
    b"\xff",
]
WORDS += [b"<!DOCTYPE x>", b"id", b"label", b"weight", b"0", b"1e308", b"None", b"%%MatrixMarket", b"\xe2\x80\xae"]

ARRAYS = ("npz", "yandex", "csr")
Rng = np.random.Generator


def cut(content: bytes, rng: Rng) -> bytes:
    return content[: rng.integers(len(content) + 1)]


def flip(content: bytes, rng: Rng) -> bytes:
    changed = bytearray(content)
    for place in rng.integers(len(content), size=rng.integers(1, 20)):
        changed[place] = rng.integers(256)
    return bytes(changed)


def put(content: bytes, rng: Rng) -> bytes:
    start = int(rng.integers(len(content)))
    return content[:start] + WORDS[rng.integers(len(WORDS))] + content[start + int(rng.integers(6)) :]


def number(content: bytes, rng: Rng) -> bytes:
    """Replace a run of digits, as counts and ids are, by something else."""
    places = [i for i, byte in enumerate(content) if 48 <= byte <= 57] or [0]
    start = places[rng.integers(len(places))]
    return content[:start] + WORDS[rng.integers(6)] + content[start + 1 :]


def shuffle(content: bytes, rng: Rng) -> bytes:
    lines = content.splitlines(keepends=True)
    first, second = rng.integers(len(lines), size=2)
    lines[first], lines[second] = lines[second], lines[first]
    return b"".join(lines)


def nothing(_: bytes, __: Rng) -> bytes:
    return b""


DAMAGES: list[Callable[[bytes, Rng], bytes]] = [cut, flip, put, number, shuffle, nothing]
ODD = {
    "label": "nope",
    "drop": "label",
    "fill": "mean",
    "features": "random:4",
    "task": "node-regression",
    "directed": True,
}


def odd_array(value: Any, rng: Rng) -> Any:
    """Return an array that is not quite what it was."""
    value = np.array(value)
    kinds = ["int8", "int64", "uint16", "float16", "float64", "bool", "U5", "complex64", "O"]
    changes: list[Callable[[], Any]] = [
        lambda: value[: rng.integers(len(value) + 1)] if value.ndim else value,
        lambda: value.T,
        lambda: value[None],
        lambda: np.stack([value, value]),
        lambda: value.astype(kinds[rng.integers(len(kinds) - 1)]),
        lambda: np.where(rng.random(value.shape) < 0.1, ODDITIES[rng.integers(len(ODDITIES))], value.astype("float64")),
        lambda: value.astype("int64") + int(rng.integers(-3, 4)) * 10 ** int(rng.integers(0, 17)),
        lambda: value[..., :1],
        lambda: np.zeros(()),
        lambda: np.zeros(0),
    ]
    return changes[rng.integers(len(changes))]()


ODDITIES = [np.nan, np.inf, -np.inf, -1.0, 0.5, 1e300, 1e19, 0.0]


def write_odd(form: str, folder: Path, rng: Rng) -> dict[str, Any]:
    """Write the sample with some arrays changed, left out or exchanged."""
    given = WRITERS[form](folder)
    with np.load(given["data"]) as file:
        arrays = dict(file)
    names = sorted(arrays)
    for _ in range(rng.integers(1, 3)):
        name, other = (names[number] for number in rng.integers(len(names), size=2))
        if rng.random() < 0.1:
            arrays.pop(name, None)
        elif rng.random() < 0.1:
            arrays[name] = arrays.get(other, np.zeros(3))
        elif name in arrays:
            arrays[name] = odd_array(arrays[name], rng)
    if rng.random() < 0.5:
        np.savez(given["data"], **arrays)
        return given
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items() if array.dtype.kind in "biufc"}
    torch.save(tensors if rng.random() < 0.5 else Data.from_dict(tensors), folder / "g.pt")
    return {"data": folder / "g.pt"}


def damaged(form: str, folder: Path, rng: Rng) -> dict[str, Any]:
    """Write the sample and damage one of its files."""
    given = WRITERS[form](folder)
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    path = paths[rng.integers(len(paths))]
    for _ in range(rng.integers(1, 4)):
        content = path.read_bytes()
        path.write_bytes(DAMAGES[rng.integers(len(DAMAGES) - (rng.random() < 0.9))](content, rng) if content else b"")
    return given


def try_once(folder: Path, store: Path, form: str, seed: int) -> bool:
    """Damage one file of a format and import it; return whether it was imported."""
    rng = np.random.default_rng(seed)
    given = write_odd(form, folder, rng) if form in ARRAYS and seed % 3 else damaged(form, folder, rng)
    odd = list(ODD)[rng.integers(len(ODD))]
    options = {odd: ODD[odd]} if rng.random() < 0.3 else {}
    try:
        entry = graphs.add(name="x", **(given | options))
    except CnaVizError as error:
        refusal = str(error)
    else:
        refusal = ""
    if refusal:
        assert "\n" not in refusal
        assert len(refusal) < 1000
        assert not store.exists()
        return False
    assert load_own("x", entry.digest).num_nodes == entry.nodes
    assert {one.name for one in store.rglob("*") if one.is_file()} == {"x.json", content_path(entry.digest).name}
    assert json.loads((store / "names" / "x.json").read_text())["digest"] == entry.digest
    shutil.rmtree(store)
    return True


def try_many(tmp_path: Path, form: str, seeds: range) -> list[bool]:
    answers = []
    for seed in seeds:
        folder = tmp_path / "files"
        folder.mkdir()
        answers.append(try_once(folder, tmp_path / "graphs", form, seed))
        shutil.rmtree(folder)
    return answers


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.filterwarnings("ignore")  # packages warn of what they are given
def test_damaged_files_are_imported_or_refused(form: str, tmp_path: Path) -> None:
    assert False in try_many(tmp_path, form, range(15))


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.filterwarnings("ignore")
def test_many_damaged_files_are_imported_or_refused(form: str, tmp_path: Path) -> None:
    assert False in try_many(tmp_path, form, range(100, 300))


def test_the_sample_is_imported_undamaged(tmp_path: Path) -> None:
    given: dict[str, Any] = WRITERS["csv"](tmp_path)
    assert graphs.add(name="x", **given).nodes == 24
