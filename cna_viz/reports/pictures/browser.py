"""An installed Chrome or Chromium: where it is, and how to run it.

Browsers without a screen hang on some machines, so nothing here waits forever, and nothing is left behind.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cna_viz.errors import ReportError, UsageError
from cna_viz.files import write_atomically
from cna_viz.reports.written import check_replaceable, marked, why_not_written

VARIABLE: Final = "BROWSER_PATH"
"""Environment variable that names the browser; kaleido reads it, too."""
_NAMES: Final = ("google-chrome", "google-chrome-stable", "chrome", "chromium", "chromium-browser", "msedge")


def find_browser() -> str | None:
    """Return the path of a browser that can draw pages without a screen, or ``None``.

    ``BROWSER_PATH`` comes first, then kaleido's choice, if it is installed, and then the search path.
    """
    given = os.environ.get(VARIABLE)
    if given:
        return shutil.which(given)
    try:
        from choreographer.browsers.chromium import Chromium
    except ImportError:
        return next((path for name in _NAMES if (path := shutil.which(name))), None)
    found = Chromium.find_browser(skip_local=False)
    return str(found) if found else None


def require_browser() -> str:
    """Return the path of a browser, or raise a :class:`~cna_viz.errors.UsageError` where none is found."""
    found = find_browser()
    if found is None:
        given = os.environ.get(VARIABLE)
        why = f"{VARIABLE} = {given!r} is not a program" if given else "neither Chrome nor Chromium was found"
        raise UsageError(f"a PDF needs a browser, and {why}: install one, or set {VARIABLE} to its path")
    return found


def print_page(page: Path, browser: str, seconds: float = 120) -> Path:
    """Print a report's page to ``report.pdf`` beside it, within a time limit, and return the path of the PDF.

    Raises:
        ReportError: The browser hangs or fails; the page and an older PDF stay as they were.
        UsageError: The PDF would replace a file that is not ours.
    """
    target = page.with_name("report.pdf")
    check_replaceable(target)
    with tempfile.TemporaryDirectory(prefix="cna-viz-", ignore_cleanup_errors=True) as scratch:
        draft = Path(scratch) / "report.pdf"
        flags = [
            "--headless",
            "--no-sandbox",  # containers often can't make one; the page is ours and allows no script but its own
            "--disable-gpu",
            "--enable-unsafe-swiftshader",  # figures in WebGL
            "--no-first-run",
            "--disable-background-networking",
            f"--user-data-dir={scratch}/profile",
            "--window-size=1100,1000",  # px: the page is laid out as on a screen, and then made smaller
            "--virtual-time-budget=20000",  # ms of the page's time, in which its figures are drawn
            "--no-pdf-header-footer",
            f"--print-to-pdf={draft}",
        ]
        try:
            run([browser, *flags, page.resolve().as_uri()], seconds)
            content = draft.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise ReportError(f"{page} is there, but {browser} did not print it: {_reason(error, seconds)}") from None
    write_atomically(target, marked(content), why_not_written)
    return target


def run(command: Sequence[str], seconds: float) -> None:
    """Run a program that may hang, without its output; after ``seconds``, or an interrupt, its whole session is killed.

    A browser that kaleido started has a session of its own, and ends when the pipe to it breaks.

    Raises:
        subprocess.SubprocessError: It took too long, or its exit code is not 0.
    """
    null = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=null, stdout=null, stderr=null, start_new_session=True)
    try:
        code = process.wait(seconds)
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (AttributeError, ProcessLookupError, PermissionError):  # the first: Windows has no sessions
            process.kill()
        process.wait()
    if code:
        raise subprocess.CalledProcessError(code, command[0])


def _reason(error: Exception, seconds: float) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it took longer than {seconds:g} s"
    if isinstance(error, subprocess.CalledProcessError):
        return f"it ended with exit code {error.returncode}"
    return "it left no PDF" if isinstance(error, FileNotFoundError) else str(error)
