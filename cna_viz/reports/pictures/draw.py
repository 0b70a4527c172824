"""Draw pictures with one browser; a program of its own, because browsers hang.

The argument is a JSON file, a list of ``[path, figure]``. Every picture is written when it is done, so that what there
is when the browser hangs is kept. Needs the extra ``images`` (kaleido) and a browser; nothing is asked of the net.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from cna_viz.files import write_atomically
from cna_viz.reports.written import marked, why_not_written


def main(file: Path) -> int:
    """Draw what the file says; returns the exit code, 1 where a figure could not be drawn."""
    return asyncio.run(_draw(json.loads(file.read_text(encoding="utf-8"))))


async def _draw(jobs: list[tuple[str, dict[str, Any]]]) -> int:
    from kaleido import Kaleido, PageGenerator

    failed = 0
    # Left to itself, kaleido's page loads MathJax from the net.
    async with Kaleido(page_generator=PageGenerator(mathjax=False), timeout=30) as kaleido:
        for path, figure in jobs:
            try:
                content = await kaleido.calc_fig(figure, opts={"format": "png", "scale": 1})
            except Exception as error:  # whatever it is, the other figures can be drawn
                print(f"{path}: {error}", file=sys.stderr)
                failed = 1
            else:
                write_atomically(Path(path), marked(content), why_not_written)
    return failed


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
