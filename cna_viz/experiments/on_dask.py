"""The tasks of a sweep on a cluster of dask.distributed, on this machine or on many."""

import uuid
from typing import Any, Final

from cna_viz.errors import DataError, UsageError
from cna_viz.experiments.answer import Answer
from cna_viz.experiments.tasks import do

LOCAL: Final = "local"
"""Scheduler that is started on this machine for the time of the sweep."""
CONNECT: Final = 20
"""Seconds until a scheduler that does not answer is given up."""


class DaskTasks:
    """Runs tasks of :mod:`cna_viz.experiments.worker` on a cluster; a context manager.

    A worker that dies is replaced and its tasks are done elsewhere, by dask itself; a task whose workers die again and
    again (four times, unless the scheduler is set up otherwise) is given up. The record on disk is the result, so a
    task that dask does twice costs nothing. All workers must see the same folders as this process.

    Args:
        scheduler: Address of a scheduler, such as ``tcp://127.0.0.1:8786``, or ``local``.
        workers: Processes of a local cluster.

    Raises:
        UsageError: When dask.distributed is not installed.
        DataError: When there is no scheduler at this address.
    """

    full = False

    def __init__(self, scheduler: str, workers: int) -> None:
        try:
            import distributed
        except ImportError:
            raise UsageError("a scheduler needs dask.distributed: pip install 'cna-viz[sweep]'") from None
        self._dask: Any = distributed
        self._scheduler, self._workers = scheduler, workers
        self._keys: dict[Any, object] = {}

    def __enter__(self) -> "DaskTasks":
        self._cluster = None
        if self._scheduler == LOCAL:
            # Without the page of statistics, whose server would be open to the net.
            self._cluster = self._dask.LocalCluster(
                n_workers=self._workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
            )
        try:
            self._client = self._dask.Client(self._cluster or self._scheduler, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise DataError(
                f"no scheduler at {self._scheduler}: {error}; start one with `dask scheduler`, or give "
                "--scheduler local"
            ) from None
        return self

    def __exit__(self, *exception: object) -> None:
        for future in self._keys:
            future.cancel()
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    def __len__(self) -> int:
        return len(self._keys)

    def start(self, key: object, task: str, *arguments: object) -> None:
        """Hand in a task; what it answers is given under ``key``."""
        # A name of its own: dask would take a second try of the same task for the first, whose result it knows.
        future = self._client.submit(do, task, *arguments, key=f"{task}-{uuid.uuid4().hex}", pure=False)
        self._keys[future] = key

    def finished(self) -> list[tuple[Any, Answer | None]]:
        """Wait until tasks have ended and return their keys and answers."""
        with self._client.as_current():
            ended = self._dask.wait(list(self._keys), return_when="FIRST_COMPLETED").done
        return [(self._keys.pop(future), self._answer(future)) for future in ended]

    def _answer(self, future: Any) -> Answer:
        if future.status == "finished":
            found: Answer = future.result()
            return found
        error = future.exception() if future.status == "error" else None
        if isinstance(error, self._dask.KilledWorker):
            return Answer("failed", "its workers died again and again; is there enough memory?")
        return Answer("failed", f"dask gave it up: {error or future.status}")
