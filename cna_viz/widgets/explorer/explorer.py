"""The explorer: one run, layer by layer and epoch by epoch."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import plotly.graph_objects as go

from cna_viz.analysis.sentences.node_findings import selected_sentence
from cna_viz.errors import CnaVizError, UsageError
from cna_viz.figures.panels import words_panel
from cna_viz.figures.panels.arrange import arrange
from cna_viz.figures.pieces.projected import method_note
from cna_viz.figures.style.labels import edge_notes, provenance
from cna_viz.progress import is_batch
from cna_viz.records.record import Record, load_record
from cna_viz.records.stored import stored_runs
from cna_viz.widgets.controls import Observer
from cna_viz.widgets.explorer.controls import Controls
from cna_viz.widgets.explorer.layout_process import Array, LayoutTask
from cna_viz.widgets.explorer.panels import ROWS, Panels
from cna_viz.widgets.explorer.run_menu import RunEntry, find_entry, folder_entries, folder_named, record_entries
from cna_viz.widgets.explorer.scene import Scene
from cna_viz.widgets.panel import Panel
from cna_viz.widgets.prose import Prose
from cna_viz.widgets.view_spec import ViewSpec, clamp_to_run, run_choices


class Explorer(Panel):
    """A view into a run: the nodes of one layer beside the graph, its measures, its clusters and its functions.

    Nodes that are pointed at or selected in one figure are marked in all. A run of a folder is read again when it is
    chosen, so you can follow one that is still training. Errors are reported in the widget; the previous figures stay,
    marked as outdated.

        >>> widgets.Explorer()                       # the runs of the folder runs
        >>> widgets.Explorer("runs", "41093fd9")
        >>> widgets.Explorer(records=[record])

    Args:
        runs: Folder of the records; ``runs`` when left out.
        run: The first run, by its id or the beginning of it; the first with snapshots when left out.
        records: Open records instead of a folder.
        look: The first view.
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
        self._entries: list[RunEntry] = []
        self._scene: Scene | None = None
        self._look = look or ViewSpec()
        self._selected: tuple[int, ...] = ()
        self._layout_task = LayoutTask(self._laid_out)
        acts = (self._viewed, self._chosen, self._opened, self._open_stored, self._read_again)
        self._controls = Controls(*map(self._guarded, acts))
        self._panels, self._words = Panels(f"explorer {id(self)}", self._picked), Prose()
        self.compose(self._controls, self._words, self._panels)
        self._guarded(lambda: self._begin(runs, run, records))(None)
        if not self._entries:
            self._controls.offer([], None, self._controls.folder.value or None)

    @property
    def record(self) -> Record | None:
        """The run that is shown, if any."""
        return self._scene.record if self._scene else None

    @property
    def look(self) -> ViewSpec:
        """The view; setting it shows the nearest view that the run offers."""
        return self._look

    @look.setter
    def look(self, look: ViewSpec) -> None:
        if self._scene:
            scene = self._scene
            self._guarded(lambda: self._show(scene, look))(None)

    @property
    def selected(self) -> tuple[int, ...]:
        """The selected nodes, ascending; setting them selects in all panels."""
        return self._selected

    @selected.setter
    def selected(self, nodes: Iterable[int]) -> None:
        self._picked(tuple(sorted({int(node) for node in nodes})))

    def figure(self) -> go.Figure:
        """Return all panels as one figure; a graph whose layout is in progress is missing."""
        if self._scene is None:
            return go.Figure(words_panel("explorer", self.notice.text or "no run to explore"))
        view, record = self._look, self._scene.record
        rows = [[self._scene.draw(name, view, live=False) for name in row] for row in ROWS]
        note = method_note(view.method) if record.snapshots else "no snapshots"
        network = f"{'with slot' if record.config.watched is None else 'of'} {record.config.slot}"
        title = f"What happens in layer {view.layer} of {record.layers} {network}, epoch {view.epoch}?"
        return arrange(rows, title, provenance([record], note, *edge_notes([record])))

    def words(self) -> str:
        """Return the sentences about the selected nodes."""
        return self._words.text

    def close(self) -> None:
        """Close the widget and everything in it, without waiting for a layout."""
        self._layout_task.cancel()
        super().close()

    def _guarded(self, act: Callable[[], None]) -> Observer:
        """Return an observer that runs ``act`` and on errors marks the figures as outdated."""

        def marking() -> None:
            try:
                act()
            except CnaVizError:
                self._panels.mark_old(True)
                raise

        return self.guarded(marking)

    def _begin(self, runs: Path | str | None, run: str | None, records: Sequence[Record] | None) -> None:
        if records is not None:
            self._offer(record_entries(records), run, None)
        elif not (runs is None or isinstance(runs, Path | str)):
            raise UsageError("runs is the folder of the runs; open records are handed over as records=[...]")
        else:
            self._open(Path("runs" if runs is None else runs), run)

    def _open(self, folder: Path, run: str | None = None) -> None:
        self._offer(self._entries_of(folder), run, str(folder))

    def _entries_of(self, folder: Path) -> list[RunEntry]:
        try:
            return folder_entries(folder)
        except CnaVizError:
            shown = str(self.record.folder) if self.record else None
            self._controls.offer(self._entries, self._find(shown), str(folder))
            raise

    def _find(self, key: str | None) -> RunEntry | None:
        return next((entry for entry in self._entries if entry.key == key), None)

    def _offer(self, entries: list[RunEntry], run: str | None, folder: str | None) -> None:
        self._entries, problem = entries, ""
        first = next((entry for entry in entries if entry.record is not None), entries[0])
        if run:
            try:
                first = find_entry(entries, run)
            except UsageError as error:
                problem = str(error)
        self._controls.offer(entries, first, folder)
        self._enter(first)
        if problem:
            self.notice.say(problem)

    def _enter(self, entry: RunEntry) -> None:
        """Show a run; one of a folder is read again."""
        if entry.record is None:
            raise UsageError(entry.problem)
        record = entry.record if self._handed else load_record(Path(entry.key), incomplete=True)
        self._show(Scene(record, self._cache), self._look)

    def _show(self, scene: Scene, wanted: ViewSpec) -> None:
        view = clamp_to_run(wanted, scene.record)
        elsewhere = self._lay_out(scene)
        if scene.takes_time(view):
            self.notice.say("UMAP is computed for all layers; this takes a while the first time")
        self._panels.show(scene, view)
        self._panels.mark_old(False)
        self.notice.clear()
        if elsewhere:
            self._layout_task.begin(scene.edges, scene.nodes, self._cache)
        elif scene is not self._scene:
            self._layout_task.cancel()
        before, self._scene, self._look = self._scene, scene, view
        if before and scene.nodes != before.nodes:
            self._selected = ()
            self._panels.select(())
        self._controls.fill(scene.record, view, run_choices(scene.record, view.stage))
        self._describe()

    def _lay_out(self, scene: Scene) -> bool:
        """Lay out the graph; return True if another process should, because a user is waiting."""
        if scene is self._scene or scene.has_layout():
            return False
        if is_batch() or not _in_event_loop():
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

    def _viewed(self) -> None:
        if self._scene:
            self._show(self._scene, self._controls.view)

    def _chosen(self) -> None:
        self._enter(next(entry for entry in self._entries if entry.key == self._controls.run.value))

    def _opened(self) -> None:
        self._open(folder_named(self._controls.folder.value))

    def _open_stored(self) -> None:
        self._handed = False
        self._open(stored_runs())

    def _read_again(self) -> None:
        """Read the folder again and keep the chosen run."""
        folder, chosen = folder_named(self._controls.folder.value), self._controls.run.value
        entries = self._entries_of(folder)
        if chosen is None or Path(chosen).parent != folder:
            self._offer(entries, None, str(folder))
            return
        self._entries = entries
        entry = self._find(chosen)
        self._controls.offer(entries, entry, str(folder))
        if entry is None:
            raise UsageError(f"{chosen}: the run is not there any more; the menu has those that are")
        self._enter(entry)

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
        """Report an error that no guard can catch."""
        self._panels.mark_old(True)
        self.notice.say(str(error))


def _in_event_loop() -> bool:
    """Whether a kernel's event loop runs; in a script, nobody waits at a slider."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
