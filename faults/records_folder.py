"""A folder of records and unexpected files, and its invariants."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cna_viz.errors import CnaVizError
from cna_viz.experiments.leftovers import ASIDE, UNFINISHED, find_leftovers
from cna_viz.records.listing import list_runs
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.record import load_record
from cna_viz.records.synthetic import synthetic_record
from cna_viz.records.verify import find_problems

STRANGERS: Final = {
    "notes.txt": b"written by hand\n",
    "0123456789abcdef.txt": b"named nearly as a record\n",
    "drafts/config.json": b"{}",
    "drafts/.config.json.0123.tmp": b"{",
}
"""Unexpected files in the folder."""


@dataclass
class RecordsFolder:
    """A folder with a finished record and unexpected files, none of which may change.

    Attributes:
        path: The folder.
        before: Content of the files that may not change, by path.
    """

    path: Path
    before: dict[Path, bytes]

    def problems(self) -> list[str]:
        """Return the violated invariants."""
        return [*self._changed(), *self._broken(), *self._unrecognised()]

    def problems_at_the_end(self) -> list[str]:
        """Return the invariants violated after everything finished and ``runs gc --delete`` ran."""
        left = [str(one.path.relative_to(self.path)) for one in find_leftovers(self.path)]
        return [*self.problems(), *(f"{name} is left after runs gc --delete" for name in left)]

    def finished(self) -> set[str]:
        """Return the ids of the finished records."""
        return {path.name for path in self._records() if is_complete(path)}

    def _records(self) -> list[Path]:
        strangers = {Path(name).parts[0] for name in STRANGERS} | {".locks"}
        return [path for path in sorted(self.path.iterdir()) if path.name not in strangers]

    def _changed(self) -> list[str]:
        return [f"{path.name} was changed" for path, content in self.before.items() if _content(path) != content]

    def _broken(self) -> list[str]:
        found = []
        for path in self._records():
            if is_complete(path):
                found += find_problems(path)
                try:
                    load_record(path)
                except CnaVizError as error:
                    found.append(str(error))
        return found

    def _unrecognised(self) -> list[str]:
        unfinished = {path for path in self._records() if not is_complete(path)}
        known = {one.path for one in find_leftovers(self.path) if one.kind in (UNFINISHED, ASIDE) and not one.kept}
        listed = {one.folder: one.status for one in list_runs(self.path)}
        return [
            *(f"{path.name} is unfinished, but runs gc does not list it" for path in sorted(unfinished - known)),
            *(f"{path.name} is finished, but runs gc would remove it" for path in sorted(known - unfinished)),
            *(
                f"{path.name} is unfinished and listed as {listed.get(path)}"
                for path in sorted(unfinished)
                if listed.get(path) != "incomplete"
            ),
        ]


def make(path: Path) -> RecordsFolder:
    """Create the folder."""
    for name, content in STRANGERS.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    record = synthetic_record(path).folder
    files = [*(path / name for name in STRANGERS), *(file for file in record.rglob("*") if file.is_file())]
    return RecordsFolder(path, {file: file.read_bytes() for file in files})


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
