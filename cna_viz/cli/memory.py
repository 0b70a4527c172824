"""Out of memory, whichever exception a library raises."""

import errno
import re
from typing import Final

_NAMES: Final = re.compile(
    r"(can ?not|can't|unable to) allocate|out of memory|bad_alloc|failed to map segment|can't start new thread"
    r"|without (setting an )?exception",
    re.IGNORECASE,
)
"""Messages of numpy, torch, CUDA, C++, the dynamic linker, Python's threads and the interpreter itself."""
_LONGEST: Final = 200
"""Characters of the library's message that are quoted."""


def lack_of_memory(error: BaseException) -> str | None:
    """Return a line that says what to do if an error, or one that caused it, means out of memory; else None."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and len(causes) < 20:
        causes.append(cause)
    found = next(filter(_is_lack, reversed(causes)), None)
    if found is None:
        return None
    said = str(found).strip().split("\n")[0][:_LONGEST] or "an allocation failed"
    return (
        f"not enough memory: {said}; finished records are kept. Free some, or ask for less: "
        "fewer --workers, snapshots or layers, a smaller --hidden or --batch-size"
    )


def _is_lack(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    return isinstance(error, RuntimeError | ImportError | OSError | SystemError) and bool(_NAMES.search(str(error)))
