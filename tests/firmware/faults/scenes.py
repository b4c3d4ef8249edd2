"""Single questions to the plain native node over TLS, each with its figures: how quick, and what it does when alone.

Every scene returns its figures and says in ``problems`` what is wrong; whoever calls judges the times.
"""

import contextlib
import itertools
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from facegate.adapters.store import Store
from facegate.contract import lines, verbs
from facegate.contract.messages import PASSAGE_TYPES
from tests.firmware.faults import account
from tests.firmware.faults.campaign import BEAM_SECONDS, EXIT_RELAY, press_exit
from tests.firmware.faults.recognizer import Recognizer
from tests.firmware.peer import Peer
from tests.parts.broker import Mosquitto
from tests.parts.node import NativeNode

USERS = {"recognizer": "p1", "node": "p2", "stranger": "p3", "second": "p4"}
GAP_SECONDS = 0.24  # 250 ms, less the rounding of two time stamps
TRIES = 30  # at a gate that has just been flooded
TEN_YEARS = 3.15e8  # seconds


@dataclass
class Result:
    """``times``: milliseconds; ``counts``: how many of what; ``problems``: what must not be, one sentence each."""

    times: dict[str, list[float]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def must(self, holds: bool, problem: str) -> None:
        """Keep ``problem`` unless it ``holds``."""
        if not holds:
            self.problems.append(problem)


@dataclass
class Place:
    """A broker over TLS and one node on it. ``key``: the gate's."""

    folder: Path
    broker: Mosquitto
    node: NativeNode
    key: bytes
    presses: int = 0

    @contextlib.contextmanager
    def peer(self) -> Iterator[Peer]:
        """The recognizer's side of the wire in the test's own hand."""
        peer = Peer(self.broker, key=self.key, username="recognizer")
        peer.fresh_hello()
        yield peer
        peer.close()

    def recognizer(self, name: str = "recognizer", **more: float) -> Recognizer:
        """The product's own side, not yet started."""
        slot = int(more.pop("slot", 1))
        return Recognizer(
            self.folder / name, self.broker, key=self.key, username="recognizer" if slot == 1 else "second",
            site="home", slot=slot, **more,
        )  # fmt: skip

    def meet(self, *recognizers: Recognizer) -> None:
        """Return when they know the node; whatever happens at a gate makes it say hello at once."""
        self.exits(1)
        for recognizer in recognizers:
            recognizer.wait_for_state("online")

    def exits(self, count: int) -> list[float]:
        """Press the exit button so often, at any moment; milliseconds to the relay."""
        self.presses += count
        return [press_exit(self.node) for _ in range(count)]

    def pulses(self, relay: int) -> int:
        """How many there were."""
        return len(self.node.relay.pulses(relay))

    def unasked_exits(self) -> int:
        """Pulses of the way out beyond the presses."""
        return max(0, self.pulses(EXIT_RELAY) - self.presses)


@contextlib.contextmanager
def place(folder: Path, program: Path) -> Iterator[Place]:
    """A gate that is up."""
    key = secrets.token_bytes(32)
    with Mosquitto(folder / "broker", tls=True, users=USERS, keep=True) as broker:
        node = NativeNode(folder / "node", broker, key=key, username="node", program=program)
        node.environment |= {"ASAN_OPTIONS": "detect_leaks=0"}  # for when it is the one with the sanitizers
        with node:
            yield Place(folder, broker, node, key)


def line_to_relay(at: Place, count: int) -> Result:
    """From the moment at which a signed line is handed to the client until the relay moves."""
    result = Result()
    taken = []
    with at.peer() as peer:
        for _ in range(count):
            command = replace(peer.command(), value="1")  # a pulse of one millisecond: the next one may come soon
            line = peer.sign(command)
            before = len(at.node.relay.writes())
            begun = time.time()
            peer.send(line)
            ack = peer.wait_for(lines.Ack, partial(_answers, command))
            opened = [moved for moved, relay, on in at.node.relay.writes()[before:] if relay == 1 and on]
            result.must(ack.result == "opened" and len(opened) == 1, f"a good line was answered '{ack.result}'")
            taken += [(moved - begun) * 1000 for moved in opened]
            at.node.relay.wait_for_pulses(len(taken))
            time.sleep(0.3)  # the gap between two pulses
    result.must(at.pulses(1) == count, f"{at.pulses(1)} pulses of {count} lines")
    result.times["open line → relay"] = taken
    return result


def _answers(command: lines.Command, ack: lines.Ack) -> bool:
    return ack.id == command.id


def way_out(at: Place, count: int) -> Result:
    """The exit button, with all well and with everything else dead; in lockdown, in fire, on a full flash."""
    result = Result()
    with at.recognizer() as recognizer:
        at.meet(recognizer)
        result.times["all well"] = at.exits(count)
        recognizer.kill()
        result.times["recognizer killed"] = at.exits(count)
        recognizer.start()
    at.broker.kill()
    result.times["recognizer gone, broker killed"] = at.exits(count)
    at.broker.start()
    with at.peer() as peer:
        lockdown = verbs.SetMode("lockdown").arguments
        ack = peer.ask(replace(peer.command(), verb="mode", subject=lockdown.subject, value=lockdown.value))
        result.must(ack.result == "done", f"the lockdown was answered '{ack.result}'")
        result.times["lockdown"] = at.exits(count)
        result.must(peer.ask(peer.command()).result == "mode", "a lockdown has let somebody in")
        normal = verbs.SetMode("normal").arguments
        peer.ask(replace(peer.command(), verb="mode", subject=normal.subject, value=normal.value))
    result.must(at.pulses(1) == 0, "the way in has opened")
    result.must(at.unasked_exits() == 0, "the way out has opened unasked")
    return result


def full_flash(at: Place, count: int) -> Result:
    """No room for a record: lockdown and list say so, exits and openings work; after a restart nobody is believed."""
    result = Result()
    flash = at.node.folder / "flash"
    with at.peer() as peer:
        obstacle = next(flash.glob("*.prefs")).name + ".new"  # where the native node writes before it renames
        (flash / obstacle).mkdir()
        answers = {}
        (chunk, *_) = verbs.chunks(5, 0, [verbs.Entry(secrets.token_bytes(8))])
        for request in (verbs.SetMode("lockdown"), verbs.SetMode("normal"), chunk):
            subject, value = request.arguments
            ack = peer.ask(replace(peer.command(), verb=request.verb, subject=subject, value=value))
            answers[f"{request.verb} {subject}"] = f"{ack.result} {ack.detail}"
        result.must(answers["mode lockdown"] == "fault flash", f"a lockdown that is not kept: {answers}")
        result.must(any("fault" in said for what, said in answers.items() if "list" in what), f"a list: {answers}")
        result.times["full flash"] = at.exits(count)
        result.must(peer.open_patiently(peer.command()).result == "opened", "a full flash keeps residents out")
        at.node.relay.wait_for_pulses(1)
        opened = at.pulses(1)
        command = peer.command()
        at.node.kill()
        at.node.start()
        result.times["restarted on a full flash"] = at.exits(1)  # pressed while it starts
        time.sleep(1)
        result.times["restarted on a full flash"] += at.exits(count - 1)
        peer.send(peer.sign(command))
        time.sleep(1)
        result.must(at.pulses(1) == opened, "a node without a boot number has believed a line")
        at.node.kill()
        (flash / obstacle).rmdir()
        after = peer.mark()
        at.node.start()
        peer.wait_for(lines.Hello, after=after, timeout=30)
        result.must(peer.ask(peer.command()).result == "opened", "with room again, the gate does not open")
    result.must(at.unasked_exits() == 0, "the way out has opened unasked")
    return result


def flood(at: Place, count: int) -> Result:
    """So many lines of a stranger: garbage, forged ones, old good ones; exits meanwhile, and an opening after."""
    result = Result()
    dice = random.Random(count)
    with at.peer() as peer:
        old = []
        for _ in range(3):
            command = peer.command()
            old.append(peer.sign(command))
            peer.open_patiently(command)
        at.node.relay.wait_for_pulses(3)
        forged = replace(peer.command(), id="0" * 16).sign(secrets.token_bytes(32))
        kinds: list[Callable[[], bytes]] = [
            lambda: dice.randbytes(dice.randrange(700)),
            lambda: forged,
            lambda: dice.choice(old),
            lambda: b"",
            lambda: forged[: dice.randrange(len(forged))],
        ]

        def draw() -> bytes:
            return dice.choice(kinds)()

        stranger = _stranger(at)
        flooding = threading.Thread(target=_pour, args=(stranger, peer, count, draw))
        before, pressed, mark = at.pulses(1), at.presses, peer.mark()
        flooding.start()
        exits: list[float] = []
        while flooding.is_alive() or not exits:
            exits += at.exits(1)
        flooding.join()
        result.times["flooded"] = exits
        result.must(at.pulses(1) == before, f"a flood has opened {at.pulses(1) - before} times")
        peer.wait_until(lambda: _count(peer.events(mark), "exit") >= at.presses - pressed, timeout=60)
        result.must(_open_at_last(peer), "after a flood the gate does not open")
        refusals = [event for event in peer.events(mark) if event.startswith("refused")]
        result.counts = {"lines": count, "refusals told": len(refusals), "exits": len(exits)}
        exits_told = _count(peer.events(mark), "exit")
        result.counts["exits told"] = exits_told
        result.must(exits_told == len(exits), f"{exits_told} of {len(exits)} exits were told")
        stranger.disconnect()
        stranger.loop_stop()
    result.must(at.unasked_exits() == 0, "the way out has opened unasked")
    return result


def _count(events: list[str], kind: str) -> int:
    return sum(event.split()[0] == kind for event in events)


def _open_at_last(peer: Peer) -> bool:
    """Ask, and again after a second's silence, as the recognizer does: lines are lost in what is left of the flood."""
    opening = secrets.token_hex(8)
    for _ in range(TRIES):
        command = replace(peer.command(), id=opening)
        mark = peer.mark()
        peer.send(peer.sign(command))
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            acks = [a for a in peer.heard[mark:] if isinstance(a, lines.Ack) and a.id == opening]
            if acks and acks[0].result == "opened":
                return True
            time.sleep(0.01)
    return False


def _stranger(at: Place) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.tls_set(str(at.broker.ca))
    client.username_pw_set("stranger", USERS["stranger"])
    client.connect(at.broker.host, at.broker.port)
    client.loop_start()
    return client


def _pour(client: paho.Client, peer: Peer, count: int, draw: Callable[[], bytes]) -> None:
    """In bursts, about as fast as the node's own connection takes them, so that the flood lasts some seconds."""
    for number in range(count):
        client.publish(peer.topics.command(peer.gate), draw())
        if number % 100 == 99:
            time.sleep(0.04)


def two_recognizers(at: Place, count: int) -> Result:
    """Two recognizers in two slots want the same gate at the same time, so often each."""
    result = Result()
    with at.recognizer("first") as first, at.recognizer("second", slot=2) as second:
        at.meet(first, second)
        asked = []
        for _ in range(count):
            asked += [first.ask(seconds=12), second.ask(seconds=12)]
            asked[-1].result(60), asked[-2].result(60)
        outcomes = [outcome for answer in asked if (outcome := answer.result(60)) is not None]
    opened = sum(outcome.result == "opened" for outcome in outcomes)
    at.node.relay.wait_for_pulses(opened)
    result.counts = {"asked": len(asked), "opened": opened, "pulses": at.pulses(1)}
    result.must(opened == len(asked), f"only {opened} of {len(asked)} were let in: {outcomes}")
    result.must(at.pulses(1) == opened, f"{at.pulses(1)} pulses of {opened} openings")
    return result


def two_at_once(at: Place, count: int) -> Result:
    """Two grants 200 ms apart are two pulses, two passages, and no tailgating; so often."""
    result = Result()
    with at.recognizer() as recognizer:
        at.meet(recognizer)
        for number in range(count):
            first = recognizer.ask()
            time.sleep(0.2)
            second = recognizer.ask()
            outcomes = [first.result(30), second.result(30)]
            result.must(all(o is not None and o.result == "opened" for o in outcomes), f"not both opened: {outcomes}")
            for _ in range(2):
                at.node.touch_input("beam", BEAM_SECONDS)
            deadline = time.monotonic() + 15
            while len(_passages(recognizer)) < 2 * (number + 1) and time.monotonic() < deadline:
                time.sleep(0.01)
    at.node.relay.wait_for_pulses(2 * count)
    pulses = at.node.relay.pulses(1)
    gaps = [b.opened_at - a.closed_at for a, b in itertools.pairwise(pulses) if a.closed_at is not None]
    said = _passages(recognizer)
    result.counts = {"pulses": len(pulses), "passed": said.count("passed"), "tailgated": said.count("tailgated")}
    result.must(len(pulses) == 2 * count, f"{len(pulses)} pulses of {2 * count} grants")
    result.must(min(gaps) >= GAP_SECONDS, f"two pulses were {min(gaps):.3f} s apart: a turnstile sees one")
    result.must(said == ["passed"] * 2 * count, f"two passages were told as {said}")
    return result


def _passages(recognizer: Recognizer) -> list[str]:
    return [event.type for event in recognizer.events if event.type in PASSAGE_TYPES]


def wrong_clocks(at: Place, count: int) -> Result:
    """Ten years early or late, or a twentieth too fast or too slow: one recognizer each, in a slot of its own."""
    result = Result()
    clocks = {
        "ten years early": (-TEN_YEARS, 1.0),
        "ten years late": (TEN_YEARS, 1.0),
        "too fast": (0.0, 1.05),
        "too slow": (0.0, 0.95),
    }
    with contextlib.ExitStack() as stack:
        recognizers = {
            name: stack.enter_context(at.recognizer(name, slot=slot, wall=wall, rate=rate))
            for slot, (name, (wall, rate)) in enumerate(clocks.items(), 1)
        }
        at.meet(*recognizers.values())
        outcomes = {name: [recognizer.open() for _ in range(count)] for name, recognizer in recognizers.items()}
    at.node.relay.wait_for_pulses(4 * count)
    allowed = []
    for name, recognizer in recognizers.items():
        result.counts[name] = sum(outcome.result == "opened" for outcome in outcomes[name])
        result.must(result.counts[name] == count, f"{name}: {[outcome.result for outcome in outcomes[name]]}")
        with Store.open(recognizer.data) as store:
            records = [record for record in store.access_log(10 * count) if record.kind == "opening"]
        allowed += account.reasons(records, [], clocks[name][0])
    verdict = account.judge(at.node.relay.pulses(1), allowed)
    result.must(not verdict.unauthorised, f"opened without a reason: {verdict.unauthorised}")
    result.must(not verdict.untrue, f"said to have opened, and did not: {verdict.untrue}")
    return result


def memory_kb(node: NativeNode) -> int:
    """What the native process holds in memory; most of it is the C library's, TLS' and ESPHome's."""
    status = Path(f"/proc/{node.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
