"""Records as long, tidy tables: one row per observation, with its run in the first column.

Every function yields a table in parts, so that only one has to be in memory.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cna_viz.config import vocabulary
from cna_viz.config.fields import config_fields, field_value
from cna_viz.config.measures import MEASURES
from cna_viz.records import schema
from cna_viz.records.record import Record

if TYPE_CHECKING:
    from pandas import DataFrame, Series

_SPLIT_NAMES: Final = np.array(["none", *vocabulary.SPLITS])


def runs(records: Sequence[Record]) -> "Iterator[DataFrame]":
    """Yield run, status, every field of the config, best epoch, last epoch, the score that selected, and every score.

    The field ``split`` is called ``split_protocol``: in the other tables ``split`` is train, val or test.
    """
    import pandas as pd

    columns: dict[str, list[Any]] = {
        "run": [record.id for record in records],
        "status": [record.status for record in records],
    }
    for name in config_fields():
        values = [field_value(record.config, name) for record in records]
        columns["split_protocol" if name == "split" else name] = values
    for name in ("best_epoch", "epochs"):
        columns[name] = [record.summary.get(name) for record in records]
    # ``metric`` is a field of the config, the distance of k-means.
    columns["selected_by"] = [record.metric if record.config.watched is None else None for record in records]
    for name in _known_scores(records):
        for split in vocabulary.SPLITS:
            scores = [record.summary.get(name, {}).get(split) for record in records]
            columns[f"{name}_{split}"] = [None if score is None else float(score) for score in scores]
    yield pd.DataFrame({name: _column(values) for name, values in columns.items()})


def _known_scores(records: Sequence[Record]) -> list[str]:
    return [name for name in vocabulary.SCORES if any(name in record.summary for record in records)]


def _column(values: Sequence[Any]) -> "Series[Any]":
    """Return a column of possibly missing values with their own dtype: integers stay integers."""
    import pandas as pd

    values = [",".join(map(str, value)) if isinstance(value, tuple) else value for value in values]
    kinds = {type(value) for value in values if value is not None}
    for kind, dtype in ({int}, "Int64"), ({bool}, "boolean"), ({int, float}, "float64"):
        if kinds and kinds <= kind:
            return pd.Series(values, dtype=dtype)
    return pd.Series(values, dtype="str")


def metrics_epochs(records: Sequence[Record]) -> "Iterator[DataFrame]":
    """Yield run, epoch, split, loss, and a column per score that some run has."""
    names = ["loss", *_known_scores(records)]
    for record in records:
        yield _tidy(record, names, ["epoch", "split"])


def metrics_layers(records: Sequence[Record]) -> "Iterator[DataFrame]":
    """Yield run, epoch, layer, stage, and a column per measure that some run has, without empty rows."""
    names = [name for name in MEASURES if any(record.metrics[name].notnull().any() for record in records)]
    for record in records:
        table = _tidy(record, names, ["epoch", "layer", "stage"])
        yield table[table[names].notna().any(axis=1)]


def _tidy(record: Record, names: list[str], dims: list[str]) -> "DataFrame":
    grid = np.meshgrid(*(record.metrics[dim].to_numpy() for dim in dims), indexing="ij")
    columns = {dim: values.ravel() for dim, values in zip(dims, grid, strict=True)}
    values = {name: record.metrics[name].transpose(*dims).to_numpy().ravel() for name in names}
    return _of_run(record, **columns, **values)


def _of_run(record: Record, **columns: "np.ndarray[Any, Any]") -> "DataFrame":
    """Return a table whose first column is the id of the run."""
    import pandas as pd

    return pd.DataFrame({"run": np.full(len(next(iter(columns.values()))), record.id), **columns})


def nodes(records: Sequence[Record]) -> "Iterator[DataFrame]":
    """Yield run, node, target (its class or number), split, degree, and its graph in a dataset of graphs."""
    for record in records:
        graph = record.graph
        columns = {
            "node": np.arange(graph.sizes["node"]),
            "target": graph["target"].to_numpy(),
            "split": _SPLIT_NAMES[graph["split_of_node"].to_numpy()],
            "degree": graph["degree"].to_numpy(),
        }
        if "graph_of_node" in graph:
            columns["graph"] = graph["graph_of_node"].to_numpy()
        yield _of_run(record, **columns)


def edges(records: Sequence[Record]) -> "Iterator[DataFrame]":
    """Yield run, source, destination, a row per direction; and edge_weight and is_arc where some graph has them."""
    names = [name for name in ("edge_weight", "is_arc") if any(name in record.graph for record in records)]
    for record in records:
        graph = record.graph
        source, destination = graph["edge_index"].to_numpy()
        absent = np.full(len(source), np.nan)
        more = {name: graph[name].to_numpy() if name in graph else absent for name in names}
        yield _of_run(record, source=source, destination=destination, **more)


def embeddings(record: Record, epoch: int) -> "Iterator[DataFrame]":
    """Yield run, epoch, layer, stage, node, and a column per channel padded with NaN; one part per layer and stage."""
    import pandas as pd

    shapes = record.snapshot(epoch).shapes()
    names = {
        (layer, stage): schema.tensor_name("embedding", layer, stage)
        for layer in range(1, record.layers + 1)
        for stage in vocabulary.STAGES
    }
    width = max((shapes[name][1] for name in names.values() if name in shapes), default=0)
    for layer, stage in (place for place, name in names.items() if name in shapes):
        values = record.embedding(layer, stage, epoch).to_numpy()
        padded = np.full((len(values), width), np.nan, dtype=np.float32)
        padded[:, : values.shape[1]] = values
        channels = pd.DataFrame(padded, columns=[f"channel_{number}" for number in range(width)])
        place = [np.full(len(values), value) for value in (epoch, layer, stage)]
        rows = _of_run(record, epoch=place[0], layer=place[1], stage=place[2], node=np.arange(len(values)))
        yield pd.concat([rows, channels], axis=1)
