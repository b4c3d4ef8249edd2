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
    """The recognizer understood and said no.

    ``problem`` is the last word of the problem's type; ``reason`` a word of the contract where a gate did not open.
    """

    def __init__(self, problem: str, reason: str = "") -> None:
        super().__init__(f"{problem} {reason}".strip())
        self.problem = problem
        self.reason = reason
