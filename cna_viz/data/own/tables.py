"""Tables of nodes and edges: CSV, parquet or data frames; what each column is."""

import re
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cna_viz.data.archives import open_gzip
from cna_viz.data.own.options import ImportOptions
from cna_viz.data.own.parts import Parts, check_size, listed, plural
from cna_viz.data.own.structural import is_structural
from cna_viz.errors import DataError, UsageError, nearest_first, shown, unknown_name

MISSING: Final = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]
"""Text that stands for nothing in a CSV file; ids may be any of these but the first."""
LABELS: Final = ("label", "class", "y", "target")
WEIGHTS: Final = ("weight", "weights", "w", "edge_weight")
_IDS: Final = ("id", "node", "node_id", "name")
_SOURCES: Final = ("source", "from", "src", "u")
_TARGETS: Final = ("target", "to", "dst", "v")
_MASK: Final = re.compile(r"(train|val|test)(_mask)?(?:_?(\d+))?")
_ID_LIKE: Final = re.compile(r"(.*_)?(id|index)|unnamed: 0", re.IGNORECASE)

Table = Path | pd.DataFrame


def parts(nodes: Table, edges: Table, options: ImportOptions) -> Parts:
    """Return the parts of a graph in a table of nodes and one of edges.

    Raises:
        UsageError: The options name a column that is not there.
        DataError: Ids are not unique, or an edge names none of them.
    """
    options.read_by("tables of nodes and edges", "id", "source", "target")
    columns = column_names(nodes)
    key = choose(columns, options.id, _IDS)
    if key is None:
        raise UsageError(f"no column of the nodes is named {_or(_IDS)}: --id names it, one of {listed(columns)}")
    frame = read_table(nodes, columns, [key])
    ids, said = _ids(frame.pop(key), key, options.id is None)
    index, weights, more = _edges(edges, ids, options)
    y, x, masks, changes = described(frame, options)
    return Parts(len(ids), index, y, x, weights, masks, changes=(*said, *changes, *more))


def column_names(table: Table) -> list[str]:
    """Return the names of the columns of a table."""
    if isinstance(table, pd.DataFrame):
        return names(table)
    if table.suffix == ".parquet":
        return list(_parquet(table).schema.names)
    return names(_read_csv(table, nrows=0, dtype=str))


def names(frame: pd.DataFrame) -> list[str]:
    """Return the names of the columns as text."""
    return [str(name) for name in frame.columns]


def read_table(table: Table, columns: Sequence[str], keys: Sequence[str]) -> pd.DataFrame:
    """Return these columns of a table; those of ``keys`` as text, exactly as it stands there."""
    if isinstance(table, pd.DataFrame):
        frame: pd.DataFrame = table.rename(columns=str)[list(columns)]
    elif table.suffix == ".parquet":
        frame = _parquet(table).read(columns=list(columns)).to_pandas()
    else:
        missing = {name: MISSING for name in columns if name not in keys}
        text = dict.fromkeys(keys, str)
        # All columns: with `usecols`, pandas would not notice lines that are too long.
        frame = _read_csv(table, dtype=text, na_values=missing, keep_default_na=False)[list(columns)]
    return frame.assign(**{key: frame[key].astype(str) for key in keys})


def choose(columns: Sequence[str], given: str | None, usual: Sequence[str]) -> str | None:
    """Return the column that the user gave, else the first with one of the usual names; None where there is none.

    Raises:
        UsageError: The column that the user gave is not there.
    """
    if given is not None and given not in columns:
        raise unknown_name("column", given, nearest_first(given, columns)[:20])
    return given or next((column for name in usual for column in columns if column.lower() == name), None)


