"""Record your own network, trained by your own loop."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from torch import nn

from cna_viz.config import RecordingConfig, RunConfig, vocabulary
from cna_viz.recording.watched.data.edges import edge_names
from cna_viz.recording.watched.data.graph import read_watched
from cna_viz.recording.watched.data.objects import as_one
from cna_viz.recording.watched.layers.find import LayerNames, find_layers
from cna_viz.recording.watched.loop.replaced import ReadTensors
from cna_viz.recording.watched.model.call import make_call
from cna_viz.recording.watched.model.state import program_of
from cna_viz.recording.watched.output.find import find_reading
from cna_viz.recording.watched.session import Watch


def watch(
    model: nn.Module,
    data: Any,
    *,
    inputs: Any = None,
    layers: LayerNames = None,
    output: Any = None,
    task: str | None = None,
    reading: str | None = None,
    split: int | Mapping[str, Any] | None = None,
    name: str | None = None,
    dataset: str = "own graph",
    runs: Path | str = "runs",
    every: int = 1,
    measures: Sequence[str] | str = vocabulary.DEFAULT_MEASURES,
    snapshots: str = "log",
    precision: str = "float16",
    project: int | None = None,
    seed: int | None = None,
    quiet: bool = False,
) -> Watch:
    """Record what every layer of a model does while you train it; a context manager.

        >>> with watch(model, data) as watched:
        ...     for epoch in range(100):
        ...         loss = train_one_epoch(model, data)
        ...         watched.epoch(loss=loss)
        >>> figures.plot_measure_by_layer([watched.load()])

    At every due epoch the model runs once in evaluation mode on the whole data: embeddings, measures, predictions and
    scores of an epoch are those of this one pass. It does not disturb the training, whose numbers are the same with and
    without, unless a forward pass changes state that can't be put back (docs/watch.md). Layers are the calls of PyG's
    message passing modules and blocks in one forward pass; the stage ``conv`` is the output of a call, the stage
    ``slot`` the input of the next. Gradient norms come from the backward passes of your loop. The selected model is
    that of the last :meth:`~cna_viz.recording.watched.session.Watch.select`, or the one at the end of the context.

    What can't be known is not guessed: it is refused, and the message names the argument that says it. docs/watch.md
    lists which loops, models and data work.

    Args:
        model: Any module. A compiled model (``torch.compile``) is run as the plain model behind it, without gradient
            norms, because compiled code calls no hooks.
        data: PyG's ``Data``, or any object with ``edge_index`` and maybe ``x``, ``y``, ``train_mask`` and so on; for
            graphs a ``Batch`` or a list of ``Data``.
        inputs: Arguments of the model, a sequence, or a mapping for keywords; found by the names in its ``forward`` if
            left out. Needed where only your loop knows, as for an optional ``edge_weight``.
        layers: Names of the modules whose outputs are the layers, or a mapping from names to the index or key of the
            embedding where a layer returns several tensors (None where there is one); found if left out.
        output: Which of several outputs is scored: an index, a key, a sequence of both, or a function of the output.
        task: node-classification, node-regression, graph-classification, or none, for which no labels are read; found
            if left out.
        reading: Whether outputs are ``logits`` or ``probabilities``; found if left out, needed for a single channel.
        split: Column of masks with several, or masks by ``train``, ``val`` and ``test``; the masks of the data if left
            out.
        name: Name of the model in figures; its class if left out.
        dataset: Name of the data in figures.
        runs: Folder of the records.
        every: Number of epochs from one measurement of the layers to the next.
        measures: Names of measures, or ``"all"``.
        snapshots: Epochs at which embeddings are kept: ``log`` (0, 1, 10, 100 …, last), ``ends`` or ``none``.
        precision: ``float16`` or ``float32``.
        project: Keep embeddings with more channels than this as a random projection to this many.
        seed: Seed of your training. Only records of different seeds are averaged in figures.
        quiet: Print nothing; otherwise a table of the layers is printed when the context is entered.

    Raises:
        UsageError: When a name is unknown, no layers are found, the data is none, or only the caller can know how the
            model is called, what its layers are, or which output is scored and how.
        RecordError: When a layer has no row per node or changes its shape, or the record can't be written.
    """
    recording = RecordingConfig.model_validate(
        {"every": every, "measures": measures, "snapshots": snapshots, "precision": precision, "project": project}
    )
    given, data = data, as_one(data)
    call = make_call(model, data, inputs)
    edges, weights = edge_names(data)
    used = {"weighted": call.uses(data, weights), "directed": call.uses(data, edges)}
    graph = read_watched(data, split=split, task=task, **used)
    found = find_layers(call, layers, graph.graph.num_nodes)
    scored = find_reading(found.output, graph, type(call.model).__name__, output=output, reading=reading)
    config = RunConfig.model_validate(
        {
            "watched": {
                "name": name or type(call.model).__name__,
                "model": type(call.model).__name__,
                "dataset": dataset,
                "layers": len(found.convs),
                "key": secrets.token_hex(8),
                "task": graph.task if scored is not None else "none",
                "is_directed": graph.graph.arcs is not None,
                "is_weighted": graph.graph.edge_weight is not None,
                "program": program_of(call.model, graph.task, scored and scored.sentence, found.table, call.names),
                "started": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "seeded": seed is not None,
                "split": "its own" if split is None else "given" if isinstance(split, Mapping) else f"column {split}",
            },
            "recording": recording,
            "seed": seed or 0,
        }
    )
    read = ReadTensors(given, () if call.declared else ("x", *call.names))
    return Watch(call, graph, found, scored, read, config, Path(runs), quiet=quiet)
