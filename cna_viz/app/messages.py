"""Messages on a page, and an IPython extension that shows our own errors as one.

Voila hides every traceback, and with it the reason. Our own errors explain themselves and are shown; all others are
defects, which the page mentions in general words and the terminal prints with their traceback.
"""

import html
from typing import Any, Final

from cna_viz.errors import CnaVizError

DEFECT: Final = "This part of the page could not be made. The terminal in which the app runs says why."
"""Replaces the outputs of a cell that failed by a defect."""
ENDED: Final = "The Python process of this page ended before the page was finished. Reload the page to start a new one."
UNFINISHED: Final = "This page could not be finished. The terminal in which the app runs says why."
HUNG: Final = "Reload the page to start a new Python process."
"""Follows Voila's message about a cell that timed out."""


def load_ipython_extension(shell: Any) -> None:
    """Show every :class:`~cna_viz.errors.CnaVizError` in IPython's shell as a message."""
    shell.set_custom_exc((CnaVizError,), show)


def show(_shell: Any, _kind: type[BaseException], error: BaseException, _trace: Any, tb_offset: Any = None) -> None:
    """Display the text of an error; the signature is IPython's."""
    from IPython.display import display

    display({"text/html": message(str(error)), "text/plain": str(error)}, raw=True)  # type: ignore[no-untyped-call]


def message(text: str) -> str:
    """Return a message as HTML that screen readers announce at once."""
    return f'<p class="cna-viz-message" role="alert">{html.escape(text)}</p>'
