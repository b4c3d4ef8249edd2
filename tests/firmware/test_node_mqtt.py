"""The native node on a real Mosquitto over TLS: what opens it, and all that must not.

Pulses are counted in the relay log, which the simulated hardware writes, outside the code under test. Every refusal is
told by its reason, so that no test passes because nothing arrived.
"""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from facegate.contract import lines, verbs
from tests.firmware.peer import Peer
from tests.parts.broker import Mosquitto
from tests.parts.node import NativeNode, build_node
from tests.parts.waiting import wait_for

USERS = {"recognizer": "p1", "node": "p2"}


@dataclass
class Scene:
    """A gate: broker, node, and the recognizer's side of the wire."""

    broker: Mosquitto
    node: NativeNode
    peer: Peer

    @property
    def pulses(self) -> int:
        return len(self.node.relay.pulses())

    def refused(self, line: bytes, reason: str) -> None:
        """Send a line that must move nothing and bring an event with this reason, but no ack."""
        pulses, after = self.pulses, self.peer.mark()
        self.peer.send(line)
        self.peer.wait_for(lines.NodeEvent, lambda e: (e.type, e.subject) == ("refused", reason), after=after)
        assert not [heard for heard in self.peer.heard[after:] if isinstance(heard, lines.Ack)]
        assert self.pulses == pulses

    def answered(self, command: lines.Command, result: str) -> lines.Ack:
        """Send a command that must move nothing and get this answer."""
        pulses = self.pulses
        ack = self.peer.ask(command)
        assert ack.result == result
        assert self.pulses == pulses
        return ack

    def settle(self) -> None:
        """Wait until the gate is closed and the gap is over, so that nothing is busy."""
        self.node.relay.wait_for_pulses(0)
        time.sleep(0.3)


@pytest.fixture(scope="module", autouse=True)
def _program() -> Path:
    return build_node()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    key = secrets.token_bytes(32)
    with Mosquitto(tmp_path / "broker", tls=True, users=USERS, keep=True) as broker:
        peer = Peer(broker, key=key, username="recognizer")
        with NativeNode(tmp_path / "node", broker, key=key, username="node") as node:
            scene = Scene(broker, node, peer)
            peer.fresh_hello()
            yield scene
        peer.close()


def test_opens_and_tells_of_it(scene: Scene) -> None:
    command = scene.peer.command()
    ack = scene.peer.ask(command)
    assert (ack.result, ack.detail, ack.slot, ack.boot, ack.seq) == ("opened", "700", 1, 1, 1)
    (pulse,) = scene.node.relay.wait_for_pulses(1)
    assert pulse.relay == 1
    assert 0.69 <= pulse.seconds < 5  # never early but for the rounding of milliseconds; a loaded machine comes late
    for _ in range(2):
        scene.node.touch_input("beam")
    scene.peer.wait_until(lambda: len(scene.peer.events()) >= 2)
    assert scene.peer.events() == [f"passed 1 {command.id}", f"tailgated 1 {command.id}"]


def test_who_passes_without_an_opening_is_reported(scene: Scene) -> None:
    scene.node.touch_input("beam")
    scene.peer.wait_until(lambda: scene.peer.events() == ["forced - -"])


def test_a_second_guard_closes_when_the_core_does_not(scene: Scene) -> None:
    scene.node.set_input("stuck", True)
    (pulse,) = scene.node.relay.wait_for_pulses(1)
    assert pulse.relay == 1
    assert 0.59 <= pulse.seconds < 10  # the guard's own time; the core would never close it


def test_opens_the_other_relay_for_the_time_asked(scene: Scene) -> None:
    ack = scene.peer.ask(replace(scene.peer.command(slot=4), subject="2", value="300"))
    assert (ack.result, ack.detail) == ("opened", "300")
    (pulse,) = scene.node.relay.wait_for_pulses(1)
    assert pulse.relay == 2
    assert pulse.seconds >= 0.29


