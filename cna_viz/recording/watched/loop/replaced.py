"""Whether the loop has replaced the data since it was read."""

from collections.abc import Iterable
from typing import Any, Final

_READ: Final = ("edge_index", "adj_t", "edge_weight", "y", "train_mask", "val_mask", "test_mask")
"""Attributes that a record is made of."""


class ReadTensors:
    """The tensors that were read from data; in-place changes, as by training, are not noticed.

    Args:
        data: The data, whose attributes may be replaced.
        inputs: Names of the attributes that are inputs of the model.
    """

    def __init__(self, data: Any, inputs: Iterable[str] = ()) -> None:
        self._data = data
        held = {name: getattr(data, name, None) for name in (*inputs, *_READ)}
        # Attributes that are computed at every access can't be compared.
        self._held = {name: value for name, value in held.items() if value is getattr(data, name, None)}

    def problem(self) -> str | None:
        """Return a sentence if any of them was replaced."""
        names = [f"data.{name}" for name, value in self._held.items() if getattr(self._data, name, None) is not value]
        if not names:
            return None
        return (
            f"{', '.join(names)} {'was' if len(names) == 1 else 'were'} replaced since watch began, so that the record "
            "would be of other data than the training: begin watch after your transforms"
        )
