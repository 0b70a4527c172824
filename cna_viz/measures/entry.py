"""One entry of the catalog of measures."""

import textwrap
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Entry:
    """What there is to know about a measure.

    Attributes:
        name: As in ``vocabulary.MEASURES``.
        asks: The question it answers.
        formula: In Unicode. X features with rows x_i, v nodes, E edges, d degrees, N_i neighbours, L loss.
        source: Where it is from.
        range: Least and largest value, and what they mean.
        scale: What multiplying X by a number c does.
        degenerate: Value for zero rows, isolated nodes, no edges, features that are not finite.
        trust: When to trust it, and when not.
        criticism: What has been said against it; where no source is given, by us.
        cost: Time.
    """

    name: str
    asks: str
    formula: str
    source: str
    range: str
    scale: str
    degenerate: str
    trust: str
    criticism: str
    cost: str

    def text(self) -> str:
        """Return the entry as lines of at most 100 characters."""
        lines = [self.name]
        for field in fields(self)[1:]:
            indent = " " * 14
            start = f"  {field.name:<11} "
            lines += textwrap.wrap(getattr(self, field.name), 100, initial_indent=start, subsequent_indent=indent)
        return "\n".join(lines)

    def row(self) -> str:
        """Return the entry as a row of a Markdown table."""
        cells = (f"`{self.name}`", self.asks, self.formula, self.range, self.scale, self.source)
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
