"""The live picture for whoever places a camera: who may see it, whom it shows, what is kept of it."""

from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from facegate.core.audit import Act
from facegate.core.models import Camera, Frame, Gate
from facegate.vision.preview import WIDEST, look
from tests.parts.eyes import models, portrait
from tests.parts.panel import AUDITOR, GUARD, OWNER, form_of
from tests.parts.web import Site, running_site

LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
PREVIEWS = "/do/api/v1/gates/front/cameras/c1/previews"


def files_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def two_people() -> np.ndarray:
    """A frame with one person to the left and another to the right, both before the gate."""
    frame = np.full((720, 1280, 3), 96, np.uint8)
    for name, left in (("obama.jpg", 60), ("biden.jpg", 700)):
        picture = portrait(name)
        small = cv2.resize(picture, (round(picture.shape[1] * 600 / picture.shape[0]), 600))
        frame[60:660, left : left + small.shape[1]] = small
    return frame


def test_a_face_outside_the_zone_is_grey_and_one_inside_is_told_about() -> None:
    frame = Frame("c1", 1, two_people(), 0.0)
    everybody = look(models(), Camera("c1", "front", "/clip.mp4"), frame)
    assert (len(everybody.faces), everybody.hidden) == (2, 0)
    seen = look(models(), Camera("c1", "front", "/clip.mp4", zone=LEFT), frame)
    assert (seen.width, seen.height, len(seen.faces), seen.hidden) == (1280, 720, 1, 1)
    (face,) = seen.faces
    assert face.box.right < 0.5
    assert (face.large, face.acts, face.faults) == (True, True, ())
    shown = cv2.imdecode(np.frombuffer(seen.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape[1] == WIDEST
    again = models().detector.detect(shown, least_score=0.5, again=True)
    assert all(found.box.centre[0] < WIDEST / 2 for found in again), "nobody outside the zone can be seen"
    assert len(again) == 1


def test_a_face_that_is_too_small_is_said_to_be() -> None:
    camera = Camera("c1", "front", "/clip.mp4", zone=LEFT, min_face=900)
    (face,) = look(models(), camera, Frame("c1", 1, two_people(), 0.0)).faces
    assert (face.large, face.acts) == (False, False)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        for user, name, role in ((OWNER, "Owner", "owner"), (GUARD, "Guard", "guard"), (AUDITOR, "Auditor", "auditor")):
            running.store.set_member(user, name, role)
        running.store.add_gate(Gate("front", "Front gate"))
        running.store.add_camera(Camera("c1", "front", "/clip.mp4", zone=LEFT))
        running.scenes["c1"] = two_people()
        yield running


async def ask(site: Site, method: str, path: str, user: str = OWNER) -> tuple[int, dict[str, object]]:
    headers = {"X-Remote-User-Id": user, "X-FaceGate-Form": await form_of(site, user)}
    async with site.session.request(method, site.pages + path, headers=headers) as response:
        return response.status, await response.json() if response.status != 204 else {}


async def test_an_owner_looks_and_that_is_kept(site: Site, tmp_path: Path) -> None:
    status, begun = await ask(site, "POST", PREVIEWS)
    assert status == 201
    before = files_in(tmp_path)
    (deed,) = site.store.acts(of=[Act.LOOKED_LIVE])
    assert (deed.actor, deed.reason) == ("Owner", "front: c1")
    status, seen = await ask(site, "GET", f"{PREVIEWS}/{begun['preview']}")
    assert (status, seen["hidden"]) == (200, 1)
    assert b64decode(str(seen["picture"])).startswith(b"\xff\xd8")
    assert files_in(tmp_path) == before, "nothing is written"
    assert (await ask(site, "DELETE", f"{PREVIEWS}/{begun['preview']}"))[0] == 204
    assert (await ask(site, "GET", f"{PREVIEWS}/{begun['preview']}"))[0] == 404


async def test_nobody_else_sees_what_a_camera_sees(site: Site) -> None:
    _, begun = await ask(site, "POST", PREVIEWS)
    for user in (GUARD, AUDITOR):
        assert (await ask(site, "POST", PREVIEWS, user))[0] == 403
        assert (await ask(site, "GET", f"{PREVIEWS}/{begun['preview']}", user))[0] == 403
    token = await site.pair()
    for method, path in (("POST", ""), ("GET", f"/{begun['preview']}")):
        reply = await site.ask(method, f"/gates/front/cameras/c1/previews{path}", token=token)
        assert reply.problem() == "forbidden", "Home Assistant has cameras of its own to look through"
    site.store.set_member("e" * 32, "Second owner", "owner")
    assert (await ask(site, "GET", f"{PREVIEWS}/{begun['preview']}", "e" * 32))[0] == 404, "each start is one's own"
    assert len(site.store.acts(of=[Act.LOOKED_LIVE])) == 1


async def test_a_preview_ends_by_itself_and_a_dark_camera_says_so(site: Site) -> None:
    _, begun = await ask(site, "POST", PREVIEWS)
    site.scenes.clear()
    status, problem = await ask(site, "GET", f"{PREVIEWS}/{begun['preview']}")
    assert (status, problem["type"]) == (409, "urn:facegate:problem:no_picture")
    site.clock.now += 121.0
    assert (await ask(site, "GET", f"{PREVIEWS}/{begun['preview']}"))[0] == 404
