"""Enrolment on real pictures with the real models: what is good enough, who it is, and what is left behind."""

import asyncio
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from facegate.adapters import local_access
from facegate.adapters.store import ConsentError, Store
from facegate.cli import app
from facegate.core.matching import Gallery
from facegate.core.models import Image, Resident, ResidentState, Vector
from facegate.core.quality import Fault
from facegate.core.session import Thresholds
from facegate.core.site_rule import SiteRule
from facegate.residents.application import Application, admit
from facegate.residents.enrolment import DUPLICATE, REPEATED, EnrolmentReport, Picture, Refusal, enrol, examine
from facegate.residents.notices import FACE
from facegate.settings import make_settings
from facegate.vision import Models, load
from facegate.vision.chips import cut
from facegate.vision.pictures import read_picture
from tests.parts import eyes
from tests.parts.web import LOCAL_TOKEN, MODELS, PEOPLE, running_site


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return load(make_settings({}, data=tmp_path_factory.mktemp("data"), models=MODELS))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "data") as store:
        yield store


def people(*names: str) -> list[Picture]:
    return [Picture(name, PEOPLE / name) for name in names]


def enrolled(store: Store, models: Models, *names: str, name: str = "Resident 1") -> tuple[Resident, EnrolmentReport]:
    resident = store.add_resident(name)
    return resident, again(store, models, resident, *names)


def again(store: Store, models: Models, resident: Resident, *names: str) -> EnrolmentReport:
    consent = store.add_consent(resident.id, notice=FACE["en"].hash, language="en", channel="command_line")
    return enrol(store, models, resident, people(*names), consent.id)


def reasons(report: EnrolmentReport) -> dict[str, tuple[Fault | Refusal, ...]]:
    return {picture.name: picture.refused for picture in report.pictures}


def seen(models: Models, name: str) -> Vector:
    image = read_picture(PEOPLE / name)
    (face,) = models.detector.detect(image)
    return models.embedder.embed(cut(image, face.landmarks)[None], mirrored=True)[0]


# Who is enrolled


def test_who_is_enrolled_is_recognised_on_another_picture(store: Store, models: Models) -> None:
    resident, report = enrolled(store, models, "obama.jpg", "obama2.jpg")
    assert reasons(report) == {"obama.jpg": (), "obama2.jpg": ()}
    assert [template.id for template in report.templates] == [template.id for template in store.templates()]
    assert {template.model for template in report.templates} == {models.embedder.model}
    assert store.resident(resident.id).state is ResidentState.ENROLLED
    gallery = Gallery(store.templates())
    assert Thresholds().names(gallery.match(seen(models, "obama3.jpg"))) == resident.id
    assert Thresholds().names(gallery.match(seen(models, "biden.jpg"))) is None


def test_a_template_is_the_mean_of_the_face_and_its_mirror_image(store: Store, models: Models) -> None:
    _, report = enrolled(store, models, "obama.jpg")
    np.testing.assert_allclose(report.templates[0].vector, seen(models, "obama.jpg"), atol=1e-5)


def test_uploaded_bytes_are_as_good_as_a_file(models: Models) -> None:
    from_bytes = examine(models, [Picture("upload", (PEOPLE / "obama.jpg").read_bytes())], [])
    assert np.array_equal(from_bytes.vectors[0], examine(models, people("obama.jpg"), []).vectors[0])


def test_without_consent_nothing_is_looked_at(store: Store, models: Models) -> None:
    resident, other = store.add_resident("Resident 1"), store.add_resident("Resident 2")
    foreign = store.add_consent(other.id, notice=FACE["en"].hash, language="en", channel="command_line")
    for consent in ("", "0" * 16, foreign.id):
        with pytest.raises(ConsentError):
            enrol(store, models, resident, people("obama.jpg"), consent)
    assert store.templates() == []


