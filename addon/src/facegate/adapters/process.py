"""How the process itself keeps what is in its memory: no core dump, no other process looking in, private files.

Templates and keys stand in memory while FaceGate runs; that is said openly. What can be done about it is done here.
Locking them out of swap is not: Python copies bytes as it likes, so locking would promise what it cannot hold. Whoever
wants that switches swap off or encrypts it (docs/keys.md).
"""

import ctypes
import os
import resource
import sys
from typing import Final

_PR_SET_DUMPABLE: Final = 4  # linux/prctl.h


class ProcessError(Exception):
    """The process cannot be closed against others; the text is one sentence that says what to do."""


def seclude() -> None:
    """Write no core dumps, let no other process of this user attach, make files private. Raises ProcessError."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise ProcessError(
            f"The system refuses to keep other processes out of FaceGate's memory ({os.strerror(ctypes.get_errno())}): "
            "allow prctl in the profile that it runs under."
        )
