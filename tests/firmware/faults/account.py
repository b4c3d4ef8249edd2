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
from tests.firmware.faults.recognizer import Lost, Told
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

    ``sent``: how many different ones left the node, as its numbers tell; ``delivered``: believed by the product, once;
    ``filled``: of those, the ones that were missing first, and that the node has told again; ``reported``: lost for
    good, as the product says itself; ``untold``: the last of a boot, kept from the product on the way, or told while it
    was dead or away from the broker, by a node that was killed before it could tell them again; ``lost``: missing with
    no trace though all was well; ``wrong``: believed twice, or out of order without having been missing, or said to be
    lost and not.
    """

    sent: int
    delivered: int
    filled: int
    reported: int
    untold: int
    lost: int
    wrong: list[str]


def gaps(told: Sequence[Told]) -> dict[int, int]:
    """How many events of each boot never came although later ones did; the first boot begins with what came first."""
    heard: dict[int, set[int]] = {}
    for event in told:
        heard.setdefault(event.boot, set()).add(event.seq)
    first = {told[0].boot: told[0].seq} if told else {}
    return {boot: max(seqs) - first.get(boot, 1) + 1 - len(seqs) for boot, seqs in heard.items()}


def unexplained(told: Sequence[Told], losses: Sequence[Lost]) -> int:
    """How many missing events nobody has said to be lost."""
    said = Counter[int]()
    for loss in losses:
        said[loss.boot] += loss.count
    return sum(max(0, gap - said[boot]) for boot, gap in gaps(told).items())


def count_events(
    seen: Iterable[tuple[int, int]], told: Sequence[Told], losses: Sequence[Lost], excused: set[tuple[int, int]]
) -> Events:
    """Compare what the wire saw with what the product believed.

    Args:
        seen: (boot, number) of each event that the wire saw.
        told: what the product told, over all its lives.
        losses: what it said was lost.
        excused: of those seen, the ones kept from the product on the way, or told while it was dead or away.
    """
    delivered = {(event.boot, event.seq) for event in told}
    wrong = []
    for _, life in itertools.groupby(told, key=lambda event: event.life):
        # Killed before it was on the disk, it has to hear it again: how often it is there, ``unrecorded`` looks at.
        lived = list(life)
        twice = [place for place, count in Counter((e.boot, e.seq) for e in lived).items() if count > 1]
        in_order = [(event.boot, event.seq) for event in lived if not event.filled]
        wrong += [f"{place} twice" for place in twice]
        wrong += [f"{after} after {before}" for before, after in itertools.pairwise(in_order) if after <= before]
    missing = gaps(told)
    for boot, lives in itertools.groupby(sorted(losses, key=lambda loss: loss.boot), key=lambda loss: loss.boot):
        of_boot = list(lives)
        # After a kill it may say once more what it has said; in one life it may not.
        if len({loss.life for loss in of_boot}) == 1 and sum(loss.count for loss in of_boot) > missing.get(boot, 0):
            wrong.append(f"{of_boot}: {missing.get(boot, 0)} are missing")
    newest = {boot: max(event.seq for event in told if event.boot == boot) for boot in missing}
    between = {place for place in {*seen} - delivered if place[1] < newest.get(place[0], 0)}
    silent = {*seen} - delivered - between
    unsaid = unexplained(told, losses)
    return Events(
        sent=len({*seen} | delivered),
        delivered=len(delivered),
        filled=sum(event.filled for event in told),
        reported=sum(missing.values()) - unsaid,
        untold=len(silent & excused),
        lost=len(silent - excused) + unsaid,
        wrong=wrong,
    )
