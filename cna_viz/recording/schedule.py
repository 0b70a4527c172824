"""At which epochs embeddings are kept."""


def snapshot_due(kind: str, epoch: int, *, last: bool) -> bool:
    """Whether there is a snapshot of this epoch; the best one, which nobody knows before, has one anyway.

    Args:
        kind: ``log`` (0, 1, 10, 100 …, last), ``ends`` (0) or ``none``.
        epoch: Its number.
        last: Whether no other follows.
    """
    if kind == "none":
        return False
    return epoch == 0 or (kind == "log" and (last or _is_power_of_ten(epoch)))


def _is_power_of_ten(epoch: int) -> bool:
    return epoch > 0 and 10 ** (len(str(epoch)) - 1) == epoch
