"""What stands in the building follows the store, and one fault does not take the rest with it."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from facegate.adapters.gate import GateLink
from facegate.adapters.mqtt import MqttClient
from facegate.adapters.store import Store
from facegate.building import Building
from facegate.contract.messages import Topics
from facegate.core.models import Camera, Gate, LivenessLevel
from facegate.core.site_rule import SiteRule
from facegate.settings import Broker, make_settings
from facegate.vision import load
from tests.parts.eyes import models, models_folder
from tests.parts.hardware import FAIL_SAFE
from tests.parts.rtsp import write_clip


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path) as opened:
        yield opened


def make(store: Store, links: dict[str, GateLink]) -> Building:
    return Building(
        store, MqttClient(Broker()), Topics("home"), models(), links,
        decided=lambda pipeline, decision: None, heard=lambda report: None,
    )  # fmt: skip


def camera(number: int, source: str) -> Camera:
    return Camera(id=f"c{number}", gate="front", source=source, liveness=LivenessLevel.OFF)


async def test_links_and_watches_follow_the_store(store: Store, tmp_path: Path) -> None:
    links: dict[str, GateLink] = {}
    building = make(store, links)
    store.add_gate(Gate("front", "Front gate"), FAIL_SAFE)
    store.add_gate(Gate("back", "Back gate"), FAIL_SAFE)
    store.add_camera(camera(1, str(tmp_path / "missing.mp4")))
    await building.follow()
    assert set(links) == {"front", "back"}
    assert [c.camera for c in building.cameras()] == ["c1"]
    front = links["front"]

    store.remove_gate("back")
    store.add_camera(camera(2, str(tmp_path / "other.mp4")))
    await building.follow()
    assert links == {"front": front}, "what has not changed goes on undisturbed"
    assert {c.camera for c in building.cameras()} == {"c1", "c2"}

    store.remove_camera("c1")
    await building.follow()
    assert [c.camera for c in building.cameras()] == ["c2"]
    await building.close()
    assert links == {}
    assert building.cameras() == []


async def test_a_camera_without_pictures_is_the_standing_of_its_gate(store: Store, tmp_path: Path) -> None:
    building = make(store, {})
    store.add_gate(Gate("front", "Front gate"), FAIL_SAFE)
    store.add_camera(camera(1, str(tmp_path / "missing.mp4")))
    await building.follow()
    for _ in range(100):
        (standing,) = building.standings()
        if standing.problems == ("camera_file",):
            break
        await asyncio.sleep(0.05)
    assert (standing.camera, standing.node, standing.problems) == ("off", "offline", ("camera_file",))
    await building.close()


async def test_what_is_asked_for_and_absent_is_told_and_the_processor_does_it(store: Store, tmp_path: Path) -> None:
    settings = make_settings({"provider": "OpenVINO"}, data=tmp_path, models=models_folder())
    building = Building(
        store, MqttClient(Broker()), Topics("home"), load(settings), {},
        decided=lambda pipeline, decision: None, heard=lambda report: None, loop_clips=True, decoding="vaapi",
    )  # fmt: skip
    clip = write_clip(tmp_path / "clip.mp4", [np.full((64, 64, 3), 8 * number, np.uint8) for number in range(10)])
    store.add_gate(Gate("front", "Front gate"), FAIL_SAFE)
    store.add_camera(camera(1, str(clip)))
    await building.follow()
    for _ in range(200):
        (standing,) = building.standings()
        if standing.camera == "ok" and "decoding_software" in standing.problems:
            break
        await asyncio.sleep(0.05)
    assert (standing.camera, set(standing.problems)) == ("ok", {"decoding_software", "inference_cpu"})
    await building.close()


async def test_a_damaged_key_closes_its_own_gate_alone(store: Store, tmp_path: Path) -> None:
    links: dict[str, GateLink] = {}
    building = make(store, links)
    store.add_gate(Gate("front", "Front gate"), FAIL_SAFE)
    store.add_gate(Gate("back", "Back gate"), FAIL_SAFE)
    (key,) = (tmp_path / "keys" / "gates").glob("back*")
    key.write_bytes(b"damaged")
    await building.follow()
    assert set(links) == {"front"}
    problems = {standing.gate: standing.problems for standing in building.standings()}
    assert problems == {"front": (), "back": ("gate_key",)}
    await building.close()


async def test_the_threshold_of_the_site_reaches_every_camera(store: Store, tmp_path: Path) -> None:
    building = make(store, {})
    store.add_gate(Gate("front", "Front gate"), FAIL_SAFE)
    store.add_camera(camera(1, str(tmp_path / "missing.mp4")))
    store.set_site_rule(SiteRule(0.6), 0, "test")
    await building.follow()
    store.add_camera(camera(2, str(tmp_path / "other.mp4")))
    store.set_site_rule(SiteRule(0.7), 0, "test")
    await building.follow()
    pipelines = [watch.pipeline for watch in building._watches.values()]
    assert [pipeline.recognition.thresholds.score for pipeline in pipelines] == [0.7, 0.7]
    await building.close()
