"""The bar counts layer-epochs and draws where it can."""

import pytest
import tqdm
import tqdm.auto

from cna_viz.progress import bar
from cna_viz.training.epoch_bar import EpochBar
from cna_viz.training.evaluate import Scores

SCORES = Scores({"val": 1.0}, {"accuracy": {"val": 0.12345}}, "accuracy")


class Counter:
    """Stands for a tqdm bar."""

    def __init__(self) -> None:
        self.n = 0
        self.postfix = ""

    def update(self, n: int) -> None:
        self.n += n

    def set_postfix(self, *, refresh: bool, **values: str) -> None:
        assert not refresh
        self.postfix = values["val"]


def test_every_step_counts_its_weight() -> None:
    counter = Counter()
    callback = EpochBar(counter, weight=16)
    for epoch in range(4):  # the untrained epoch 0 is no step
        callback.on_epoch(epoch, SCORES, last=epoch == 3)
        assert counter.n == 16 * epoch
    callback.on_selected(2)
    assert counter.n == 48
    assert counter.postfix == "0.123"


def test_silent(capfd: pytest.CaptureFixture[str]) -> None:
    with bar(10, "training", unit=" epochs", disable=True) as progress:
        EpochBar(progress, 2).on_epoch(1, SCORES, last=False)
    assert capfd.readouterr() == ("", "")


def test_batch_execution_draws_text_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CNA_VIZ_BATCH", "1")
    with bar(4, "training", unit=" epochs") as progress:
        assert type(progress) is tqdm.tqdm
        progress.update(4)
    out, err = capfd.readouterr()
    assert out == ""
    assert "training" in err
    assert "4/4" in err


def test_otherwise_the_notebook_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CNA_VIZ_BATCH", raising=False)
    with bar(4, "training", unit=" epochs", disable=True) as progress:
        assert type(progress) is tqdm.auto.tqdm
