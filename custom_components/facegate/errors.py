"""What can go wrong between Home Assistant and the recognizer: one small tree."""


class FaceGateError(Exception):
    """Any failure of the recognizer's API."""


class UnreachableError(FaceGateError):
    """Nobody answered at the address, or not in time."""


class UnauthorizedError(FaceGateError):
    """The recognizer does not take this token."""


class ThrottledError(FaceGateError):
    """Too many attempts: the recognizer wants a pause."""


class UnexpectedAnswerError(FaceGateError):
    """Something answered that does not speak the recognizer's language."""


class RefusedError(FaceGateError):
    """The recognizer understood and said no; ``reason`` is its word for why, empty where it gave none."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
