"""Whether the data of a training is still the one that was read."""

from collections.abc import Iterable
from typing import Any, Final

READ: Final = ("edge_index", "adj_t", "edge_weight", "y", "train_mask", "val_mask", "test_mask")
"""What a record is made of, besides what the model is given."""


class Unchanged:
    """Remembers which tensors were read from data; in-place changes of them, as by training, are no others.

    Args:
        data: The data, whose attributes may be replaced.
        names: The attributes that were read; those that are made anew whenever they are asked for are not compared.
    """

    def __init__(self, data: Any, names: Iterable[str]) -> None:
        self._data = data
        held = {name: getattr(data, name, None) for name in names}
        self._held = {name: value for name, value in held.items() if value is getattr(data, name, None)}

    def problem(self) -> str | None:
        """Return the sentence if any of them was replaced."""
        replaced = [
            f"data.{name}" for name, value in self._held.items() if getattr(self._data, name, None) is not value
        ]
        if not replaced:
            return None
        were = "was" if len(replaced) == 1 else "were"
        return (
            f"{', '.join(replaced)} {were} replaced since watch began, so that the record would be of other data than "
            "the training: begin watch after your transforms"
        )
