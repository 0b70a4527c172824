"""The command line, called as a function, which stops where work would begin."""

import contextlib
import io
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

from cna_viz.cli.main import main
from cna_viz.errors import ReportError

BORDERS = (
    "cna_viz.experiments.run.load_or_run",
    "cna_viz.experiments.estimate.estimate",
    "cna_viz.experiments.sweep.sweep",
    "cna_viz.experiments.tuning.tune.tune",
    "cna_viz.reports.report.execute",
    "cna_viz.reports.many.many.Many.make",
    "cna_viz.cli.report.require_browser",
    "cna_viz.cli.demo._serve",
)
"""What trains, executes, opens or serves; everything that users can say wrong is said before."""


BAR = re.compile(r"(\r[a-z ]+: +\d+%\|[^\r\n]*)+\n?")
"""How far work is, which is drawn again and again."""


class ReachedError(ReportError):
    """All that was said was accepted, and work would have begun."""


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: object
    out: str
    err: str


def stop(*words: object, **options: object) -> NoReturn:
    """Stand where work would begin."""
    raise ReachedError("work would begin here")


@contextlib.contextmanager
def desk(folder: Path) -> Iterator[None]:
    """Work in a folder, with a cache of its own and no data root; nothing is trained, executed or served."""
    kept = {name: value for name, value in os.environ.items() if name not in {"CNA_VIZ_DATA", "CNA_VIZ_BATCH"}}
    with contextlib.ExitStack() as stack:
        own = {"CNA_VIZ_CACHE": str(folder / "cache"), "CNA_VIZ_GRAPHS": str(folder / "graphs")}
        stack.enter_context(patch.dict(os.environ, {**kept, **own}, clear=True))
        stack.enter_context(contextlib.chdir(folder))
        for border in BORDERS:
            stack.enter_context(patch(border, stop))
        yield


def call(words: Sequence[str]) -> Answer:
    """Call the command line with these words, on streams that are as strict as those of a process."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n")
    err = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace", newline="\n")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code: Any = main(list(words))
        except SystemExit as ended:  # argparse ends so after --help
            code = ended.code
    out.flush()
    err.flush()
    return Answer(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))  # type: ignore[attr-defined]


def complaint_is_fit_to_print(answer: Answer) -> None:
    """Fail where a command ended otherwise than with 0, or with 1 or 2 and lines that say why."""
    assert answer.code in {0, 1, 2}, answer
    assert "Traceback" not in answer.err, answer
    said = BAR.sub("", answer.err)
    for character in said.replace("\n", ""):
        assert character.isprintable(), f"{character!r} in {answer}"
    lines = said.splitlines()
    if answer.code == 2:
        assert len(lines) == 1, answer
        assert answer.out == "", answer
    if answer.code != 0 and not answer.out:
        assert lines, answer
        assert lines[-1].startswith("cna-viz: "), answer
        assert len(lines[-1]) > len("cna-viz: "), answer
