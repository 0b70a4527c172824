"""Print the oldest versions that pyproject.toml allows, as constraints for pip; `make test-oldest` installs them."""

import re
import tomllib
from pathlib import Path

TESTING = ("distributed", "hypothesis", "packaging", "psutil", "pyarrow", "pytest", "pytest-xdist")
"""What the tests of `make test-oldest` import besides the package."""

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
for line in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
    name, least = re.match(r"([\w.-]+)(?:>=([\d.]+))?", line).groups()
    if line in project["dependencies"] or name in TESTING:
        print(f"{name}=={least}")
