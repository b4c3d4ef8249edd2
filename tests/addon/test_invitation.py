"""Invitations against whoever sends what our page would not, and against whoever is not meant."""

import asyncio
import re
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from facegate.core import passes
from facegate.core.audit import Act
from facegate.core.links import LinkKind
from facegate.core.models import PrivacyLevel, Resident
from facegate.residents.inviting import MOST_BYTES
from facegate.residents.notices import FACE
from tests.parts.fake_camera import LOOKS, jpeg, seen
from tests.parts.residents import Phone, phone
from tests.parts.web import PEOPLE, Reply, Site

YES = {"level": "standard", "notice": FACE["en"].hash}
PLAIN = {"Host": "house.example"}
"""As a browser in the building's network asks, without HTTPS."""


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


@pytest.fixture
def resident(site: Site) -> Resident:
    return site.store.add_resident("Resident 1")


async def invited(site: Site, stack: AsyncExitStack, resident: Resident) -> Phone:
    new = phone(site)
    await stack.enter_async_context(new.session)
    assert (await new.open(site.services.links.make(resident.id, LinkKind.INVITATION).url)).status == 200
    page = await new.get("invitation")
    found = re.search(r'name="facegate-form" content="([0-9a-f]{64})"', page.raw.decode())
    assert found is not None
    new.form = found[1]
    return new


async def send(guest: Phone, content: bytes, **headers: str) -> Reply:
    return await guest.post("invitation-picture", data=content, headers={"Content-Type": "image/jpeg", **headers})


async def shown(guest: Phone, *names: str) -> Any:
    """The last answer to these pictures."""
    for name in names:
        reply = await send(guest, jpeg(seen(name)))
        assert reply.status == 200, reply.raw
    return reply.content


def nothing_of(site: Site, resident: Resident) -> bool:
    return not site.store.consents(resident.id) and not [t for t in site.store.templates() if t.resident == resident.id]


async def test_a_face_is_known_after_the_test_and_the_invitation_is_over(
    site: Site, stack: AsyncExitStack, resident: Resident
) -> None:
    guest = await invited(site, stack, resident)
    assert (await guest.post("invitation-choice", YES)).content["step"] == "looking"
    assert (await shown(guest, LOOKS[0]))["wanted"] == "left"
    assert nothing_of(site, resident), "nothing is kept before there is enough"
    assert (await shown(guest, *LOOKS[1:]))["step"] == "testing"
    assert (await shown(guest, "obama3.jpg"))["step"] == "done"
    end = (await guest.post("invitation-end")).content
    assert (end["recognised"], end["refused"], end["share"]) == (True, False, "")
    assert len(site.store.templates()) == 3
    assert site.gate_side.changes == 1
    acts = {deed.act for deed in site.store.acts()}
    assert {Act.CONSENTED, Act.ENROLLED} <= acts
    assert (await guest.get("invitation")).status == 403
    assert (await send(guest, jpeg(seen(LOOKS[0])))).problem() == "unauthenticated"


async def test_whoever_is_forwarded_an_opened_invitation_sees_nothing(
    site: Site, stack: AsyncExitStack, resident: Resident
) -> None:
    made = site.services.links.make(resident.id, LinkKind.INVITATION)
    first, second = phone(site), phone(site)
    for one in (first, second):
        await stack.enter_async_context(one.session)
    assert (await first.open(made.url)).status == 200
    assert (await second.open(made.url)).problem() == "forbidden"
    page = await second.get("invitation")
    assert page.status == 403
    assert "Resident 1" not in page.raw.decode()
    assert (await second.post("invitation-choice", YES)).problem() == "unauthenticated"


async def test_no_picture_is_looked_at_before_somebody_has_agreed(
    site: Site, stack: AsyncExitStack, resident: Resident
) -> None:
    guest = await invited(site, stack, resident)
    assert (await send(guest, jpeg(seen(LOOKS[0])))).problem() == "enrolment_refused"
    for notice in ("0" * 64, FACE["zh-Hans"].hash, None):
        assert (await guest.post("invitation-choice", {**YES, "notice": notice})).problem() == "consent_refused"
    for level in ("", "erased", None, 7):
        assert (await guest.post("invitation-choice", {**YES, "level": level})).problem() == "invalid"
    assert (await guest.post("invitation-end")).problem() == "enrolment_refused"
    assert nothing_of(site, resident)


async def test_over_plain_http_no_face_is_taken_and_no_face_is_needed(
    site: Site, stack: AsyncExitStack, resident: Resident
) -> None:
    guest = await invited(site, stack, resident)
    page = await guest.get("invitation", headers=PLAIN)
    assert 'data-secure="no"' in page.raw.decode()
    assert (await guest.post("invitation-choice", YES, headers=PLAIN)).problem() == "enrolment_refused"
    assert (await guest.post("invitation-choice", YES)).status == 200
    assert (await send(guest, jpeg(seen(LOOKS[0])), **PLAIN)).problem() == "enrolment_refused"
    without = await guest.post("invitation-choice", {"level": "no_face"}, headers=PLAIN)
    assert without.content["step"] == "done"
    assert site.store.resident(resident.id).level is PrivacyLevel.NO_FACE


