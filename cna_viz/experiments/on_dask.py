"""The tasks of a sweep on a cluster of dask.distributed, on this machine or on many."""

import uuid
from collections.abc import Callable
from typing import Any, Final

from cna_viz.errors import DataError, UsageError
from cna_viz.experiments.tasks import TaskResult

LOCAL: Final = "local"
"""Starts a scheduler on this machine for the duration of the sweep."""
CONNECT: Final = 20
"""Seconds to wait for a scheduler."""


class DaskTasks:
    """Runs tasks on a cluster: that of a scheduler's address, or ``local`` with so many ``workers``; a context manager.

    Dask replaces a worker that dies and runs its tasks elsewhere; it gives up a task whose workers die four times
    (unless the scheduler is set up otherwise). The record on disk is the output, so running a task twice costs nothing.
    All workers must see the same folders as this process.

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
            # Without the dashboard, whose server would be open to the network.
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

    def start(self, key: object, task: Callable[..., TaskResult], *arguments: object) -> None:
        """Submit a task, whose result :meth:`finished` returns with ``key``."""
        # A unique name: dask would answer a second try of the same task with the result of the first.
        future = self._client.submit(task, *arguments, key=f"{task.__name__}-{uuid.uuid4().hex}", pure=False)
        self._keys[future] = key

    def finished(self) -> list[tuple[Any, TaskResult | None]]:
        """Wait until tasks have ended and return their keys and results."""
        with self._client.as_current():
            ended = self._dask.wait(list(self._keys), return_when="FIRST_COMPLETED").done
        return [(self._keys.pop(future), self._result(future)) for future in ended]

    def _result(self, future: Any) -> TaskResult:
        if future.status == "finished":
            found: TaskResult = future.result()
            return found
        error = future.exception() if future.status == "error" else None
        if isinstance(error, self._dask.KilledWorker):
            return TaskResult("failed", "its workers died again and again; is there enough memory?")
        return TaskResult("failed", f"dask gave it up: {error or future.status}")
