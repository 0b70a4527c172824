"""The records that come with the package, for lessons in which nothing is trained."""

from pathlib import Path


def stored_runs() -> Path:
    """Return the folder of the stored records: the runs of the grid ``lesson``, to be read as any other runs.

    >>> records.select(runs=records.stored_runs(), slot="cna")
    """
    return Path(__file__).resolve().parents[1] / "stored"