def test_no_pulse_is_longer_than_the_maximum(scene: Scene) -> None:
    assert scene.peer.ask(replace(scene.peer.command(), value="4294967295")).detail == "5000"
    (pulse,) = scene.node.relay.wait_for_pulses(1)
    assert 4.99 <= pulse.seconds < 15  # of the 49 days asked for


def test_two_grants_200_ms_apart_are_two_pulses(scene: Scene) -> None:
    assert scene.peer.ask(scene.peer.command()).result == "opened"
    time.sleep(0.2)
    second = scene.peer.command()
    assert scene.peer.ask(second).result == "busy"
    assert scene.peer.open_patiently(replace(scene.peer.command(), id=second.id)).result == "opened"
    first_pulse, second_pulse = scene.node.relay.wait_for_pulses(2)
    assert first_pulse.closed_at is not None
    assert second_pulse.opened_at - first_pulse.closed_at >= 0.24
    scene.node.touch_input("beam")
    scene.node.touch_input("beam")
    scene.peer.wait_until(lambda: len(scene.peer.events()) >= 2)
    assert [event.split()[0] for event in scene.peer.events()] == ["passed", "passed"]


def test_a_replayed_line_is_acked_again_and_opens_nothing(scene: Scene) -> None:
    command = scene.peer.command()
    assert scene.peer.ask(command).result == "opened"
    scene.node.relay.wait_for_pulses(1)
    scene.settle()
    assert scene.answered(command, "opened").seq == 2
    assert scene.pulses == 1


def test_a_replay_after_a_restart_is_stale(scene: Scene) -> None:
    """An old boot's line: its id is forgotten, and so is its challenge."""
    command = scene.peer.command()
    assert scene.peer.ask(command).result == "opened"
    scene.node.relay.wait_for_pulses(1)
    after = scene.peer.mark()
    scene.node.kill()
    scene.node.start()
    assert scene.peer.wait_for(lines.Hello, after=after).boot == 2
    scene.answered(command, "stale")


def test_a_retained_command_is_stale_at_the_next_start(scene: Scene) -> None:
    """ESPHome's callback does not tell that a message was retained; freshness refuses it all the same."""
    command = scene.peer.command()
    scene.peer.send(scene.peer.sign(command), retain=True)
    scene.peer.wait_for(lines.Ack, lambda ack: (ack.id, ack.result) == (command.id, "opened"))
    scene.node.relay.wait_for_pulses(1)
    after = scene.peer.mark()
    scene.node.kill()
    scene.node.start()
    ack = scene.peer.wait_for(lines.Ack, after=after)
    assert (ack.boot, ack.id, ack.result) == (2, command.id, "stale")
    assert scene.pulses == 1


def test_a_retained_command_is_stale_at_the_next_reconnect(scene: Scene) -> None:
    command = replace(scene.peer.command(), value="1")
    scene.peer.send(scene.peer.sign(replace(command, verb="lift")), retain=True)
    scene.peer.wait_for(lines.Ack, lambda ack: ack.result == "verb")
    unseen = replace(command, id=secrets.token_hex(8), counter=command.counter + 1)
    scene.node.kill()
    scene.peer.send(scene.peer.sign(unseen), retain=True)
    after = scene.peer.mark()
    scene.node.start()
    assert scene.peer.wait_for(lines.Ack, after=after).result == "stale"
    assert scene.pulses == 0


def test_commands_sent_while_the_node_is_down_never_come(scene: Scene) -> None:
    """A clean session: the broker keeps nothing, whatever QoS the sender chose."""
    commands = [scene.peer.command() for _ in range(3)]
    scene.node.kill()
    scene.peer.wait_until(lambda: scene.peer.status[-1] == "offline", timeout=40)
    for command in commands:
        scene.peer.send(scene.peer.sign(command), qos=1)
    after = scene.peer.mark()
    scene.node.start()
    assert scene.peer.wait_for(lines.Hello, after=after).boot == 2
    # The node answers in order, so once it has answered this, it had none of them before it.
    assert scene.peer.ask(scene.peer.command()).seq == 1
    assert scene.pulses == 1


