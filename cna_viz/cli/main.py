"""Entry point: find the command, run it, and turn errors into one line and an exit code."""

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from cna_viz import __version__
from cna_viz.cli.complaint import complain
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
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        try:
            return _dispatch(words)
        finally:
            # What is still in the buffer is written here, where a reader that has left can be dealt with.
            sys.stdout.flush()
            if arguments is None:
                # The process is about to end: to look through all of torch for garbage would take it seconds more.
                gc.freeze()
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
    except BrokenPipeError:
        # Whoever read our output has left (`| head`); Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        complain(f"{error.strerror or error}{place}")
        return 1


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
