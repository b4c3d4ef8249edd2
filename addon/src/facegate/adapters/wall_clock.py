"""This machine's clock: what it shows, whether network time steers it, and what its zone makes of a moment."""

import ctypes
import os
import time
from datetime import UTC, datetime
from typing import Final

_TIMEX_BYTES: Final = 512  # struct timex takes 208 of them on 64 bits; read only, since its first member stays 0
_TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronised


def unix() -> float:
    """Unix seconds."""
    return time.time()


def running() -> float:
    """Seconds of a clock that nobody sets, and that runs on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def synchronised() -> bool:
    """Whether the kernel says that network time steers the clock (as chrony, ntpd and systemd-timesyncd tell it)."""
    libc = ctypes.CDLL(None, use_errno=True)
    answer: int = libc.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer != _TIME_ERROR


def is_synchronised() -> bool:
    """The same, and ``False`` where the kernel does not let us ask."""
    try:
        return synchronised()
    except OSError, AttributeError:  # forbidden in this container, or not a Linux
        return False


def offset_minutes(unix_seconds: int) -> int:
    """How many minutes local time is ahead of UTC at a moment, by the time zone that this machine is set to."""
    offset = datetime.fromtimestamp(unix_seconds, UTC).astimezone().utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) // 60