async def test_a_face_that_lives_here_already_is_refused_without_saying_whose_it_is(
    site: Site, stack: AsyncExitStack, resident: Resident
) -> None:
    first = await invited(site, stack, resident)
    await first.post("invitation-choice", YES)
    await shown(first, *LOOKS)
    other = site.store.add_resident("Resident 2")
    guest = await invited(site, stack, other)
    await guest.post("invitation-choice", YES)
    answer = await shown(guest, *LOOKS)
    assert answer["step"] == "refused"
    assert (await send(guest, jpeg(seen(LOOKS[0])))).problem() == "enrolment_refused", "nobody tries on"
    end = await guest.post("invitation-end")
    assert (end.content["refused"], end.content["url"]) == (True, "")
    for said in (str(answer), end.raw.decode()):
        assert "Resident 1" not in said
        assert resident.id not in said
    assert nothing_of(site, other)
    (notable,) = site.services.inviting.notable
    assert (notable.resident, notable.other, notable.duplicate) == (other.id, resident.id, True)


async def test_another_face_in_between_is_not_taken(site: Site, stack: AsyncExitStack, resident: Resident) -> None:
    guest = await invited(site, stack, resident)
    await guest.post("invitation-choice", YES)
    await shown(guest, LOOKS[0])
    answer = await shown(guest, "biden.jpg")
    assert (answer["kept"], answer["says"]) == (False, "This is somebody else: one person at a time.")


async def test_a_strict_resident_gets_the_code_once_and_the_house_cannot_open_the_template(
    site: Site, stack: AsyncExitStack, resident: Resident
) -> None:
    guest = await invited(site, stack, resident)
    await guest.post("invitation-choice", {**YES, "level": "strict"})
    assert (await shown(guest, *LOOKS))["step"] == "done"
    code = passes.read(site.services.inviting.of(site.services.links.of(resident.id)[0]).share)
    assert code is not None
    end = (await guest.post("invitation-end")).content
    assert end["share"].startswith("<svg")
    assert site.store.templates() == []
    assert site.store.resident(resident.id).level is PrivacyLevel.STRICT
    assert len(site.store.open_share(code)) == 3
    assert (await guest.post("invitation-end")).problem() == "unauthenticated"


async def test_for_a_child_a_guardian_decides(site: Site, stack: AsyncExitStack) -> None:
    [child] = site.store.add_residents([{"name": "Resident 1", "minor": True}])
    guest = await invited(site, stack, child)
    assert 'name="guardian"' in (await guest.get("invitation")).raw.decode()
    for who in (
        {},
        {"guardian": " "},
        {"guardian": "x" * 81, "relation": "parent"},
        {"guardian": "A", "relation": "x"},
    ):
        assert (await guest.post("invitation-choice", {**YES, **who})).problem() == "invalid"
    await guest.post("invitation-choice", {**YES, "guardian": "Guardian", "relation": "parent"})
    await shown(guest, *LOOKS)
    (consent,) = site.store.consents(child.id)
    assert consent.guardian is not None
    assert consent.guardian.name == "Guardian"


def bomb() -> bytes:
    """A picture of 60,000 by 60,000 pixels in a few bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a<script>alert(1)</script>",
        b"\xff\xd8\xff" + b"<?php system(1); ?>" * 9,
        (PEOPLE / "obama.jpg").read_bytes()[:9_000],
        bomb(),
    ],
    ids=["empty", "svg", "gif", "php", "cut", "bomb"],
)
async def test_what_is_no_picture_of_our_page_is_no_picture(
    site: Site, stack: AsyncExitStack, resident: Resident, content: bytes
) -> None:
    guest = await invited(site, stack, resident)
    await guest.post("invitation-choice", YES)
    reply = await send(guest, content)
    assert reply.status == 200
    assert (reply.content["kept"], reply.content["views"]) == (False, [])
    assert nothing_of(site, resident)


async def test_of_a_picture_that_is_something_else_as_well_only_the_picture_counts(
    site: Site, stack: AsyncExitStack, resident: Resident
) -> None:
    guest = await invited(site, stack, resident)
    await guest.post("invitation-choice", YES)
    reply = await send(guest, jpeg(seen(LOOKS[0])) + b"<script>alert(1)</script>PK\x03\x04")
    assert reply.content["kept"] is True
    assert reply.content_type == "application/json"
    assert b"script" not in reply.raw


async def test_a_picture_that_is_too_large_is_not_read_to_its_end(
    site: Site, stack: AsyncExitStack, resident: Resident
) -> None:
    guest = await invited(site, stack, resident)
    await guest.post("invitation-choice", YES)
    assert (await send(guest, bytes(MOST_BYTES + 1))).problem() == "too_large"


async def test_another_site_sends_nothing_in_somebodys_name(
    site: Site, stack: AsyncExitStack, resident: Resident
) -> None:
    guest = await invited(site, stack, resident)
    for headers in ({"X-FaceGate-Form": "0" * 64}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await guest.post("invitation-choice", {"level": "no_face"}, headers=headers)).problem() == "forbidden"
        assert (await send(guest, b"", **headers)).problem() == "forbidden"
    assert site.store.resident(resident.id).level is PrivacyLevel.STANDARD


async def test_names_cannot_become_markup(site: Site, stack: AsyncExitStack) -> None:
    guest = await invited(site, stack, site.store.add_resident("<img src=x onerror=alert(1)>"))
    page = (await guest.get("invitation")).raw.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


async def test_no_picture_reaches_the_disk(
    site: Site, stack: AsyncExitStack, resident: Resident, tmp_path: Path
) -> None:
    guest = await invited(site, stack, resident)
    await guest.post("invitation-choice", YES)
    pictures = [jpeg(seen(name)) for name in LOOKS]
    for picture in pictures:
        await send(guest, picture)
    kept = [file.read_bytes() for file in await asyncio.to_thread(lambda: list(tmp_path.rglob("*"))) if file.is_file()]
    assert kept
    assert not [picture for picture in pictures for content in kept if picture[2000:2064] in content]
