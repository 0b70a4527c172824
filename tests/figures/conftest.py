"""Synthetic records of several slots, depths and seeds, without training."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import plotly.graph_objects as go
import pytest

from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig
from cna_viz.records.record import Record, load_record
from cna_viz.records.synthetic import synthetic_record

Make = Callable[..., Record]


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep projections and layouts out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNA_VIZ_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Return ``make(slot, layers, seed, **more)``: a synthetic record, written once and opened anew at each call."""
    written: dict[str, Path] = {}

    def make(
        slot: str = "relu",
        layers: int = 4,
        seed: int = 0,
        *,
        dataset: str = "digits",
        snapshots: Literal["log", "ends", "none"] = "ends",
        measures: str = "all",
        **more: Any,
    ) -> Record:
        if isinstance(more.get("accuracy"), float):
            more["accuracy"] = dict.fromkeys(("train", "val", "test"), more["accuracy"])
        model = ModelConfig(slot=slot, layers=layers, hidden=4)
        config = RunConfig(
            data=DataConfig(dataset=dataset),
            model=model.replace(clusters=3) if model.uses_clusters else model,
            recording=RecordingConfig(every=1, measures=measures, snapshots=snapshots),
            seed=seed,
        )
        key = f"{config.run_id} {sorted(more.items())}"
        if key not in written:
            written[key] = synthetic_record(tmp_path_factory.mktemp("runs"), config, **more).folder
        return load_record(written[key])

    return make


def rendered(figure: go.Figure) -> str:
    """Return all text of a figure in which markup would be taken for markup."""
    marks = [text for trace in figure.data for text in (trace.name, trace.hovertemplate)]
    axes = [*figure.select_xaxes(), *figure.select_yaxes()]
    words = [axis.title.text for axis in axes] + [text for axis in axes for text in axis.ticktext or ()]
    notes = [note.text for note in figure.layout.annotations]
    return "\n".join(str(text) for text in (*marks, *words, *notes, figure.layout.title.text) if text)


@pytest.fixture(scope="session")
def text_of() -> Callable[[go.Figure], str]:
    """Return what gives the text of a figure in which markup would be taken for markup."""
    return rendered