def described(
    frame: pd.DataFrame, options: ImportOptions
) -> tuple[Any, pd.DataFrame | None, Mapping[str, Any], list[str]]:
    """Return labels, features and masks among the columns that describe nodes, and what was guessed.

    Raises:
        UsageError: The labels are not recognized, or a column that was named is not there.
    """
    for name in options.drop:
        choose(names(frame), name, ())
    frame = frame.drop(columns=list(options.drop))
    label = choose(names(frame), options.label, ()) or _only_label(frame)
    if label is None:
        raise UsageError(f"no column is named {_or(LABELS)}: --label names it, one of {listed(names(frame))}")
    changes = [] if options.label else [f"labels are column {label!r} (--label names another)"]
    y = frame.pop(label)
    masks, frame = _masks(frame)
    x, said = _features(frame, options)
    return y.to_numpy(dtype=object if y.dtype.kind not in "biuf" else None), x, masks, changes + said


def _only_label(frame: pd.DataFrame) -> str | None:
    """Return the one column with a usual name of labels; the other would be a feature that tells them."""
    lower = {name.lower() for name in names(frame)}
    usual = {*LABELS} - ({"y"} if "x" in lower else set())  # x and y are a position
    found = [name for name in names(frame) if name.lower() in usual and not _all_differ(frame[name])]
    if len(found) > 1:
        raise UsageError(f"columns {' and '.join(found)} could both be the labels: --label names one, --drop the other")
    return found[0] if found else None


def _features(frame: pd.DataFrame, options: ImportOptions) -> tuple[pd.DataFrame | None, list[str]]:
    if options.features is not None and not is_structural(options.features):
        wanted = options.features.split(",")
        for name in wanted:
            choose(names(frame), name, ())
        unused = [name for name in names(frame) if name not in wanted]
        return frame[wanted], [f"left out, since --features does not name them: {listed(unused)}"] if unused else []
    ids = [name for name in names(frame) if _ID_LIKE.fullmatch(name) or _all_differ(frame[name])]
    said = [f"{name!r} looks like ids and is no feature (--features names the columns that are)" for name in ids]
    frame = frame.drop(columns=ids)
    return frame if len(frame.columns) else None, said


def _all_differ(column: "pd.Series[Any]") -> bool:
    """Whether a column of text has another value for every node, as names and ids have."""
    if column.dtype.kind in "biuf" or len(column) < 2:
        return False
    return all(isinstance(word, str) for word in column) and column.is_unique


def _masks(frame: pd.DataFrame) -> tuple[dict[str, Any], pd.DataFrame]:
    """Take the columns of masks out of a table: ``train_mask``, or ``train_mask_0`` ... for repetitions."""
    found: dict[str, list[tuple[int, str]]] = {}
    for name in names(frame):
        if parsed := _MASK.fullmatch(name):
            found.setdefault(parsed[1], []).append((int(parsed[3] or 0), name))
    taken = {part: frame[[name for _, name in sorted(columns)]] for part, columns in found.items()}
    others = frame.drop(columns=[name for columns in found.values() for _, name in columns])
    return {part: _flags(part, columns) for part, columns in taken.items()}, others


def _flags(part: str, columns: pd.DataFrame) -> Any:
    if not all(dtype.kind in "biuf" for dtype in columns.dtypes) or bool(columns.isna().to_numpy().any()):
        raise DataError(f"the {part} mask has values that are not true, false, 0 or 1, or has none for some nodes")
    values = columns.to_numpy(dtype="float64")
    return values[:, 0] if values.shape[1] == 1 else values


def _ids(column: "pd.Series[str]", key: str, guessed: bool) -> tuple[pd.Index, list[str]]:
    ids = pd.Index(column)
    if ids.hasnans:
        raise DataError(
            f"{plural(int(column.isna().sum()), 'node')} without an id in column {key!r}: every node needs one"
        )
    if ids.has_duplicates or "" in ids:
        wrong = "" if "" in ids else ids[ids.duplicated()][0]
        raise DataError(
            f"id {shown(wrong)} stands for {int((ids == wrong).sum())} nodes: every node needs one of its own"
        )
    return ids, ([f"ids are column {key!r} (--id names another)"] if guessed else []) + number_notes(ids)


