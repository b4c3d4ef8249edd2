"""Cameras over the API: what goes in, what is kept, and what never comes out."""

from typing import Any

import pytest

from facegate.core.models import Direction
from facegate.web.services import CameraHealth, Health
from tests.parts.gates_api import CAMERA, make_gate
from tests.parts.web import Site


async def test_a_cameras_password_goes_in_and_never_comes_out(
    site: Site, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    await make_gate(site, token)
    made = await site.ask("POST", "/gates/front-gate/cameras", CAMERA, token=token)
    assert made.status == 201
    camera = made.content["id"]
    path = f"/gates/front-gate/cameras/{camera}"
    replies = [
        made,
        await site.ask("GET", path, token=token),
        await site.ask("GET", "/gates/front-gate/cameras", token=token),
        await site.ask("PATCH", path, {"direction": "exit", "zone": [[0, 0], [1, 0], [0.5, 1]]}, token=token),
        await site.ask("GET", "/health", token=token),
        await site.ask("PATCH", path, {"source": "ftp://owner:s3cret@camera.example/"}, token=token),
        await site.ask("PATCH", path, {"source": ["rtsp://owner:s3cret@camera.example/"]}, token=token),
    ]
    for reply in replies:
        assert b"s3cret" not in reply.raw
        assert b"owner" not in reply.raw
    assert "s3cret" not in caplog.text
    assert replies[5].problem() == replies[6].problem() == "invalid"
    [stored] = site.store.cameras("front-gate")
    assert stored.source == CAMERA["source"]
    assert stored.zone == ((0, 0), (1, 0), (0.5, 1))
    assert stored.direction is Direction.EXIT


async def test_what_is_shown_of_an_address_cannot_overwrite_it(site: Site, token: str) -> None:
    await make_gate(site, token)
    made = (await site.ask("POST", "/gates/front-gate/cameras", CAMERA, token=token)).content
    assert "camera.example" in made["source"]
    reply = await site.ask("PATCH", f"/gates/front-gate/cameras/{made['id']}", {"source": made["source"]}, token=token)
    assert reply.problem() == "invalid"
    assert site.store.cameras()[0].source == CAMERA["source"]


async def test_a_camera_belongs_to_its_gate(site: Site, token: str) -> None:
    await make_gate(site, token)
    await make_gate(site, token, "Back gate")
    made = (await site.ask("POST", "/gates/front-gate/cameras", CAMERA, token=token)).content
    for method in ("GET", "PATCH", "DELETE"):
        path = f"/gates/back-gate/cameras/{made['id']}"
        assert (await site.ask(method, path, {}, token=token)).problem() == "not_found"
    site.gate_side.health = Health(cameras={made["id"]: CameraHealth("silent", "frozen")})
    [shown] = (await site.ask("GET", "/gates/front-gate/cameras", token=token)).content
    assert (shown["state"], shown["reason"]) == ("silent", "frozen")
    assert (await site.ask("DELETE", f"/gates/front-gate/cameras/{made['id']}", token=token)).status == 204
    assert site.store.cameras() == []
    assert (await site.ask("POST", "/gates/no-gate/cameras", CAMERA, token=token)).problem() == "not_found"


@pytest.mark.parametrize(
    ("source", "liveness", "accepted", "made"),
    [
        ("rtsp://camera.example/1", "passive", None, True),
        ("rtsp://camera.example/1", "off", None, False),
        ("rtsp://camera.example/1", "off", False, False),
        ("rtsp://camera.example/1", "off", True, True),
        ("RTSPS://camera.example/1", "off", None, False),
        ("http://camera.example/1", "off", None, False),
        ("/clips/visit.mp4", "off", None, True),
        ("file:///clips/visit.mp4", "off", None, True),
    ],
)
async def test_a_network_camera_without_liveness_needs_a_confirmation(
    site: Site, token: str, source: str, liveness: str, accepted: bool | None, made: bool
) -> None:
    await make_gate(site, token)
    body = {"source": source, "liveness": liveness}
    if accepted is not None:
        body["accept_recognition_only"] = accepted
    reply = await site.ask("POST", "/gates/front-gate/cameras", body, token=token)
    assert len(site.store.cameras()) == int(made)
    if not made:
        assert reply.problem() == "recognition_only"
        assert "photograph" in reply.content["detail"]


async def test_no_change_slips_past_that_confirmation(site: Site, token: str) -> None:
    await make_gate(site, token)
    body = {"id": "clip", "source": "/clips/visit.mp4", "liveness": "off"}
    await site.ask("POST", "/gates/front-gate/cameras", body, token=token)
    path = "/gates/front-gate/cameras/clip"
    assert (await site.ask("PATCH", path, CAMERA, token=token)).problem() == "recognition_only"
    assert (await site.ask("PATCH", path, {**CAMERA, "liveness": "passive"}, token=token)).status == 200
    assert (await site.ask("PATCH", path, {"liveness": "off"}, token=token)).problem() == "recognition_only"
    confirmed = {"liveness": "off", "accept_recognition_only": True}
    assert (await site.ask("PATCH", path, confirmed, token=token)).status == 200
    assert (await site.ask("PATCH", path, {"dwell": 0.5}, token=token)).content["dwell"] == 0.5


@pytest.mark.parametrize(
    "change",
    [
        {"zone": [[0, 0], [1, 1]]},
        {"zone": [[0, 0], [1, 0], [2, 0]]},
        {"zone": [[0, 0], [1, 0], [0]]},
        {"zone": [[0, 0], [1, 0], ["0", 1]]},
        {"min_face": 0},
        {"dwell": "1"},
        {"liveness": "none"},
        {"transport": "http"},
        {"direction": "sideways"},
        {"on_press": "yes"},
        {"masks": "allow"},
    ],
)
async def test_camera_properties_out_of_bounds_are_refused(site: Site, token: str, change: Any) -> None:
    await make_gate(site, token)
    reply = await site.ask("POST", "/gates/front-gate/cameras", CAMERA | change, token=token)
    assert reply.problem() == "invalid"
    assert site.store.cameras() == []


async def test_masked_faces_are_compared_only_beside_a_second_factor(site: Site, token: str) -> None:
    await make_gate(site, token)
    made = await site.ask("POST", "/gates/front-gate/cameras", CAMERA | {"masks": "second_factor"}, token=token)
    assert made.problem() == "masks_need_factor"
    body = CAMERA | {"id": "front", "masks": "second_factor", "liveness": "second_factor"}
    made = await site.ask("POST", "/gates/front-gate/cameras", body, token=token)
    assert (made.status, made.content["masks"]) == (201, "second_factor")
    path = "/gates/front-gate/cameras/front"
    # Nor does the second factor go away beneath it.
    assert (await site.ask("PATCH", path, {"liveness": "passive"}, token=token)).problem() == "masks_need_factor"
    both = {"liveness": "passive", "masks": "deny"}
    assert (await site.ask("PATCH", path, both, token=token)).status == 200
    assert (site.store.cameras()[0].masks, site.store.cameras()[0].liveness) == ("deny", "passive")