def test_no_picture_is_kept(store: Store, models: Models, tmp_path: Path) -> None:
    enrolled(store, models, "obama.jpg", "obama2.jpg")
    content = (PEOPLE / "obama.jpg").read_bytes()
    pixels = read_picture(PEOPLE / "obama.jpg")
    row = pixels[len(pixels) // 2].tobytes()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            found = path.read_bytes()
            assert content[1000:1064] not in found
            assert row[300:364] not in found
            assert b"obama" not in found


# Which pictures are refused


def png(image: Image) -> bytes:
    done, content = cv2.imencode(".png", image)
    assert done
    return content.tobytes()


def portrait(name: str = "obama.jpg") -> Image:
    return read_picture(PEOPLE / name)


def beside(left: Image, right: Image) -> Image:
    height = min(left.shape[0], right.shape[0])
    return np.ascontiguousarray(np.hstack((left[:height], right[:height])))


def changed(change: Callable[[Image], np.ndarray]) -> bytes:
    return png(change(portrait()).clip(0, 255).astype(np.uint8))


def masked(image: Image) -> np.ndarray:
    """The portrait with a white mask over mouth and chin."""
    worn = image.copy()
    (face,) = eyes.models().detector.detect(image)
    nose, right, left = face.landmarks[2:]
    across, down = left - right, (right + left) / 2 - nose
    outline = [nose - across, nose, nose + across, left + across / 2 + 2 * down, right - across / 2 + 2 * down]
    cv2.fillPoly(worn, [np.array(outline).astype(np.int32)], (235, 235, 235))
    return worn


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: b"", Refusal.UNREADABLE),
        (lambda: b"no picture at all", Refusal.UNREADABLE),
        (lambda: (PEOPLE / "obama.jpg").read_bytes()[:20_000], Refusal.UNREADABLE),
        (lambda: PEOPLE / "not-there.jpg", Refusal.UNREADABLE),
        (lambda: png(np.full((480, 640, 3), 120, np.uint8)), Fault.NO_FACE),
        (lambda: png(beside(portrait("obama.jpg"), portrait("biden.jpg"))), Fault.SEVERAL_FACES),
        (lambda: changed(lambda i: cv2.resize(i, None, fx=0.12, fy=0.12, interpolation=cv2.INTER_AREA)), Fault.SMALL),
        (lambda: changed(lambda i: cv2.GaussianBlur(i, (0, 0), 12)), Fault.BLURRED),
        (lambda: changed(lambda i: i * 0.15), Fault.DARK),
        (lambda: changed(lambda i: 128 + (i - 128.0) * 0.12), Fault.FLAT),
        (lambda: changed(masked), Fault.MASK),
    ],
)
def test_a_picture_that_is_not_good_enough_is_refused_with_its_reason(
    models: Models, make: Callable[[], bytes | Path], reason: Fault | Refusal
) -> None:
    report = examine(models, [Picture("picture", make()), *people("obama2.jpg")], [])
    bad, good = report.pictures
    assert reason in bad.refused
    assert bool(bad.detail) is (reason is Refusal.UNREADABLE)
    assert good.accepted
    assert report.accepted == 1


def test_the_odd_one_out_is_refused(models: Models) -> None:
    report = examine(models, people("obama.jpg", "biden.jpg", "obama2.jpg"), [])
    assert reasons(report) == {"obama.jpg": (), "biden.jpg": (Refusal.NOT_SAME_PERSON,), "obama2.jpg": ()}
    assert report.accepted == 2


def test_two_who_differ_are_both_refused(models: Models) -> None:
    report = examine(models, people("obama.jpg", "biden.jpg"), [])
    assert set(reasons(report).values()) == {(Refusal.NOT_SAME_PERSON,)}
    assert report.vectors == ()


def test_a_picture_counts_once(store: Store, models: Models) -> None:
    resident, report = enrolled(store, models, "obama.jpg", "obama.jpg", "obama2.jpg")
    assert [picture.refused for picture in report.pictures] == [(), (Refusal.REPEATED,), ()]
    assert reasons(again(store, models, resident, "obama2.jpg", "obama3.jpg")) == {
        "obama2.jpg": (Refusal.REPEATED,),
        "obama3.jpg": (),
    }
    assert len(store.templates()) == 3


def test_what_is_enrolled_says_who_the_new_pictures_must_show(store: Store, models: Models) -> None:
    resident, _ = enrolled(store, models, "obama.jpg")
    report = again(store, models, resident, "biden.jpg", "obama3.jpg")
    assert reasons(report) == {"biden.jpg": (Refusal.NOT_SAME_PERSON,), "obama3.jpg": ()}


# Who is there already


def test_a_face_that_is_another_resident_is_refused(store: Store, models: Models) -> None:
    first, _ = enrolled(store, models, "obama.jpg", "obama2.jpg")
    second, report = enrolled(store, models, "obama3.jpg", name="Resident 2")
    assert report.duplicate == first.id
    assert reasons(report) == {"obama3.jpg": (Refusal.ANOTHER_RESIDENT,)}
    assert report.vectors == ()
    assert store.resident(second.id).state is ResidentState.INVITED
    assert {template.resident for template in store.templates()} == {first.id}


def near(vector: Vector, cosine: float) -> Vector:
    """A unit vector at this cosine to ``vector``: no two people of the packages look alike enough."""
    other = np.random.default_rng(4).standard_normal(len(vector)).astype(np.float32)
    other -= vector * (other @ vector)
    other /= np.linalg.norm(other)
    return (cosine * vector + np.sqrt(1 - cosine**2) * other).astype(np.float32)


