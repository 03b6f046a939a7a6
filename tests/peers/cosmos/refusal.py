"""What the peer says no with: a status, a substatus, a reason."""


class Refused(Exception):  # noqa: N818 - the peer's answer, not a failure of the peer
    """An answer other than success."""

    def __init__(self, status: int, reason: str, *, substatus: int = 0) -> None:
        super().__init__(f"{status}/{substatus} {reason}")
        self.status = status
        self.substatus = substatus
        self.reason = reason


def bad(reason: str) -> Refused:
    return Refused(400, reason)
