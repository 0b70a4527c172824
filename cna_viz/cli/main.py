"""Entry point: find the command, run it, and turn errors into one line and an exit code."""

import errno
import gc
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from cna_viz import __version__
from cna_viz.cli.printing import complain
from cna_viz.cli.streams import Streams
from cna_viz.errors import CnaVizError, unknown_name

COMMANDS: Final = {
    "run": "train one network, or load it if it was trained before",
    "sweep": "train the missing runs of a grid in parallel",
    "tune": "tune the settings of every arm of a grid on validation, with equal effort",
    "compare": "compare the arms of a grid with a baseline, pair by pair",
    "claims": "compare the settings of the ledger of claims with the released ones",
    "report": "execute a notebook with your parameters and write a page that opens offline",
    "demo": "lesson, explorer and playground as web pages on this computer",
    "runs": "list, show, verify, export or reproduce records, clean up after interrupted runs",
    "datasets": "list the datasets and what is on disk",
    "graphs": "add, list, show or remove graphs of your own",
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

_NO_MEMORY: Final = re.compile(
    r"(can ?not|can't|unable to) allocate|out of memory|bad_alloc|failed to map segment|can't start new thread"
    r"|without (setting an )?exception",
    re.IGNORECASE,
)
"""Messages of numpy, torch, CUDA, C++, the dynamic linker, Python's threads and the interpreter itself."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: The words after ``cna-viz``; those of the process when left out.
    """
    if arguments is not None:
        return _run(arguments)
    streams = Streams()
    try:
        code = _run(sys.argv[1:])
    except SystemExit as stop:  # argparse ends so after --help
        code = int(stop.code or 0)
    gc.freeze()  # the process is about to end, and collecting the garbage of torch would take seconds
    return streams.finish(code)


def lack_of_memory(error: BaseException) -> str | None:
    """Return a line that says what to do if an error, or one that caused it, means out of memory; else ``None``."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and len(causes) < 20:
        causes.append(cause)
    kinds = RuntimeError | ImportError | OSError | SystemError
    found = [
        cause
        for cause in causes
        if isinstance(cause, MemoryError)
        or getattr(cause, "errno", None) == errno.ENOMEM
        or (isinstance(cause, kinds) and _NO_MEMORY.search(str(cause)))
    ]
    if not found:
        return None
    message = str(found[-1]).strip().split("\n")[0][:200] or "an allocation failed"
    return (
        f"not enough memory: {message}; finished records are kept. Free some, or ask for less: "
        "fewer --workers, snapshots or layers, a smaller --hidden or --batch-size"
    )


def _run(words: Sequence[str]) -> int:
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
            f"\ncna-viz: interrupted; finished records are kept, and the same command continues from there. {notes}",
            file=sys.stderr,
        )
        return 130
    except Exception as error:
        line = lack_of_memory(error)
        if line is None and isinstance(error, OSError):
            line = f"{error.strerror or error}" + (f" ({error.filename})" if error.filename else "")
        if line is None:
            raise  # a defect of ours keeps its traceback
        complain(line)
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
