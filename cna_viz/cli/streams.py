"""Standard streams that never end a command's work: messages are dropped, and a lost result is reported."""

import io
import os
import sys
from typing import Any, TextIO

from cna_viz.cli.printing import complain
from cna_viz.progress import reserve_descriptors


class Descriptor(io.FileIO):
    """Descriptor of a standard stream; its first ``error`` redirects it to the null device, also in child processes."""

    error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write the bytes, or drop them; never raises."""
        try:
            return super().write(data) or 0
        except OSError as error:
            self.error = error
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return memoryview(data).nbytes


class Streams:
    """Replaces stdout and stderr by streams that hide errors, and escape characters that the terminal can't show."""

    def __init__(self) -> None:
        reserve_descriptors()
        self._output = Descriptor(1, "w", closefd=False)
        sys.stdout = _text(self._output, sys.stdout)
        sys.stderr = _text(Descriptor(2, "w", closefd=False), sys.stderr)

    def finish(self, code: int) -> int:
        """Flush stdout; return the exit code, at least 1 where the result could not be written."""
        sys.stdout.flush()
        error = self._output.error
        if error is None:
            return code
        if not isinstance(error, BrokenPipeError):  # a reader that has seen enough, such as `| head`, is no error
            complain(f"can't write the result: {error.strerror}")
        return code or 1


def _text(descriptor: Descriptor, before: TextIO | None) -> io.TextIOWrapper:
    os.set_blocking(descriptor.fileno(), True)  # another program may have set a shared terminal to fail, not wait
    encoding = before.encoding if before else "utf-8"
    lines = descriptor.fileno() == 2 or descriptor.isatty()
    return io.TextIOWrapper(io.BufferedWriter(descriptor), encoding, "backslashreplace", line_buffering=lines)
