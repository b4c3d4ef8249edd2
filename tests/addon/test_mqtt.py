"""The MQTT client against a real Mosquitto, and against no broker at all."""

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from facegate.adapters.mqtt import Connection, MqttClient, MqttError, Presence
from facegate.settings import Broker
from tests.parts.broker import Mosquitto, free_port
from tests.parts.waiting import eventually

PASSWORD = "correct horse battery staple"


def settings(mosquitto: Mosquitto, **more) -> Broker:
    return Broker(host=mosquitto.host, port=mosquitto.port, **more)


@asynccontextmanager
async def running(broker: Broker, *, until="connected", **more):
    client = MqttClient(broker, **more)
    await client.start()
    try:
        await eventually(lambda: client.state.reason == until)
        yield client
    finally:
        await client.stop()


@pytest.fixture
def mosquitto(tmp_path):
    with Mosquitto(tmp_path / "broker") as broker:
        yield broker


class Inbox(list):
    def __call__(self, topic: str, payload: bytes, retained: bool) -> None:
        self.append((topic, payload, retained))


async def test_messages_arrive_on_the_loop_with_their_retain_flag(mosquitto):
    async with running(settings(mosquitto)) as sender, running(settings(mosquitto)) as receiver:
        assert sender.publish("a/kept", b"\x00\xff", retain=True, qos=1)
        loops = set()
        inbox = Inbox()

        def take(topic, payload, retained):
            loops.add(asyncio.get_running_loop())
            inbox(topic, payload, retained)

        await asyncio.sleep(0.1)
        receiver.subscribe("a/#", take)
        await eventually(lambda: inbox == [("a/kept", b"\x00\xff", True)])
        assert sender.publish("a/live", b"now")
        await eventually(lambda: len(inbox) == 2)
        assert inbox[1] == ("a/live", b"now", False)
        assert loops == {asyncio.get_running_loop()}


async def test_a_cancelled_subscription_is_silent_and_leaves_its_neighbour(mosquitto):
    async with running(settings(mosquitto)) as client:
        first, second, other = Inbox(), Inbox(), Inbox()
        cancel = client.subscribe("a/b", first)
        client.subscribe("a/b", second)
        client.subscribe("a/c", other)
        client.publish("a/b", b"1")
        await eventually(lambda: first and second)
        cancel()
        cancel()
        client.publish("a/b", b"2")
        await eventually(lambda: len(second) == 2)
        assert len(first) == 1
        assert other == []


async def test_presence_is_retained_and_the_last_will_takes_it_back(mosquitto):
    presence = Presence("site/status", b"online", b"offline")
    async with running(settings(mosquitto)) as watcher:
        inbox = Inbox()
        watcher.subscribe("site/status", inbox)
        async with running(settings(mosquitto), presence=presence):
            await eventually(lambda: inbox and inbox[-1][1] == b"online")
            later = Inbox()
            watcher.subscribe("site/+", later)
            await eventually(lambda: later and later[-1] == ("site/status", b"online", True))
        await eventually(lambda: inbox[-1][1] == b"offline")


async def test_a_broker_that_comes_late_is_found(tmp_path):
    mosquitto = Mosquitto(tmp_path / "broker")
    client = MqttClient(settings(mosquitto))
    states: list[Connection] = []
    client.listen(states.append)
    inbox = Inbox()
    client.subscribe("a", inbox)
    assert client.state.reason == "starting"
    await client.start()
    await eventually(lambda: client.state.reason == "unreachable")
    assert not client.connected
    assert f"No MQTT broker answers at 127.0.0.1:{mosquitto.port}" in client.state.text
    assert client.publish("a", b"lost") is False
    assert client.publish("a", b"lost too", qos=1) is False
    with mosquitto:
        await eventually(lambda: client.connected)
        assert client.publish("a", b"sent")
        await eventually(lambda: inbox)
        assert inbox == [("a", b"sent", False)]
        await client.stop()
    assert [s.reason for s in states] == ["unreachable", "connected", "stopped"]


async def test_a_broker_that_dies_takes_nothing_into_its_next_life(mosquitto):
    async with running(settings(mosquitto)) as client:
        inbox = Inbox()
        client.subscribe("a", inbox)
        mosquitto.kill()
        await eventually(lambda: client.state.reason != "connected")
        assert not client.connected
        assert client.publish("a", b"while it is away") is False
        mosquitto.start()
        await eventually(lambda: client.connected)
        assert client.publish("a", b"afterwards")
        await eventually(lambda: inbox)
        await asyncio.sleep(0.2)
        assert inbox == [("a", b"afterwards", False)]


