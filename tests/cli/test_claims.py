"""``cna-viz claims settings``: all settings, and exit code 1 where one differs without an explanation."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Call = Callable[..., Any]

MINE = """
claims:
  - {id: mine, kind: level, text: It works., source: Figure 1, standing: first hand, protocol: unknown,
     runs: {lr: 0.5}, arm: {published: 90, config: cora_4_gcnconv}, own: {}, fair: {split: random-80-10-10}}
"""


def test_the_claims_of_this_library_agree(call: Call) -> None:
    answer = call("claims", "settings")
    header, *rows, last = answer.out.splitlines()
    assert header.split() == ["claim", "arm", "config", "setting", "file", "here", "explained"]
    assert (answer.code, last) == (0, "0 settings differ without an explanation")
    assert rows


def test_what_differs_without_an_explanation_is_exit_code_1(call: Call, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(MINE)
    answer = call("claims", "settings", tmp_path / "mine.yaml")
    assert (answer.code, answer.out.splitlines()[-1]) == (1, "1 setting differs without an explanation")
    found = json.loads(call("claims", "settings", tmp_path / "mine.yaml", "--json").out)
    assert found["unexplained"] == 1
    (row,) = (one for one in found["settings"] if one["differs"])
    assert (row["setting"], row["file"], row["here"]) == ("lr", "0.001", "0.5")
    assert "invalid choice" in call("claims", "setting").complaint
