"""What must add up at the end: every pulse has a reason, every event has come or is known to be missing.

Pulses come from the relay log, which the simulated board writes; reasons from the recognizer's own records, each of
which was on the disk before anything was signed; events from the wire, which saw them pass.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from facegate.adapters.store.access import AccessRecord
from facegate.contract import lines
from tests.firmware.faults.recognizer import Told
from tests.parts.relay import Pulse

COMMAND_SECONDS = lines.COMMAND_LIFE_MS / 1000
SLACK_SECONDS = 0.5  # an uptime is estimated from hellos, each of which may be late by its way here
OPEN_ENDED = ("no_answer", "interrupted")  # the only results that leave open whether the relay moved


@dataclass(frozen=True, slots=True)
class Reason:
    """What allows one pulse, and when. ``must``: it is said to have opened."""

    begin: float
    end: float
    must: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """Pulses without a reason, and openings that were said to be and were not."""

    unauthorised: list[Pulse]
    untrue: list[Reason]


def reasons(records: Iterable[AccessRecord], killed_at: Sequence[float], wall: float = 0.0) -> list[Reason]:
    """Return what each record allows. ``killed_at``: when recognizers died, whose record says nothing of it."""
    allowed = []
    for record in records:
        if record.result not in ("opened", *OPEN_ENDED):
            continue  # it certainly did not open: no pulse may be laid to it
        begin = record.at - wall
        assert record.completed_at is not None
        end = record.completed_at - wall
        if record.result == "interrupted":  # settled at the next start; nothing was signed after the death
            end = min((at for at in killed_at if at >= begin), default=end)
        if record.result in OPEN_ENDED:
            end += COMMAND_SECONDS + SLACK_SECONDS
        allowed.append(Reason(begin, end, record.result == "opened"))
    return allowed


def judge(pulses: Iterable[Pulse], allowed: Iterable[Reason]) -> Verdict:
    """Lay each pulse to one reason and no reason to two pulses, as many as can be.

    Earliest pulse first, and of all reasons that hold then the one that ends first: no other way finds more pairs. What
    is said to have opened goes first, for its own sake.
    """
    waiting = sorted(pulses, key=lambda pulse: pulse.opened_at)
    untrue = []
    for reason in sorted((r for r in allowed if r.must), key=lambda r: r.end):
        found = next((p for p in waiting if reason.begin <= p.opened_at <= reason.end), None)
        if found is None:
            untrue.append(reason)
        else:
            waiting.remove(found)
    maybe = [reason for reason in allowed if not reason.must]
    unauthorised = []
    for pulse in waiting:
        fitting = [reason for reason in maybe if reason.begin <= pulse.opened_at <= reason.end]
        if fitting:
            maybe.remove(min(fitting, key=lambda reason: reason.end))
        else:
            unauthorised.append(pulse)
    return Verdict(unauthorised, untrue)


def unrecorded(log: Iterable[AccessRecord], told: Sequence[Told]) -> list[str]:
    """Events that the product has heard and that are not in its records exactly once.

    Refused lines are left out: strangers cause them, and by design one a minute is recorded, with their count.
    """
    kept = Counter((record.boot, record.seq) for record in log if record.boot is not None and record.passage != "lost")
    return [
        f"{event.type} {event.boot}.{event.seq}: {kept[event.boot, event.seq]} times"
        for event in told
        if event.type != "refused" and kept[event.boot, event.seq] != 1
    ]


@dataclass(frozen=True, slots=True)
class Events:
    """What became of the node's events.

    ``sent``: how many different ones left the node, as its numbers tell; ``delivered``: believed by the product, once
    and in order; ``reported``: missing ones that the product knew of from the numbers; ``untold``: the last of a boot,
    kept from the product on the way, or told while it was dead or away from the broker, with none after them to show
    it; ``lost``: missing with no trace though all was well; ``wrong``: believed twice, or out of order, or with a wrong
    count of what is missing.
    """

    sent: int
    delivered: int
    reported: int
    untold: int
    lost: int
    wrong: list[str]


def count_events(seen: Iterable[tuple[int, int]], told: Sequence[Told], excused: set[tuple[int, int]]) -> Events:
    """Compare what the wire saw with what the product believed.

    Args:
        seen: (boot, number) of each event that the wire saw.
        told: what the product told, over all its lives.
        excused: of those, the ones kept from the product on the way, or told while it was dead or away.
    """
    delivered = [(event.boot, event.seq) for event in told]
    wrong = [f"{after} after {before}" for before, after in itertools.pairwise(delivered) if after <= before]
    missing_before: set[tuple[int, int]] = set()
    previous, life = (0, 0), 0
    for event in told:
        first = previous[1] + 1 if event.boot == previous[0] else 1
        gap = {(event.boot, seq) for seq in range(first, event.seq)}
        # After a kill it may count one as missing that it had still heard, and never the other way round.
        if event.lost < len(gap) or (event.lost > len(gap) and event.life == life):
            wrong.append(f"{event} after {previous}: it has missed {len(gap)}")
        missing_before |= gap
        previous, life = (event.boot, event.seq), event.life
    sent = {*seen, *delivered, *missing_before}
    silent = sent - {*delivered} - missing_before
    return Events(
        sent=len(sent),
        delivered=len(set(delivered)),
        reported=len(missing_before),
        untold=len(silent & excused),
        lost=len(silent - excused),
        wrong=wrong,
    )
