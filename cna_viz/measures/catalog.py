"""Where to look a measure up: what it asks, how it is defined, when to trust it, what has been said against it."""

from cna_viz.config.measures import MEASURES
from cna_viz.errors import unknown_name


def describe(name: str) -> None:
    """Print what there is to know about a measure.

    Args:
        name: Its name.

    Raises:
        UsageError: For a name that is none.
    """
    if name not in MEASURES:
        raise unknown_name("measure", name, MEASURES)
    print(MEASURES[name].text())
