"""What the law wants on paper: from the live configuration, in both languages, and out of date when that is riskier."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from facegate.adapters.store import Intent, Store
from facegate.core.assessment import Change, Responsible, Scope, invalidated, scope_of
from facegate.core.audit import Act
from facegate.core.models import Camera, Direction, Gate, LivenessLevel, Masks, Method, Reason
from facegate.core.retention import Retention
from facegate.reports.documents import Document
from facegate.reports.documents.assessments import RISKS, measured
from facegate.reports.documents.texts import texts
from tests.parts.panel import AUDITOR, GUARD, OWNER, form_of, look, tell
from tests.parts.web import Site, running_site

ROOT = Path(__file__).parents[2]
PAPERS = "/do/api/v1/papers"
NAMED = {
    "name": "House 7 <b>", "contact": "office@house.example", "officer": "", "purposes": ["Light in the hall"],
    "people": 120, "filed_on": "",
}  # fmt: skip


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        for user, name, role in ((OWNER, "Owner", "owner"), (GUARD, "Guard", "guard"), (AUDITOR, "Auditor", "auditor")):
            running.store.set_member(user, name, role)
        running.store.add_gate(Gate("front", "Front gate"))
        running.store.add_camera(Camera("c1", "front", "rtsp://owner:s3cret@camera.example/1"))
        running.store.add_resident("Resident 1")
        yield running


# When an assessment holds

GATES = [Gate("front", "Front gate", faces=True), Gate("try", "Trial", trial=True, faces=True)]
CAMERAS = [Camera("c1", "front", "/a.mp4"), Camera("c9", "try", "/b.mp4")]


def scope(**changes: object) -> Scope:
    given = {
        "gates": GATES, "cameras": CAMERAS, "threshold": 0.5, "retention": Retention(), "purposes": (),
        "models": ("yunet", "sface"), "people": 100,
    } | changes  # fmt: skip
    return scope_of(given.pop("gates"), given.pop("cameras"), **given)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ()),
        ({"gates": [*GATES, Gate("back", "Back")]}, (Change.GATE_ADDED,)),
        ({"gates": [*GATES, Gate("back", "Back", faces=True)]}, (Change.GATE_ADDED, Change.FACES_ON)),
        ({"gates": [*GATES, Gate("try2", "Trial", trial=True, faces=True)]}, ()),
        ({"gates": [replace(GATES[0], faces=False), GATES[1]]}, ()),
        ({"cameras": [*CAMERAS, Camera("c2", "front", "/c.mp4")]}, (Change.CAMERA_ADDED,)),
        ({"cameras": []}, ()),
        ({"cameras": [replace(CAMERAS[0], liveness=LivenessLevel.OFF)]}, (Change.LIVENESS_LOWERED,)),
        ({"cameras": [replace(CAMERAS[0], liveness=LivenessLevel.CHALLENGE)]}, ()),
        (
            {"cameras": [replace(CAMERAS[0], liveness=LivenessLevel.SECOND_FACTOR, masks=Masks.SECOND_FACTOR)]},
            (Change.MASKS_COMPARED,),
        ),
        ({"threshold": 0.45}, (Change.THRESHOLD_LOWERED,)),
        ({"threshold": 0.6}, ()),
        ({"retention": Retention(60, 7, 3)}, (Change.RETENTION_LONGER,)),
        ({"retention": Retention(10, 1, 1)}, ()),
        ({"purposes": ("Light",)}, (Change.PURPOSE_ADDED,)),
        ({"models": ("yunet", "other")}, (Change.MODEL_CHANGED,)),
        ({"snapshots": 24}, (Change.SNAPSHOTS_KEPT,)),
        ({"people": 149}, ()),
        ({"people": 151}, (Change.MORE_PEOPLE,)),
    ],
)
def test_an_assessment_holds_until_something_is_riskier(changes: dict[str, object], found: tuple[Change, ...]) -> None:
    before, now = scope(), scope(**changes)
    assert invalidated(before, now) == found
    assert invalidated(Scope.of(json.loads(json.dumps(before.content))), now) == found
    assert (before.fingerprint == now.fingerprint) == (before == now)


def test_what_was_assessed_outlives_a_restart(tmp_path: Path) -> None:
    named = Responsible("House 7", "office", purposes=("Light",), people=120_000)
    with Store.open(tmp_path) as store:
        assert store.responsible() == Responsible()
        assert store.assessment() is None
        store.set_responsible("Owner", named)
        done = store.set_assessment("Owner", scope())
    with Store.open(tmp_path) as store:
        assert store.responsible() == named
        assert store.assessment() == done
        assert [deed.act for deed in store.acts(of=[Act.SETTINGS_CHANGED])] == [Act.SETTINGS_CHANGED] * 2
    assert named.to_file
    assert not replace(named, filed_on="2026-11-01").to_file


def test_that_a_gate_has_opened_is_known_without_saying_for_whom(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.add_gate(Gate("front", "Front gate"))
        for number, method, result in ((1, Method.FACE, "node_silent"), (2, Method.REMOTE, "opened")):
            opening = f"{number:016x}"
            store.begin_opening(Intent(opening, "front", Direction.ENTRY, method, Reason.RECOGNISED, float(number)))
            store.finish_opening(opening, result, "-", float(number))
        assert not store.has_opened(), "it was refused, or a guard has opened"
        store.begin_opening(Intent("f" * 16, "front", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, 3.0))
        store.finish_opening("f" * 16, "opened", "-", 3.0)
        assert store.has_opened()


# The papers


async def read(site: Site, document: str, language: str = "en", user: str = OWNER) -> str:
    status, _, html = await look(site, f"/document?name={document}&in={language}", user)
    assert status == 200
    return unescape(re.sub(r"<[^>]+>", " ", html))


async def test_every_paper_is_written_in_both_languages_and_says_it_is_no_advice(site: Site) -> None:
    for document in Document:
        for language in ("en", "zh-Hans"):
            shown = await read(site, document, language)
            assert texts(language)[f"{document}.title"] in shown
            assert texts(language)["no_advice"] in shown
            assert "{" not in shown
            assert "s3cret" not in shown
            assert "Resident 1" not in shown


async def test_the_papers_say_what_is_set(site: Site) -> None:
    assert texts("en")["notice.nowhere"] in await read(site, "notice")
    assert "(not filled in yet)" in await read(site, "record")
    form = await form_of(site)
    assert await tell(site, "PUT", f"{PAPERS}/responsible", NAMED, form=form) == 200
    for document in Document:
        assert "House 7 <b>" in await read(site, document)
        html = (await look(site, f"/document?name={document}"))[2]
        assert "House 7 <b>" not in html, "a name is never markup"
    shown = await read(site, "pipia")
    for told in ("Light in the hall", "Front gate", "passive", "Residents: 1;", "no filing is due", "30 days"):
        assert told in shown + await read(site, "record"), told
    assert await tell(site, "PUT", f"{PAPERS}/responsible", NAMED | {"people": 100_000}, form=form) == 200
    assert "A filing is due" in await read(site, "pipia")
    assert "30 working days" in (await look(site, "/documents"))[2]


async def test_an_assessment_is_marked_and_gets_out_of_date(site: Site) -> None:
    form = await form_of(site)
    assert "Not assessed yet" in await read(site, "dpia")
    assert await tell(site, "POST", f"{PAPERS}/assessment", form=form) == 200
    assert "Holds" in await read(site, "dpia")
    assert site.services.paperwork.changes == ()
    site.store.add_gate(Gate("back", "Back gate"))
    site.services.paperwork.refresh()
    assert site.services.paperwork.changes == (Change.GATE_ADDED,)
    assert "A gate was added." in await read(site, "dpia")
    assert "A gate was added." in unescape((await look(site, "/documents"))[2])
    assert await tell(site, "POST", f"{PAPERS}/assessment", form=form) == 200
    assert site.services.paperwork.changes == ()


async def test_who_may_do_what(site: Site) -> None:
    for user, page, change in ((OWNER, 200, 204), (AUDITOR, 200, 403), (GUARD, 403, 403)):
        assert (await look(site, "/documents", user))[0] == page
        assert (await look(site, "/document?name=notice", user))[0] == page
        form = await form_of(site, user)
        assert await tell(site, "POST", f"{PAPERS}/prints", {"document": "dpia"}, user, form=form) == change
        if user != OWNER:
            assert await tell(site, "POST", f"{PAPERS}/assessment", None, user, form=form) == 403
            assert await tell(site, "PUT", f"{PAPERS}/responsible", NAMED, user, form=form) == 403
    (deed,) = site.store.acts(of=[Act.DOCUMENTS_PRINTED])
    assert (deed.actor, deed.reason) == ("Owner", "dpia")


async def test_pictures_of_refused_visitors_are_told_where_they_are_kept(site: Site) -> None:
    assert "24 hours" not in await read(site, "retention")
    site.services.paperwork.assess("Owner")
    site.store.set_snapshot_hours("front", 24)
    for document in ("notice", "retention", "record", "pipia", "dpia"):
        assert "24 hours" in await read(site, document), document
    assert site.services.paperwork.changes == (Change.SNAPSHOTS_KEPT,)


# What is shipped


def test_the_figures_are_those_that_were_measured() -> None:
    shipped = json.loads((ROOT / "addon/src/facegate/reports/documents/measured.json").read_text())
    docs = json.loads((ROOT / "docs/measurements/accuracy.json").read_text())
    of = {(row["part"], row["figure"]): (row["count"], row["of"]) for row in docs}
    assert {(row["part"], row["figure"]): (row["count"], row["of"]) for row in shipped}.items() <= of.items()
    assert len(measured()) == len(shipped) > 15


def test_both_languages_have_the_same_texts() -> None:
    english, chinese = texts("en"), texts("zh-Hans")
    assert english.keys() == chinese.keys()
    assert [key for key in english if english[key] == chinese[key]] == []
    for key, text in english.items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", chinese[key])), key
    assert {f"risk.{risk}.{part}" for risk in RISKS for part in ("why", "against")} <= english.keys()
    assert {f"change.{change}" for change in Change} <= english.keys()
    assert {f"m.{row.key}" for row in measured()} <= english.keys()