def test_a_delayed_command_is_late(scene: Scene) -> None:
    command = scene.peer.command()
    time.sleep(2.1)
    scene.answered(command, "late")


def test_reordered_commands_open_once(scene: Scene) -> None:
    first, second = scene.peer.command(), scene.peer.command()
    assert scene.peer.ask(second).result == "opened"
    scene.node.relay.wait_for_pulses(1)
    scene.settle()
    assert scene.answered(replace(first, not_after=scene.peer.uptime() + 2000), "counter").detail == "2"


def test_what_is_damaged_is_refused_with_its_reason(scene: Scene) -> None:
    command = scene.peer.command()
    good = scene.peer.sign(command)
    scene.refused(b"", "size")
    scene.refused(good + b" " * 700, "size")
    scene.refused(good[:-1], "format")
    scene.refused(good[: len(good) // 2], "format")
    scene.refused(good + b"\n", "format")
    scene.refused(good.replace(b" ", b"  ", 1), "format")
    scene.refused(bytes([good[0] ^ 1]) + good[1:], "version")
    scene.refused(good.replace(b"command", b"commanD"), "kind")
    place = good.index(b" open 1 ") + 6
    scene.refused(good[:place] + bytes([good[place] ^ 3]) + good[place + 1 :], "mac")
    scene.refused(good[:-1] + (b"0" if good[-1:] != b"0" else b"1"), "mac")
    assert scene.peer.ask(command).result == "opened"  # and the line they were made of was good


def test_what_is_for_others_is_refused_with_its_reason(scene: Scene) -> None:
    command = scene.peer.command()
    elsewhere = replace(command, gate="side")
    scene.refused(elsewhere.sign(lines.command_key(scene.peer.key, 1, "side")), "gate")
    scene.refused(command.sign(lines.command_key(scene.peer.key, 1, "side")), "mac")
    scene.refused(command.sign(lines.command_key(scene.peer.key, 2, "main")), "mac")
    scene.refused(command.sign(lines.command_key(secrets.token_bytes(32), 1, "main")), "mac")
    scene.refused(command.sign(lines.node_key(scene.peer.key, "main")), "mac")
    scene.refused(replace(command, slot=5).sign(lines.command_key(scene.peer.key, 5, "main")), "slot")
    scene.refused(scene.peer.hello.sign(lines.node_key(scene.peer.key, "main")), "kind")


def test_a_flood_is_counted_and_not_echoed(scene: Scene) -> None:
    for _ in range(300):
        scene.peer.send(b"PRESS")
    time.sleep(1)
    assert scene.peer.ask(scene.peer.command()).result == "opened"
    events = [event for event in scene.peer.events() if event.startswith("refused")]
    assert 1 <= len(events) < 60
    assert scene.pulses == 1


def test_no_topic_of_esphome_opens(scene: Scene) -> None:
    """Not even a bare payload under the names that ESPHome would give its entities."""
    for topic in ("switch/relay_1", "button/relay_1", "lock/gate", "output/relay_1"):
        for prefix in ("facegate-node", "facegate/home/gate/main/node"):
            for payload in ("ON", "PRESS", "UNLOCK"):
                scene.peer.publish(f"{prefix}/{topic}/command", payload)
    assert scene.peer.ask(scene.peer.command()).result == "opened"
    scene.node.relay.wait_for_pulses(1)
    assert scene.pulses == 1


def test_a_reconnect_voids_all_challenges(scene: Scene) -> None:
    command = scene.peer.command()
    after = scene.peer.mark()
    scene.broker.kill()
    scene.broker.start()
    hello = scene.peer.wait_for(lines.Hello, after=after, timeout=30)
    assert hello.challenge != command.challenge
    assert hello.boot == 1
    scene.answered(replace(command, not_after=scene.peer.uptime() + 2000), "stale")
    assert scene.peer.ask(scene.peer.command()).result == "opened"


def test_a_power_cut_in_the_middle_of_an_opening_ends_it(scene: Scene) -> None:
    assert scene.peer.ask(replace(scene.peer.command(), value="5000")).result == "opened"
    assert scene.node.relay.is_open(1)
    after = scene.peer.mark()
    scene.node.kill()
    scene.node.start()
    hello = scene.peer.wait_for(lines.Hello, after=after)
    assert (hello.boot, hello.seq, hello.state) == (2, 1, "closed")
    assert not scene.node.relay.is_open(1)
    time.sleep(1)
    assert scene.pulses == 1


def test_twenty_power_cuts_lose_no_boot_number(scene: Scene) -> None:
    for count in range(20):
        scene.node.kill()
        scene.node.start()
        time.sleep(0.01 * (count % 7))
    scene.node.kill()
    after = scene.peer.mark()
    scene.node.start()
    hello = scene.peer.wait_for(lines.Hello, after=after)
    # A start that is cut off before the node has written its number has none.
    assert 2 <= hello.boot <= 22
    boots = [line.boot for line in scene.peer.heard]
    assert boots == sorted(boots)
    assert scene.pulses == 0


def test_a_node_that_cannot_keep_its_boot_number_lets_people_out_and_believes_nobody(scene: Scene) -> None:
    command = scene.peer.command()
    scene.node.stop()
    after = scene.peer.mark()
    scene.node.environment["ESPHOME_PREFDIR"] = str(scene.node.log / "a-file-is-no-folder")
    scene.node.start()
    scene.peer.wait_until(lambda: scene.peer.status[-1] == "online")
    scene.peer.send(scene.peer.sign(command))
    scene.node.touch_input("exit")
    (pulse,) = scene.node.relay.wait_for_pulses(1)
    assert pulse.relay == 2
    time.sleep(2)
    assert scene.peer.mark() == after
    assert scene.pulses == 1


def test_exit_and_fire_work_with_the_broker_gone_and_are_told_later(scene: Scene) -> None:
    after = scene.peer.mark()
    scene.broker.kill()
    scene.node.touch_input("exit")
    (pulse,) = scene.node.relay.wait_for_pulses(1)
    assert pulse.relay == 2
    scene.node.set_input("fire", True)
    scene.node.relay.wait_for_pulses(3, ended=False)
    assert scene.node.relay.is_open(1)
    assert scene.node.relay.is_open(2)
    scene.node.set_input("fire", False)
    scene.broker.start()
    scene.peer.wait_until(lambda: len(scene.peer.events(after)) >= 3, timeout=30)
    assert scene.peer.events(after) == ["exit 2 -", "fire start -", "fire quiet -"]
    assert scene.node.relay.is_open(1)  # until somebody has looked
    told = [line for line in scene.peer.heard[after:] if isinstance(line, lines.NodeEvent)]
    assert [event.seq for event in told] == [1, 2, 3]
    assert told[0].uptime <= told[1].uptime <= told[2].uptime < scene.peer.hello.uptime
    scene.peer.fresh_hello()
    reset = replace(scene.peer.command(), verb="reset", subject="fire", value="-")
    assert scene.peer.ask(reset).result == "done"
    scene.node.relay.wait_for_pulses(3)


def test_fire_that_is_active_at_the_start_releases(scene: Scene) -> None:
    scene.node.kill()
    scene.node.set_input("fire", True)
    scene.node.start()
    scene.node.relay.wait_for_pulses(2, ended=False)
    scene.peer.wait_for(lines.Hello, lambda hello: hello.boot == 2 and hello.state == "fire")
    assert scene.answered(scene.peer.command(), "mode").detail == "fire"


def tell(scene: Scene, request: verbs.Request) -> lines.Ack:
    subject, value = request.arguments
    return scene.peer.ask(replace(scene.peer.command(), verb=request.verb, subject=subject, value=value))


def test_cards_and_a_lockdown_outlast_a_kill_and_need_no_broker(scene: Scene) -> None:
    digest = verbs.card_digest(verbs.digest_key(scene.peer.key, "main"), bytes.fromhex("04a224b2"))
    people = [verbs.Entry(number.to_bytes(8)) for number in range(20)] + [verbs.Entry(digest)]
    answers = [tell(scene, chunk).detail for chunk in verbs.chunks(5, 0, people)]
    assert answers == ["stored", "stored", "committed"]
    scene.node.kill()
    scene.broker.kill()
    scene.node.start()
    scene.node.present("card", 1, "04-A2-24-B2")
    (pulse,) = scene.node.relay.wait_for_pulses(1)
    assert pulse.relay == 1
    scene.broker.start()
    scene.peer.wait_for(lines.Hello, lambda hello: hello.boot == 2 and hello.list_version == 5, timeout=30)
    granted = scene.peer.wait_for(lines.NodeEvent, lambda event: event.type == "granted")
    assert (granted.subject, granted.value) == ("card:1", digest.hex())
    assert tell(scene, verbs.SetMode("lockdown")).result == "done"
    scene.node.kill()
    scene.node.start()
    scene.peer.wait_for(lines.Hello, lambda hello: hello.boot == 3 and hello.mode == "lockdown", timeout=30)
    denied = scene.peer.mark()
    scene.node.present("card", 1, "04a224b2")
    scene.peer.wait_for(lines.NodeEvent, lambda event: event.subject == "card:1:lockdown", after=denied)
    assert scene.pulses == 1


@pytest.mark.timeout(600)  # the sanitized node is compiled here
def test_the_node_is_clean_under_the_sanitizers(tmp_path: Path) -> None:
    """The same firmware with ASan and UBSan through an opening, garbage, a lost broker and an orderly end."""
    key = secrets.token_bytes(32)
    with Mosquitto(tmp_path / "broker", tls=True, users=USERS) as broker:
        peer = Peer(broker, key=key, username="recognizer")
        node = NativeNode(tmp_path / "node", broker, key=key, username="node", program=build_node(sanitize=True))
        # ESPHome never frees what it sets up once, so leaks say nothing.
        node.environment |= {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"}
        with node:
            assert peer.ask(peer.command()).result == "opened"
            for size in (0, 1, 639, 640, 641, 5000):
                peer.send(secrets.token_bytes(size))
            after = peer.mark()
            broker.kill()
            node.touch_input("exit")
            broker.start()
            peer.wait_for(lines.Hello, after=after, timeout=30)
            peer.wait_until(lambda: "exit 2 -" in peer.events(after))
            assert node.running
        peer.wait_until(lambda: peer.status[-1] == "offline")
        peer.close()
    log = node.log.read_text(errors="replace")
    assert "Sanitizer" not in log, log[-4000:]
    assert "runtime error" not in log, log[-4000:]


def test_a_node_with_a_wrong_password_is_not_let_in(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker", tls=True, users=USERS) as broker:
        node = NativeNode(tmp_path / "node", broker, key=secrets.token_bytes(32), username="node")
        node.environment["FACEGATE_NODE_PASSWORD"] = "wrong"
        with node:
            wait_for(lambda: "refuses this node" in node.log.read_text(errors="replace"))
            node.touch_input("exit")
            assert node.relay.wait_for_pulses(1)


def test_a_broker_that_another_ca_vouches_for_gets_no_password(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker", tls=True, users=USERS) as broker, Mosquitto(tmp_path / "b2", tls=True) as other:
        node = NativeNode(tmp_path / "node", broker, key=secrets.token_bytes(32), username="node")
        node.environment["FACEGATE_NODE_CA"] = str(other.ca)
        with node:
            wait_for(
                lambda: "tlsv1 alert" in broker.log.read_text(errors="replace"),
                shows=lambda: broker.log.read_text(errors="replace"),
            )
        assert "facegate-node-home-main" not in broker.log.read_text(errors="replace")
