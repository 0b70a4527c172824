"""Entry point: find the command, run it, and turn errors into one line and an exit code."""

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from cna_viz import __version__
from cna_viz.cli.complaint import complain
from cna_viz.cli.memory import lack_of_memory
from cna_viz.cli.streams import Streams
from cna_viz.errors import CnaVizError, unknown_name

COMMANDS: Final = {
    "run": "train one network, or load it if it was trained before",
    "sweep": "train all runs of a grid in parallel, those that are missing",
    "tune": "choose the settings of every arm of a grid on validation, with equal effort",
    "compare": "hold the arms of a grid against one of them, pair by pair",
    "report": "execute a notebook with your parameters and write a page that opens offline",
    "demo": "lesson, explorer and playground as web pages on this computer",
    "runs": "list, show, verify, export or reproduce records, clean up after interrupted runs",
    "datasets": "list the datasets and what is on disk",
}

HELP: Final = """usage: cna-viz COMMAND [OPTION ...]

Look inside deep graph networks: train CNA and baselines fairly, record every layer, see oversmoothing happen.

commands:
{commands}

examples:
  cna-viz run --slot cna --layers 16
  cna-viz sweep ablation
  cna-viz report oversmoothing
  cna-viz report oversmoothing -p dataset cora --data path/to/data
  cna-viz runs list

`cna-viz COMMAND --help` explains a command; `cna-viz --version` prints the version.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: The words after ``cna-viz``; those of the process when left out.
    """
    if arguments is not None:
        return _answered(arguments)
    streams = Streams()
    try:
        code = _answered(sys.argv[1:])
    except SystemExit as stop:  # argparse ends so after --help
        code = int(stop.code or 0)
    # The process is about to end: to look through all of torch for garbage would take it seconds more.
    gc.freeze()
    return streams.finish(code)


def _answered(words: Sequence[str]) -> int:
    """Carry out a command and return its exit code; an error becomes one line on stderr."""
    try:
        code = _dispatch(list(words))
        sys.stdout.flush()  # may wait for a reader, and be interrupted
        return code
    except CnaVizError as error:
        complain(str(error))
        return error.exit_code
    except KeyboardInterrupt as interrupt:
        notes = " ".join(getattr(interrupt, "__notes__", []))
        print(
            f"\ncna-viz: interrupted; finished records are kept, the same command goes on from there. {notes}",
            file=sys.stderr,
        )
        return 130
    except Exception as error:
        line = lack_of_memory(error) or _of_system(error)
        if line is None:
            raise
        complain(line)
        return 1


def _of_system(error: Exception) -> str | None:
    """Return the message of an error of the operating system; None for a defect of ours."""
    if not isinstance(error, OSError):
        return None
    return f"{error.strerror or error}" + (f" ({error.filename})" if error.filename else "")


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in {"-h", "--help", "help"}:
        listed = "\n".join(f"  {name:<10}{what}" for name, what in COMMANDS.items())
        print(HELP.format(commands=listed), end="", file=sys.stdout if words else sys.stderr)
        return 0 if words else 2
    if words[0] == "--version":
        print(f"cna-viz {__version__}")
        return 0
    if words[0] not in COMMANDS:
        raise unknown_name("command", words[0], COMMANDS)
    # Each command imports only what it needs, so that help answers at once.
    code: int = import_module(f"cna_viz.cli.{words[0]}").main(words[1:])
    return code
