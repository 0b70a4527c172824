"""The machine and the software that made a record."""

import os
import platform
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

_PACKAGES = ("cna-viz", "torch", "torch-geometric", "numpy", "scipy", "scikit-learn")


def describe_environment(device: str, threads: int) -> dict[str, Any]:
    """Return everything besides its config that the numbers of a run depend on: versions, commit, device, threads."""
    return {
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
        "commit": _commit(),
        "platform": f"{sys.platform}-{platform.machine()}",
        "device": device,
        "threads": threads,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def peak_memory_mib() -> float | None:
    """Return the peak resident memory of this process in MiB; None if the system does not report it."""
    with suppress(OSError, IndexError):
        # On Linux, getrusage includes the memory of the process that started this one.
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _commit() -> str | None:
    """Return the commit of this checkout, with ``-dirty`` where files differ from it; None outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", os.fspath(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() or None
