"""Pictures that are handed in: a form from the wire into memory, whatever else somebody sends instead."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from facegate.core.models import PrivacyLevel, Resident
from facegate.residents.notices import FACE
from facegate.web.uploads import MOST_PICTURES, PICTURE_BYTES
from tests.addon.test_invitation import bomb
from tests.parts.fake_camera import LOOKS, jpeg, seen
from tests.parts.forms import form
from tests.parts.web import LOCAL_TOKEN, Reply, Site

GIVEN = {"notice": FACE["en"].hash, "language": "en", "channel": "paper", "remark": "seen at the office"}


@pytest.fixture
def resident(site: Site) -> Resident:
    return site.store.add_resident("Resident 1")


async def upload(site: Site, resident: Resident, *pictures: tuple[str, bytes], given: Any = None, **more: Any) -> Reply:
    sent = form(GIVEN if given is None else given, pictures) | more
    return await site.ask("POST", f"/residents/{resident.id}/pictures", token=LOCAL_TOKEN, **sent)


async def test_good_ones_are_enrolled_bad_ones_named_and_none_is_kept(
    site: Site, resident: Resident, tmp_path: Path
) -> None:
    good = [jpeg(seen(name)) for name in LOOKS]
    reply = await upload(site, resident, *[(f"{n}.jpg", picture) for n, picture in enumerate(good)], ("<b>.jpg", b"no"))
    assert reply.status == 200
    assert reply.content["accepted"] == 3
    assert reply.content["pictures"][3]["refused"] == ["unreadable"]
    assert site.gate_side.changes == 1
    (consent,) = site.store.consents(resident.id)
    assert (consent.channel, consent.remark) == ("paper", "seen at the office")
    files = await asyncio.to_thread(lambda: [file for file in tmp_path.iterdir() if file.is_file()])
    kept = b"".join(file.read_bytes() for file in files)
    assert kept
    assert not [picture for picture in good if picture[2000:2064] in kept]
    assert b".jpg" not in kept


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg/>", b"GIF89a", bomb(), jpeg(seen(LOOKS[0]))[:3000]],
    ids=["empty", "svg", "gif", "bomb", "cut"],
)
async def test_what_is_no_picture_stores_nothing(site: Site, resident: Resident, content: bytes) -> None:
    reply = await upload(site, resident, ("a.jpg", content))
    assert (reply.status, reply.content["accepted"]) == (200, 0)
    assert site.store.consents(resident.id) == []


async def test_too_much_is_refused(site: Site, resident: Resident) -> None:
    assert (await upload(site, resident, ("a.jpg", bytes(PICTURE_BYTES + 1)))).problem() == "too_large"
    many = [("a.jpg", b"x")] * (MOST_PICTURES + 1)
    assert (await upload(site, resident, *many)).problem() == "malformed"
    assert (await upload(site, resident)).problem() == "enrolment_refused"


FORM = "multipart/form-data; boundary=x"


def part(*headers: str) -> bytes:
    """A form of one part with these headers."""
    return "\r\n".join(["--x", *headers, "", "a", "--x--", ""]).encode()


@pytest.mark.parametrize(
    ("data", "content_type", "problem"),
    [
        (b"{}", "application/json", "unsupported_media_type"),
        (b"", "multipart/form-data", "malformed"),
        (b"rubbish", FORM, "malformed"),
        (part('Content-Disposition: form-data; name="other"'), FORM, "malformed"),
        (part("Content-Type: multipart/mixed; boundary=y"), FORM, "malformed"),
        (part('Content-Disposition: form-data; name="given"', "Content-Encoding: gzip"), FORM, "malformed"),
    ],
)
async def test_another_body_is_no_form(
    site: Site, resident: Resident, data: bytes, content_type: str, problem: str
) -> None:
    reply = await upload(site, resident, data=data, headers={"Content-Type": content_type})
    assert reply.problem() == problem


@pytest.mark.parametrize("given", [b"no json", b"[]", {}, {**GIVEN, "more": 1}, {**GIVEN, "channel": "phone"}])
async def test_no_picture_is_looked_at_without_a_yes(site: Site, resident: Resident, given: Any) -> None:
    reply = await upload(site, resident, ("a.jpg", jpeg(seen(LOOKS[0]))), given=given)
    assert reply.problem() in {"malformed", "invalid"}
    assert site.store.templates() == []


async def test_whoever_has_chosen_to_pass_without_a_face_is_not_enrolled(site: Site, resident: Resident) -> None:
    site.store.choose_level(resident.id, PrivacyLevel.NO_FACE)
    reply = await upload(site, resident, ("a.jpg", jpeg(seen(LOOKS[0]))))
    assert reply.problem() == "enrolment_refused"


async def test_a_strict_residents_code_is_answered_once(site: Site, resident: Resident) -> None:
    site.store.choose_level(resident.id, PrivacyLevel.STRICT)
    reply = await upload(site, resident, *[(name, jpeg(seen(name))) for name in LOOKS])
    assert reply.content["share"].startswith("<svg")
    assert site.store.templates() == []


async def test_home_assistant_hands_in_no_pictures(site: Site, resident: Resident) -> None:
    sent = form(GIVEN, [("a.jpg", b"x")])
    reply = await site.ask("POST", f"/residents/{resident.id}/pictures", token=await site.pair(), **sent)
    assert reply.problem() == "forbidden"
