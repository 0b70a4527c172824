"""Errors on a page: ours are shown as they are written, defects stay with the terminal."""

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from cna_viz.app import messages

RAISE = "from cna_viz.errors import CnaVizError, RecordError, UsageError\nraise {}"


@pytest.fixture
def shell() -> Iterator[Any]:
    shell: Any = InteractiveShell.instance()
    messages.load_ipython_extension(shell)
    yield shell
    InteractiveShell.clear_instance()


@pytest.mark.parametrize("error", ["UsageError", "RecordError", "CnaVizError"])
def test_an_error_for_people_is_shown_and_no_traceback(shell: Any, error: str) -> None:
    with capture_output() as captured:
        shell.run_cell(RAISE.format(f"{error}('there is no run 7')"))
    shown = captured.outputs[0].data
    assert shown["text/plain"] == "there is no run 7"
    assert shown["text/html"] == '<p class="cna-viz-message" role="alert">there is no run 7</p>'
    assert "Traceback" not in captured.stdout + captured.stderr


def test_a_defect_is_not_shown_as_a_message(shell: Any) -> None:
    with capture_output() as captured:
        result = shell.run_cell("1 / 0")
    assert not captured.outputs
    assert isinstance(result.error_in_exec, ZeroDivisionError)


def test_what_a_user_typed_stays_text() -> None:
    assert "<b>" not in messages.message("no dataset <b>x</b>")
    assert "&lt;b&gt;x&lt;/b&gt;" in messages.message("no dataset <b>x</b>")