async def test_a_client_that_was_away_gets_nothing_that_was_sent_meanwhile(mosquitto):
    async with running(settings(mosquitto)) as sender:
        inbox = Inbox()
        async with running(settings(mosquitto), name="node-of-main") as receiver:
            receiver.subscribe("a", inbox)
        sender.publish("a", b"queued?", qos=1)
        async with running(settings(mosquitto), name="node-of-main") as receiver:
            receiver.subscribe("a", inbox)
            await asyncio.sleep(0.2)
            sender.publish("a", b"live", qos=1)
            await eventually(lambda: inbox)
        assert inbox == [("a", b"live", False)]


@pytest.mark.parametrize("password", ["wrong", ""])
async def test_wrong_credentials_are_said_in_one_sentence_without_them(tmp_path, caplog, password):
    caplog.set_level(logging.DEBUG)
    with Mosquitto(tmp_path / "broker", users={"facegate": PASSWORD}) as mosquitto:
        broker = settings(mosquitto, username="facegate", password=password)
        async with running(broker, until="refused") as client:
            assert client.state.text == (
                f"The MQTT broker at 127.0.0.1:{mosquitto.port} refuses FaceGate's user name or password: "
                "correct them in the settings."
            )
            await asyncio.sleep(0.5)
            assert client.state.reason == "refused"  # and not merely lost
        async with running(replace(broker, password=PASSWORD)) as client:
            assert client.connected
    assert PASSWORD not in caplog.text
    assert PASSWORD not in repr(broker)
    assert "Traceback" not in caplog.text


async def test_tls_with_the_broker_s_own_ca(tmp_path):
    with Mosquitto(tmp_path / "broker", tls=True) as mosquitto:
        async with running(settings(mosquitto, tls=True, ca_file=str(mosquitto.ca))) as client:
            assert client.connected


@pytest.mark.parametrize("flaw", ["unknown CA", "other name"])
async def test_a_broker_that_cannot_be_trusted_is_not_spoken_to(tmp_path, flaw):
    with Mosquitto(tmp_path / "broker", tls=True) as mosquitto:
        ca = str(mosquitto.ca) if flaw == "other name" else ""
        host = "127.0.0.2" if flaw == "other name" else mosquitto.host
        if flaw == "other name":
            mosquitto.stop()
            mosquitto._configuration.write_text(mosquitto._configuration.read_text().replace("127.0.0.1", "127.0.0.2"))
            mosquitto.host = host
            mosquitto.start()
        broker = Broker(host=host, port=mosquitto.port, tls=True, ca_file=ca)
        async with running(broker, until="untrusted") as client:
            assert "cannot be trusted" in client.state.text
            assert "check the CA file" in client.state.text
            assert client.publish("a", b"x") is False


@pytest.mark.parametrize(
    ("broker", "says"),
    [
        (Broker(host=""), "has no address"),
        (Broker(host="a" * 300), "is no host name"),
        (Broker(port=0), "is no port"),
        (Broker(tls=True, ca_file="/nowhere/ca.crt"), "/nowhere/ca.crt"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(broker, says):
    with pytest.raises(MqttError, match=says):
        MqttClient(broker)


def test_a_ca_file_that_is_none_is_refused(tmp_path):
    file = tmp_path / "ca.crt"
    file.write_text("this is no certificate")
    with pytest.raises(MqttError, match="cannot be used"):
        MqttClient(Broker(tls=True, ca_file=str(file)))


async def test_a_name_that_nobody_knows_is_a_state_and_no_exception():
    async with running(Broker(host="broker.invalid", port=free_port()), until="unreachable") as client:
        assert "broker.invalid" in client.state.text


async def test_stopping_says_goodbye_once(mosquitto, caplog):
    caplog.set_level(logging.WARNING)
    async with running(settings(mosquitto)) as client:
        pass
    await client.stop()
    assert client.state.reason == "stopped"
    assert client.publish("a", b"x") is False
    assert caplog.text == ""


async def test_a_client_can_be_started_again(mosquitto):
    client = MqttClient(settings(mosquitto))
    for _ in range(2):
        await client.start()
        await eventually(lambda: client.connected)
        await client.stop()
        assert not client.connected