@pytest.mark.parametrize(
    ("cosine", "alike", "duplicate"),
    [(0.38, False, False), (0.45, True, False), (0.58, True, False), (0.62, False, True)],
)
def test_between_a_look_alike_and_the_same_person_lies_a_measured_line(
    store: Store, models: Models, cosine: float, alike: bool, duplicate: bool
) -> None:
    assert Thresholds().score - Thresholds().margin < 0.45 < 0.58 < DUPLICATE < 0.62 < REPEATED
    other = store.add_resident("Resident 2")
    consent = store.add_consent(other.id, notice=FACE["en"].hash, language="en", channel="command_line")
    store.add_templates(other.id, models.embedder.model, [near(seen(models, "astronaut.png"), cosine)], consent.id)
    _, report = enrolled(store, models, "astronaut.png")
    assert [(entry.resident, round(entry.score, 2)) for entry in report.alike] == [(other.id, cosine)] * alike
    assert report.duplicate == (other.id if duplicate else None)
    assert report.accepted == (0 if duplicate else 1)


@pytest.mark.parametrize(("threshold", "alike"), [(0.45, True), (0.7, False)])
def test_who_looks_alike_is_said_by_the_threshold_of_the_site(
    store: Store, models: Models, threshold: float, alike: bool
) -> None:
    other = store.add_resident("Resident 2")
    consent = store.add_consent(other.id, notice=FACE["en"].hash, language="en", channel="command_line")
    store.add_templates(other.id, models.embedder.model, [near(seen(models, "astronaut.png"), 0.45)], consent.id)
    store.set_site_rule(SiteRule(threshold), 1, "test")
    picture = Picture("astronaut.png", PEOPLE / "astronaut.png")
    admitted = admit(store, models, Application("Resident 1", (picture,), FACE["en"], "command_line"))
    assert [entry.resident for entry in admitted.report.alike] == [other.id] * alike


def test_templates_of_another_model_are_not_compared(store: Store, models: Models) -> None:
    other = store.add_resident("Resident 2")
    consent = store.add_consent(other.id, notice=FACE["en"].hash, language="en", channel="command_line")
    store.add_templates(other.id, "another-model", [seen(models, "obama.jpg")], consent.id)
    _, report = enrolled(store, models, "obama.jpg")
    assert (report.duplicate, report.alike, report.accepted) == (None, (), 1)


# The command line


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    monkeypatch.setenv("FACEGATE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FACEGATE_MODELS", str(MODELS))
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments: str | Path) -> tuple[int, str]:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return invoke


def test_enroll_list_and_forget(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    code, output = run(
        "enroll", "Resident 1", PEOPLE / "obama.jpg", PEOPLE / "biden.jpg", PEOPLE / "obama2.jpg",
        "--person", "person.one", "--consent", "given on paper", "--language", "zh",
    )  # fmt: skip
    assert code == 0
    assert "Resident 1 is enrolled with 2 of 3 pictures" in output
    assert "not the same person as in the other pictures" in output
    with Store.open(tmp_path / "data") as store:
        (resident,) = store.residents()
        assert (resident.name, resident.person, resident.state) == ("Resident 1", "person.one", ResidentState.ENROLLED)
        (consent,) = store.consents(resident.id)
        assert (consent.channel, consent.remark, consent.language, consent.notice) == (
            "command_line",
            "given on paper",
            "zh-Hans",
            FACE["zh-Hans"].hash,
        )

    code, output = run("enroll", "Resident 1", PEOPLE / "obama3.jpg", "--yes")
    assert (code, "enrolled with 1 of 1" in output) == (0, True)
    code, output = run("enroll", "Resident 2", PEOPLE / "obama3.jpg", "--yes")
    assert (code, "enrolled already, as Resident 1" in output) == (1, True)
    code, output = run("residents")
    assert (code, resident.id in output, "Resident 2" in output) == (0, True, False)

    code, output = run("forget", "Resident 2", "--yes")
    assert (code, "There is no resident 'Resident 2'" in output) == (1, True)
    assert run("forget", resident.id, "--yes")[0] == 0
    with Store.open(tmp_path / "data") as store:
        assert (store.residents(), store.templates(), len(store.access_log(10))) == ([], [], 0)


def test_enroll_stores_nothing_without_consent(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    code, output = run("enroll", "Resident 1", PEOPLE / "obama.jpg")
    assert code == 1
    assert "No face is enrolled without consent" in output
    code, output = run("enroll", "Resident 1", PEOPLE / "obama.jpg", "--consent", " ")
    assert (code, "Say how the resident consented" in output) == (1, True)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("y", 0)])
