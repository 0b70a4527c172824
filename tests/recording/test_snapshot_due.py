"""When embeddings are kept."""

from cna_viz.recording.recorder import snapshot_due

EPOCHS = [0, 1, 2, 9, 10, 11, 20, 99, 100, 101, 110, 999, 1000, 1001, 10000]


def test_powers_of_ten_and_the_last() -> None:
    assert [e for e in EPOCHS if snapshot_due("log", e, last=False)] == [0, 1, 10, 100, 1000, 10000]
    assert snapshot_due("log", 7, last=True)


def test_the_first_only() -> None:
    assert [e for e in EPOCHS if snapshot_due("ends", e, last=e == 10000)] == [0]


def test_none() -> None:
    assert not any(snapshot_due("none", e, last=e == 10000) for e in EPOCHS)
