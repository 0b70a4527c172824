"""The explorer: one run, layer by layer and epoch by epoch."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import plotly.graph_objects as go

from cna_viz.analysis.sentences.node_findings import selected_sentence
from cna_viz.errors import CnaVizError, UsageError
from cna_viz.figures.panels import words_panel
from cna_viz.figures.panels.arrange import arrange
from cna_viz.figures.pieces.projected import method_note
from cna_viz.figures.style.labels import provenance
from cna_viz.progress import is_batch
from cna_viz.records.record import Record, load_record
from cna_viz.records.stored import stored_runs
from cna_viz.widgets.explorer.controls import Controls
from cna_viz.widgets.explorer.laid_out import Array, LayoutTask, running_loop
from cna_viz.widgets.explorer.look import choices, clamped
from cna_viz.widgets.explorer.panels import ROWS, Panels
from cna_viz.widgets.explorer.scene import Scene
from cna_viz.widgets.explorer.shelf import Entry, find_entry, folder_entries, folder_named, record_entries
from cna_viz.widgets.panel import Panel
from cna_viz.widgets.prose import Prose
from cna_viz.widgets.view_spec import ViewSpec


class Explorer(Panel):
    """ViewSpec into a run: its nodes in one layer beside the graph, its measures, its clusters and its functions.

    Nodes that are pointed at or selected in one picture are marked in all. A run of a folder is read anew when it is
    chosen, so one that is still training can be looked at, too. What goes wrong is said in the widget; what was seen
    before stays, and is marked as old.

        >>> widgets.Explorer()                       # the runs of the folder runs
        >>> widgets.Explorer("runs", "41093fd9")
        >>> widgets.Explorer(records=[record])

    Args:
        runs: Folder of the records; ``runs`` when left out.
        run: The run to begin with, by its id or the beginning of it; the first that has snapshots when left out.
        records: Open records in the place of a folder.
        look: What to look at first.
        cache: Folder of kept layouts and UMAP projections; folders in the user's cache when left out.
    """

    def __init__(
        self,
        runs: Path | str | None = None,
        run: str | None = None,
        records: Sequence[Record] | None = None,
        *,
        look: ViewSpec | None = None,
        cache: Path | None = None,
    ) -> None:
        super().__init__()
        self._cache, self._handed = cache, records is not None
        self._entries: list[Entry] = []
        self._scene: Scene | None = None
        self._look = look or ViewSpec()
        self._selected: tuple[int, ...] = ()
        self._layout_task = LayoutTask(self._laid_out)
        self._controls = Controls(
            self.guarded(self._looked),
            self.guarded(self._chosen),
            self.guarded(self._opened),
            self.guarded(self._stored),
            self.guarded(self._read_again),
        )
        self._panels, self._words = Panels(f"explorer {id(self)}", self._picked), Prose()
        self.compose(self._controls, self._words, self._panels)
        self.guarded(lambda: self._begin(runs, run, records))(None)
        if not self._entries:
            self._controls.offer([], None, self._controls.folder.value or None)

    @property
    def record(self) -> Record | None:
        """The run that is shown; None where there is none."""
        return self._scene.record if self._scene else None

    @property
    def look(self) -> ViewSpec:
        """What is looked at."""
        return self._look

    @look.setter
    def look(self, look: ViewSpec) -> None:
        if self._scene:
            scene = self._scene
            self.guarded(lambda: self._show(scene, look))(None)

    @property
    def selected(self) -> tuple[int, ...]:
        """Numbers of the selected nodes, ascending; setting them selects in all panels."""
        return self._selected

    @selected.setter
    def selected(self, nodes: Iterable[int]) -> None:
        self._picked(tuple(sorted({int(node) for node in nodes})))

    def figure(self) -> go.Figure:
        """Return what is seen now as one figure; a graph that is being laid out is not in it yet."""
        if self._scene is None:
            return go.Figure(words_panel("explorer", self.notice.text or "there is no run to look into"))
        look, record = self._look, self._scene.record
        rows = [[self._scene.draw(name, look, live=False) for name in row] for row in ROWS]
        note = method_note(look.method) if record.snapshots else "no snapshots"
        return arrange(rows, _title(record, look), provenance([record], note))

    def words(self) -> str:
        """Return what is said of the selected nodes."""
        return self._words.text

    def close(self) -> None:
        """Close the widget and all that is in it; a graph that is being laid out is not waited for."""
        self._layout_task.cancel()
        super().close()

    def _begin(self, runs: Path | str | None, run: str | None, records: Sequence[Record] | None) -> None:
        if records is not None:
            self._offer(record_entries(records), run, None)
        elif not (runs is None or isinstance(runs, Path | str)):
            raise UsageError("runs is the folder of the runs; open records are handed over as records=[...]")
        else:
            self._open(Path("runs" if runs is None else runs), run)

    def _open(self, folder: Path, run: str | None = None) -> None:
        self._offer(self._entries_of(folder), run, str(folder))

    def _entries_of(self, folder: Path) -> list[Entry]:
        try:
            return folder_entries(folder)
        except CnaVizError:
            self._controls.offer(self._entries, self._entry(), str(folder))
            self._panels.mark_old(True)
            raise

    def _offer(self, entries: list[Entry], run: str | None, folder: str | None) -> None:
        self._entries = entries
        first = next((entry for entry in entries if entry.record is not None), entries[0])
        self._controls.offer(entries, first, folder)
        if run:
            try:
                first = find_entry(entries, run)
            except UsageError:
                self._enter(first)
                raise
            self._controls.offer(entries, first, folder)
        self._enter(first)

    def _enter(self, entry: Entry) -> None:
        """Show a run, read anew where it lies in a folder."""
        if entry.record is None:
            self._panels.mark_old(True)
            raise UsageError(entry.problem)
        try:
            record = entry.record if self._handed else load_record(Path(entry.key), incomplete=True)
        except CnaVizError:
            self._panels.mark_old(True)
            raise
        self._show(Scene(record, self._cache), self._look)

    def _show(self, scene: Scene, wanted: ViewSpec) -> None:
        try:
            look = clamped(wanted, scene.record)
            elsewhere = self._lay_out(scene)
            if scene.takes_time(look):
                self.notice.say("UMAP is computed for all layers; this takes a while the first time")
            self._panels.show(scene, look)
        except CnaVizError:
            self._panels.mark_old(True)
            raise
        self._panels.mark_old(False)
        self.notice.clear()
        if elsewhere:
            self._layout_task.begin(scene.edges, scene.nodes, self._cache)
        elif scene is not self._scene:
            self._layout_task.cancel()
        self._take(scene, look)

    def _take(self, scene: Scene, look: ViewSpec) -> None:
        """Keep what is seen now as the state of the widget."""
        before, self._scene, self._look = self._scene, scene, look
        if before and scene.nodes != before.nodes:
            self._selected = ()
            self._panels.select(())
        self._controls.fill(scene.record, look, choices(scene.record, look.stage))
        self._describe()

    def _lay_out(self, scene: Scene) -> bool:
        """Lay out the graph; returns True where another process should do so, because somebody is waiting here."""
        if scene is self._scene or scene.has_layout():
            return False
        if running_loop() is None or is_batch():
            scene.lay_out()
            return False
        return True

    def _laid_out(self, layout: Array | None) -> None:
        if self._scene is None:
            return
        self._scene.lay_out(layout)
        try:
            self._panels.show(self._scene, self._look, again="graph")
        except CnaVizError as error:
            self._tell(error)

    def _looked(self) -> None:
        if self._scene:
            self._show(self._scene, self._controls.look)

    def _chosen(self) -> None:
        self._enter(next(entry for entry in self._entries if entry.key == self._controls.run.value))

    def _opened(self) -> None:
        self._open(self._named_folder())

    def _stored(self) -> None:
        self._handed = False
        self._open(stored_runs())

    def _read_again(self) -> None:
        """Read the folder anew; the run that is chosen stays chosen."""
        folder, chosen = self._named_folder(), self._controls.run.value
        entries = self._entries_of(folder)
        if chosen is None or Path(chosen).parent != folder:
            self._offer(entries, None, str(folder))
            return
        self._entries = entries
        entry = next((entry for entry in entries if entry.key == chosen), None)
        self._controls.offer(entries, entry, str(folder))
        if entry is None:
            self._panels.mark_old(True)
            raise UsageError(f"{chosen}: the run is not there any more; the menu has those that are")
        self._enter(entry)

    def _named_folder(self) -> Path:
        try:
            return folder_named(self._controls.folder.value)
        except CnaVizError:
            self._panels.mark_old(True)
            raise

    def _picked(self, nodes: tuple[int, ...]) -> None:
        if nodes == self._selected:
            return
        self._selected = nodes
        self._panels.select(nodes)
        self._describe()

    def _describe(self) -> None:
        if self._scene is None:
            return
        try:
            said = selected_sentence(self._scene.record, self._selected, self._look.layer, self._look.epoch)
        except CnaVizError as error:
            self._tell(error)
            said = ""
        if self._scene.record.status == "diverged":
            said = f"This run diverged: its numbers were not finite any more. {said}"
        self._words.say(said.strip())

    def _tell(self, error: CnaVizError) -> None:
        """Say what went wrong where nobody can catch it."""
        self._panels.mark_old(True)
        self.notice.say(str(error))

    def _entry(self) -> Entry | None:
        return next((entry for entry in self._entries if self.record and entry.key == str(self.record.folder)), None)


def _title(record: Record, look: ViewSpec) -> str:
    return f"What happens in layer {look.layer} of {record.layers} with slot {record.config.slot}, epoch {look.epoch}?"