def number_notes(ids: pd.Index) -> list[str]:
    """Return in a sentence what the ids of nodes are, unless they are 0, 1, 2 ... in this order."""
    digits = ids.str.fullmatch(r"\d{1,18}")
    if not bool(digits.all()):
        return [f"ids are text: the {plural(len(ids), 'node')} are numbered in their order"]
    numbers = ids.astype("int64")
    gaps = int(numbers.max()) - int(numbers.min()) + 1 - len(ids)
    if gaps or int(numbers.min()) or not numbers.is_monotonic_increasing:
        what = f"from {numbers.min()} to {numbers.max()} with {plural(gaps, 'gap')}"
        return [f"ids run {what}: the {plural(len(ids), 'node')} are numbered in their order"]
    return []


def _edges(table: Table, ids: pd.Index, options: ImportOptions) -> tuple[Tensor, Tensor | None, list[str]]:
    columns = column_names(table)
    source, target = choose(columns, options.source, _SOURCES), choose(columns, options.target, _TARGETS)
    weight = choose(columns, options.weight, WEIGHTS)
    if source is None or target is None or source == target:
        raise UsageError(f"--source and --target name the two columns of the edges, one of {listed(columns)}")
    used = [source, target, *([] if weight is None else [weight])]
    frame = read_table(table, used, [source, target])
    index = _numbers(frame[source], frame[target], ids)
    changes = [f"edges go from column {source!r} to {target!r}"] if None in (options.source, options.target) else []
    if weight is not None and options.weight is None:
        changes.append(f"weights are column {weight!r} (--weights drop leaves them out)")
    if unused := [name for name in columns if name not in used]:
        changes.append(f"left out of the edges: {listed(unused)}")
    return index, None if weight is None else _weights(frame[weight], weight), changes


def _numbers(source: "pd.Series[str]", target: "pd.Series[str]", ids: pd.Index) -> Tensor:
    """Return the numbers of the nodes that edges join, ``[2, edges]``."""
    found = np.stack([ids.get_indexer(pd.Index(ends)) for ends in (source, target)])
    if (lost := (found < 0).any(axis=0)).any():
        first = int(lost.argmax())
        name = (source if found[0, first] < 0 else target).iloc[first]
        raise DataError(
            f"{plural(int(lost.sum()), 'edge')} with a node that is not among the nodes, first {shown(name)}: add it, "
            "or leave out its edges"
        )
    return torch.from_numpy(found.astype(np.int64))


def _weights(column: "pd.Series[Any]", name: str) -> Tensor:
    if column.dtype.kind not in "biuf":
        raise DataError(f"column {name!r} of the edges is not all numbers: --weight names that of the weights")
    return torch.from_numpy(column.to_numpy(dtype="float64", copy=True))


def _read_csv(path: Path, **options: Any) -> pd.DataFrame:
    separator = "\t" if ".tsv" in path.suffixes else ","
    with warnings.catch_warnings(), open_gzip(path) if path.suffix == ".gz" else path.open("rb") as stream:
        warnings.simplefilter("error", pd.errors.ParserWarning)  # lines longer than the header
        found: pd.DataFrame = pd.read_csv(
            stream,
            sep=separator,
            index_col=False,
            low_memory=False,
            encoding="utf-8-sig",
            skipinitialspace=True,
            **options,
        )
    return found


def _parquet(path: Path) -> Any:
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError:
        raise UsageError("parquet needs pyarrow, which is not installed: pip install 'cna-viz[export]'") from None
    file = parquet.ParquetFile(path)
    declared = sum(file.metadata.row_group(number).total_byte_size for number in range(file.metadata.num_row_groups))
    check_size(max(declared, 8 * file.metadata.num_rows * file.metadata.num_columns), str(path))
    return file


def _or(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
