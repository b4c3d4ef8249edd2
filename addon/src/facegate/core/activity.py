"""What a record of the access log says, as the keys of texts: every place that shows one says the same."""

from typing import Final

from facegate.core.models import Mode

SEEN: Final = ("passed", "not_passed", "tailgated", "forced", "unknown")
"""What a gate may have seen of somebody's passage."""
RESULTS: Final = (
    "node_silent",
    "node_busy",
    "node_refused",
    "no_answer",
    "person_left",
    "not_connected",
    "lockdown",
    "not_commissioned",
)
"""Why a gate did not open that was to."""
EVENTS: Final = (
    "exit",
    "fire.start",
    "fire.quiet",
    "fire.clear",
    "tamper.start",
    "tamper.clear",
    "held.start",
    "held.clear",
    *(f"mode.{mode}" for mode in Mode),
    "locked",
    "key",
    "refused",
    "lost",
)
"""What else a gate tells of itself."""


def says(
    kind: str, reason: str, result: str | None = None, passage: str | None = None, detail: str | None = None
) -> tuple[str, ...]:
    """The texts that tell a record, in their order; what no text is for is told as ``other``."""
    match kind:
        case "denial":
            return "refused", f"why.{reason}"
        case "passage":
            return (f"seen.{passage}" if passage in SEEN else "other",)
        case "event":
            return (_event(passage or "", detail or ""),)
        case _:
            return _opening(reason, result, passage)


def _opening(reason: str, result: str | None, passage: str | None) -> tuple[str, ...]:
    match result:
        case None:
            return ("under_way",)
        case "interrupted":
            return ("interrupted",)
        case "opened":
            seen = (f"seen.{passage}",) if passage in SEEN else ()
            return "opened", f"why.{reason}", *seen
        case _:
            return "not_opened", f"result.{result}" if result in RESULTS else "other"


def _event(what: str, detail: str) -> str:
    first = detail.partition(" ")[0]
    for key in (f"{what}.{first}", what):
        if key in EVENTS:
            return f"event.{key}"
    return "other"
