"""The tasks of a sweep, by name: how a process finds them without importing torch before it does one."""


def do(task: str, *arguments: object) -> object:
    """Do a task and return its answer.

    Args:
        task: ``train`` or ``check``.
        arguments: What the function of :mod:`cna_viz.experiments.worker` takes.
    """
    from cna_viz.experiments import worker

    return {"train": worker.train_one, "check": worker.check_all}[task](*arguments)  # type: ignore[operator]