def test_at_a_terminal_the_notice_is_shown_and_consent_is_asked_for(tmp_path: Path, answer: str, code: int) -> None:
    near, far = pty.openpty()
    command = [sys.executable, "-m", "facegate.cli", "enroll", "Resident 1", str(PEOPLE / "obama.jpg")]
    options = ["--data", str(tmp_path / "data"), "--models", str(MODELS)]
    asked = subprocess.Popen([*command, *options], stdin=far, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.write(near, f"{answer}\n".encode())
    _, said = asked.communicate(timeout=60)
    os.close(near)
    os.close(far)
    assert asked.returncode == code, said
    assert "".join(FACE["en"].text.split()) in "".join(said.decode().split())  # wherever the lines were broken
    with Store.open(tmp_path / "data") as store:
        assert len(store.residents()) == (1 if code == 0 else 0)


def test_enroll_stores_nobody_when_no_picture_is_good(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").write_bytes(b"")
    code, output = run("enroll", "Resident 1", tmp_path / "empty.jpg", tmp_path / "nowhere.jpg", "--yes")
    assert code == 1
    assert "it is empty: send it again" in output
    assert "there is no such file" in output
    assert "nothing was stored" in output
    with Store.open(tmp_path / "data") as store:
        assert store.residents() == []


def test_enroll_says_what_to_do_without_models(
    run: Callable[..., tuple[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACEGATE_MODELS", str(tmp_path / "none"))
    code, output = run("enroll", "Resident 1", PEOPLE / "obama.jpg", "--yes")
    assert code == 1
    assert "Traceback" not in output
    assert "models fetch" in output


def test_enroll_says_what_to_do_with_a_damaged_store(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    with Store.open(tmp_path / "data"):
        pass
    shutil.rmtree(tmp_path / "data" / "keys")
    code, output = run("enroll", "Resident 1", PEOPLE / "obama.jpg", "--yes")
    assert (code, "site key" in output, "put the key file back" in output) == (1, True, True)


def test_who_cannot_be_read_is_listed_and_can_be_erased(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    with Store.open(tmp_path / "data") as store:
        lost, kept = store.add_resident("Resident 1"), store.add_resident("Resident 2")
    (tmp_path / "data" / "keys" / "residents" / lost.id).unlink()
    code, output = run("residents")
    assert (code, lost.id in output, "key is missing" in output, kept.name in output) == (0, True, True, True)
    assert run("forget", lost.id, "--yes")[0] == 0
    code, output = run("residents")
    assert (code, lost.id in output, "key is missing" in output, kept.name in output) == (0, False, False, True)


def test_two_residents_of_one_name_are_told_apart_by_id(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    with Store.open(tmp_path / "data") as store:
        store.add_resident("Resident 1")
        second = store.add_resident("Resident 1")
    code, output = run("enroll", "Resident 1", PEOPLE / "obama.jpg", "--yes")
    assert (code, "2 residents are called Resident 1" in output) == (1, True)
    assert run("enroll", second.id, PEOPLE / "obama.jpg", "--yes")[0] == 0
    with Store.open(tmp_path / "data") as store:
        assert {template.resident for template in store.templates()} == {second.id}


async def test_while_the_service_runs_the_commands_ask_it(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running_site(data) as site:
        local_access.offer(data, local_access.LocalAccess(f"http://127.0.0.1:{site.running.api_port}", LOCAL_TOKEN))

        async def command(*arguments: str | Path) -> tuple[int, str]:
            return await asyncio.to_thread(run, *arguments)

        code, output = await command("enroll", "Resident 1", PEOPLE / "obama.jpg", PEOPLE / "biden.jpg", "--yes")
        assert (code, "not the same person" in output) == (1, True)
        assert site.store.residents() == []
        assert site.gate_side.changes == 0
        code, output = await command(
            "enroll",
            "Resident 1",
            PEOPLE / "obama.jpg",
            PEOPLE / "obama2.jpg",
            "--consent",
            "on paper",
            "--person",
            "p",
        )
        assert (code, "enrolled with 2 of 2" in output) == (0, True)
        assert site.gate_side.changes == 1
        (resident,) = site.store.residents()
        assert (resident.name, resident.person, resident.state) == ("Resident 1", "p", ResidentState.ENROLLED)
        assert [(c.channel, c.remark) for c in site.store.consents(resident.id)] == [("command_line", "on paper")]
        assert len(site.store.templates()) == 2

        code, output = await command("enroll", "Resident 2", PEOPLE / "obama3.jpg", "--yes")
        assert (code, "enrolled already, as Resident 1" in output) == (1, True)
        code, output = await command("residents")
        assert (code, resident.id in output) == (0, True)
        code, output = await command("forget", "Resident 1", "--yes")
        assert (code, "Resident 1 is erased" in output) == (0, True)
        assert site.store.residents() == []
        site.store.add_resident("Twin")
        site.store.add_resident("Twin")
        code, output = await command("enroll", "Twin", PEOPLE / "obama.jpg", "--yes")
        assert (code, "2 residents are called Twin" in output) == (1, True)
