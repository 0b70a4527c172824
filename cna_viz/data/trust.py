"""Whether files that can run code are read though nobody knows them. Imports nothing heavy."""

import os
from typing import Final

TRUST_VARIABLE: Final = "CNA_VIZ_TRUST_DATA"
"""Environment variable that, set to 1, lets unknown files be read; ``--trust-data`` sets it."""


def trusted() -> bool:
    """Return whether the user trusts the files of the data root, whoever made them."""
    return os.environ.get(TRUST_VARIABLE) == "1"
