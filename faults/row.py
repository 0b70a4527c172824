"""One line of the table of ``make faults``."""

from dataclasses import dataclass, field


@dataclass
class Row:
    """A kind of fault, the number of cases, and the violations found.

    Attributes:
        what: What was done.
        cases: How often.
        wrong: A sentence per case in which something did not hold; it names what is needed to repeat it.
        seen: What else is worth knowing, such as how often a run was resumed.
    """

    what: str
    cases: int = 0
    wrong: list[str] = field(default_factory=list)
    seen: str = ""
