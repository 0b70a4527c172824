"""A notebook has ended only if its end cell says so; what the metadata say is not believed."""

import nbformat
import pytest

from cna_viz.reports.running import completion

TOKEN = "token"


def notebook(*outputs: list[nbformat.NotebookNode], token: str = TOKEN) -> nbformat.NotebookNode:
    """A notebook with a cell per list of outputs and an end cell that printed ``token``, all marked completed."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(f"cell{i}()\nmore") for i in range(len(outputs))])
    made.cells.insert(0, nbformat.v4.new_markdown_cell("# Title"))
    completion.append_end(made, TOKEN)
    for cell, given in zip(made.cells[1:], [*outputs, [stream(f"{token}\n")] if token else []], strict=True):
        cell.outputs = given
        cell.metadata["papermill"] = {"status": "completed", "exception": None}
    return made


def stream(text: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_output("stream", text=text)


def error(name: str, text: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_output("error", ename=name, evalue=text, traceback=[])


def test_a_notebook_whose_end_cell_printed_the_token_has_ended() -> None:
    assert completion.find_failure(notebook([stream("x")], []), TOKEN, 3, "") == ""


@pytest.mark.parametrize("token", ["", "another"])
def test_a_notebook_without_the_token_has_not(token: str) -> None:
    failure = completion.find_failure(notebook([], token=token), TOKEN, 1, "")
    assert failure.startswith("the last cell did not run (code cell [2] ")


def test_a_cell_that_is_not_marked_completed_has_not_finished() -> None:
    made = notebook([], [])
    made.cells[2].metadata.papermill.status = "running"
    assert completion.find_failure(made, TOKEN, 2, "") == "the cell did not finish (code cell [2] `cell1()`)"


def test_a_crash_is_told_for_the_cell_that_was_running() -> None:
    failure = completion.find_failure(notebook([], [], token=""), TOKEN, 2, "the kernel stopped")
    assert failure == "the kernel stopped (code cell [2] `cell1()`)"


def test_a_crash_before_the_first_cell_is_told_too() -> None:
    assert completion.find_failure(notebook([]), TOKEN, -1, "it stopped") == "it stopped"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("ValueError", "two\nlines", "ValueError: two lines"),
        ("SystemExit", "0", "SystemExit: 0"),
        ("KeyError", "", "KeyError"),
        ("DataError", "no such folder; try --download", "no such folder; try --download"),
        ("UsageError", "unknown slot 'x'", "unknown slot 'x'"),
        ("DataError", "", "DataError"),
    ],
)
def test_errors_in_one_line_and_ours_in_their_own_words(name: str, text: str, reason: str) -> None:
    failure = completion.find_failure(notebook([error(name, text)]), TOKEN, 1, "")
    assert failure == f"{reason} (code cell [1] `cell0()`)"


def test_an_endless_message_is_cut() -> None:
    failure = completion.find_failure(notebook([error("ValueError", "x" * 9999)]), TOKEN, 1, "")
    assert 0 < len(failure) < 500


def test_the_end_cell_is_taken_away_again() -> None:
    made = notebook([])
    completion.strip_end(made)
    assert [cell.source for cell in made.cells] == ["# Title", "cell0()\nmore"]
