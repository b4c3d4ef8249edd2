"""Residents who leave: when, by which clock, what is destroyed, and what no copy can bring back."""

import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from typer.testing import CliRunner

from facegate.adapters.crypto import KeyRing, Kind
from facegate.adapters.store import Intent, NotFoundError, Store, personal, schema
from facegate.cli import app
from facegate.core.certificate import Certificate, fingerprint
from facegate.core.credentials import Credential, CredentialKind
from facegate.core.leaving import DAY, Cause, Terms, leaving, month_of
from facegate.core.links import LinkKind
from facegate.core.models import Direction, Gate, Method, Reason, Resident, ResidentState
from facegate.core.retention import Retention
from facegate.housekeeping import ROUND_SECONDS, Housekeeping
from facegate.residents.leaving import Departures
from tests.parts.web import LOCAL_TOKEN, running_site

START = 1_800_000_000.0
STEP = DAY
NAME = "Resident Zhang 张 one"
APP = Path(__file__).parents[2] / "addon"


_TERMS = Terms()


class Clocks:
    """A wall clock that a test sets, and one that only runs."""

    def __init__(self) -> None:
        self.wall = START
        self.ran = 50.0

    def run(self, seconds: float) -> None:
        self.wall += seconds
        self.ran += seconds


class House:
    """A store with housekeeping and departures, as the service wires them."""

    def __init__(self, data: Path, clocks: Clocks, terms: Terms = _TERMS) -> None:
        self.data, self.clocks, self.terms = data, clocks, terms
        self.gone = 0
        self.start()

    def start(self) -> None:
        self.store = Store.open(self.data, clock=lambda: self.clocks.wall)
        self.departures = Departures(self.store, self.terms, now=lambda: self.keeper.now, gone=self._count)
        self.keeper = Housekeeping(
            self.store, Retention(), wall=lambda: self.clocks.wall, monotonic=lambda: self.clocks.ran,
            leave=self.departures.sweep,
        )  # fmt: skip

    def restart(self) -> None:
        self.store.close()
        self.clocks.ran = 7.0
        self.start()

    def live(self, days: float) -> None:
        """Let time pass, with a look now and then."""
        left = days * DAY
        while left > 0:
            self.clocks.run(min(left, STEP))
            self.keeper.look()
            left -= STEP

    def names(self) -> list[str]:
        return [resident.name for resident in self.store.residents()]

    def _count(self) -> None:
        self.gone += 1


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def house(tmp_path: Path, clocks: Clocks) -> Iterator[House]:
    made = House(tmp_path / "data", clocks)
    yield made
    made.store.close()


def vectors() -> list[np.ndarray]:
    made = np.random.default_rng(4).normal(size=(2, 128)).astype(np.float32)
    return [row / np.linalg.norm(row) for row in made]


def enrolled(store: Store, name: str = NAME) -> Resident:
    """A resident with everything that one may have."""
    resident = store.add_resident(name, person="person.somebody")
    store.update_resident(replace(store.resident(resident.id), flat="Flat 12 B"))
    consent = store.add_consent(resident.id, notice="0" * 64, language="en", channel="command_line")
    store.add_templates(resident.id, "sface", vectors(), consent.id)
    store.add_pin(Credential("", resident.id, CredentialKind.PIN, 0.0))
    store.make_link(resident.id, LinkKind.PERSONAL)
    return store.resident(resident.id)


def pass_gate(store: Store, resident: str, at: float, number: int = 1) -> None:
    opening = f"{number:016x}"
    store.begin_opening(Intent(opening, "main", Direction.ENTRY, Method.PIN, Reason.LISTED, at, resident))
    store.finish_opening(opening, "opened", "-", at)


# When


@pytest.mark.parametrize(
    ("resident", "seen", "cause", "due"),
    [
        (Resident("r", "R"), 100.0, Cause.ABSENT, 100 + 365 * DAY),
        (Resident("r", "R", valid_until=500.0), 100.0, Cause.LEASE_ENDED, 500 + 14 * DAY),
        (Resident("r", "R", valid_until=900 * DAY), 100.0, Cause.ABSENT, 100 + 365 * DAY),
        (Resident("r", "R", valid_from=200 * DAY), 100.0, Cause.ABSENT, 565 * DAY),
    ],
)
def test_whoever_has_left_is_due(resident: Resident, seen: float, cause: Cause, due: float) -> None:
    found = leaving(resident, seen, Terms())
    assert found is not None
    assert (found.cause, found.due) == (cause, due)


def test_nobody_is_due_twice() -> None:
    assert leaving(Resident("r", "R", state=ResidentState.ERASED), 0.0, Terms()) is None


def test_a_lease_that_ends_is_shown_before_and_erased_after_its_days_of_grace(house: House, clocks: Clocks) -> None:
    resident = enrolled(house.store)
    house.store.update_resident(replace(resident, valid_until=START + 3 * DAY))
    house.keeper.look()
    [ahead] = house.departures.ahead()
    assert (ahead.resident, ahead.cause, ahead.due) == (resident.id, Cause.LEASE_ENDED, START + 17 * DAY)
    house.live(16.9)
    assert house.names() == [NAME]
    house.live(0.2)
    assert house.names() == []
    assert house.gone == 1
    [certificate] = house.store.certificates()
    assert (certificate.cause, certificate.resident) == (Cause.LEASE_ENDED, resident.id)
    assert house.departures.ahead() == []
    assert house.store.verify_trail().broken is None


def test_a_year_without_a_passage_ends_a_residence_and_a_passage_or_a_word_prolongs_it(
    tmp_path: Path, clocks: Clocks
) -> None:
    house = House(tmp_path / "data", clocks, Terms(absent_days=120))
    house.store.add_gate(Gate("main", "Main gate"))
    absent, passing, known = (house.store.add_resident(name) for name in ("Absent", "Passing", "Known"))
    house.keeper.look()
    house.live(95)
    assert {one.resident for one in house.departures.ahead()} == {absent.id, passing.id, known.id}
    pass_gate(house.store, passing.id, clocks.wall)
    house.departures.stays(known.id)
    house.live(0.1)
    assert [one.resident for one in house.departures.ahead()] == [absent.id]
    house.live(26)
    assert house.names() == ["Known", "Passing"]
    with closing(sqlite3.connect(tmp_path / "data" / "facegate.db")) as database:
        months = [row[0] for row in database.execute("SELECT month FROM presence")]
    assert months == [month_of(START + 95 * DAY)] * 2, "the month is remembered and nothing more exact"
    house.store.close()


def test_nobody_who_does_not_live_here_is_kept_for_longer(house: House) -> None:
    with pytest.raises(NotFoundError):
        house.departures.stays("0" * 16)


# By which clock


@pytest.mark.parametrize("restarts", [False, True])
def test_a_clock_that_jumps_erases_nobody(house: House, clocks: Clocks, *, restarts: bool) -> None:
    resident = enrolled(house.store)
    house.store.update_resident(replace(resident, valid_until=START + 3 * DAY))
    house.keeper.look()
    clocks.wall += 400 * DAY
    for _ in range(3):
        clocks.run(ROUND_SECONDS)
        house.keeper.look()
        if restarts:
            house.restart()
            house.keeper.look()
    assert house.keeper.doubts_clock
    assert house.names() == [NAME]
    house.live(20)
    assert house.names() == [NAME], "while the clock is doubted nobody is erased"
    clocks.wall -= 400 * DAY
    house.live(0.1)
    assert not house.keeper.doubts_clock
    assert house.names() == [], "the time that was run through counts once the clock is right again"


def test_an_owner_who_says_that_the_clock_is_right_lets_erasure_go_on(house: House, clocks: Clocks) -> None:
    resident = enrolled(house.store)
    house.store.update_resident(replace(resident, valid_until=START + 3 * DAY))
    house.keeper.look()
    clocks.wall += 30 * DAY
    house.live(0.1)
    assert house.names() == [NAME]
    assert house.keeper.confirm_clock() is False
    house.live(0.1)
    assert house.names() == []


def test_an_erasure_that_was_cut_short_is_done_at_the_next_start(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    resident = enrolled(house.store)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(KeyRing, "retire", crash)
        with pytest.raises(KeyboardInterrupt):
            house.departures.erase(resident.id, Cause.RESIDENT, "resident")
    assert house.names() == [NAME]
    house.restart()
    assert house.names() == []
    [certificate] = house.store.certificates()
    assert certificate.cause is Cause.RESIDENT


# What is destroyed


def test_the_certificate_says_what_was_destroyed_and_anybody_can_check_it(house: House) -> None:
    resident = enrolled(house.store)
    keys = KeyRing(house.data / "keys", create=False)
    before = {kind: fingerprint(keys.key(kind, resident.id)) for kind in (Kind.RESIDENTS, Kind.FACES)}
    certificate = house.departures.erase(resident.id, Cause.HOUSE, "Owner")
    assert certificate.keys == {str(kind): found for kind, found in before.items()}
    assert certificate.rows == dict.fromkeys(personal.DELETED, 0) | {"templates": 2, "credentials": 1, "links": 1}
    assert (certificate.cause, certificate.at) == (Cause.HOUSE, int(START))
    written = json.loads(json.dumps(certificate.written()))
    assert Certificate.read(written) == certificate
    Ed25519PublicKey.from_public_bytes(certificate.key).verify(certificate.signature, certificate.statement)
    assert NAME not in json.dumps(written, ensure_ascii=False)
    assert house.store.certificates() == [certificate]
    assert house.departures.is_genuine(certificate)
    assert not house.departures.is_genuine(replace(certificate, at=certificate.at + 1))
    assert not house.departures.is_genuine(replace(certificate, key=bytes(32)))
    assert not house.departures.is_genuine(replace(certificate, installation="0" * 32))


def test_somebody_whose_key_is_lost_is_erased_as_well(house: House) -> None:
    resident = enrolled(house.store)
    house.store.close()
    for kind in ("residents", "faces"):
        (house.data / "keys" / kind / resident.id).unlink()
    house.start()
    assert house.store.unreadable() == {resident.id}
    assert house.departures.erase(resident.id, Cause.HOUSE, "Owner").keys == {}
    assert house.store.unreadable() == frozenset()


def test_every_table_with_a_residents_id_says_what_becomes_of_it() -> None:
    found = {table.name for table in schema.metadata.sorted_tables if "resident" in table.c}
    assert found <= personal.DELETED | personal.KEPT
    assert not personal.DELETED & personal.KEPT


def _excluded(data: Path) -> list[Path]:
    rules = yaml.safe_load((APP / "config.yaml").read_text(encoding="utf-8"))["backup_exclude"]
    return [path for rule in rules for path in data.glob(rule)]


def _sealed(database: Path, resident: str) -> list[tuple[str, bytes]]:
    """Everything in a database that is sealed and belongs to a resident."""
    found = []
    with closing(sqlite3.connect(database)) as connection:
        for table in schema.metadata.sorted_tables:
            own = "id" if table.name == "residents" else "resident"
            if own not in table.c:
                continue
            for column in table.c:
                rows = connection.execute(f"SELECT {column.name} FROM {table.name} WHERE {own} = ?", (resident,))
                found += [(f"{table.name}.{column.name}", value) for (value,) in rows if isinstance(value, bytes)]
    return [(where, value) for where, value in found if value[:1] == b"\x01" and len(value) > 29]


def _opens(key: bytes, sealed: bytes, bounds: list[str]) -> bool:
    for bound in bounds:
        try:
            AESGCM(key).decrypt(sealed[1:13], sealed[13:], bound.encode())
        except InvalidTag:
            continue
        return True
    return False


def test_an_old_backup_the_box_and_the_site_key_together_open_nothing_of_the_erased(
    house: House, tmp_path: Path
) -> None:
    resident, other = enrolled(house.store), enrolled(house.store, "Resident 2")
    old_keys = KeyRing(house.data / "keys", create=False)
    own_key, face_key = old_keys.key(Kind.RESIDENTS, resident.id), old_keys.key(Kind.FACES, resident.id)
    wrapped = [(house.data / "keys" / kind / resident.id).read_bytes() for kind in ("residents", "faces")]
    house.store.close()
    backup = tmp_path / "backup"
    shutil.copytree(house.data, backup)
    excluded = _excluded(backup)
    assert {path.name for path in excluded} >= {resident.id, other.id}
    for path in excluded:
        path.unlink()
    house.start()
    certificate = house.departures.erase(resident.id, Cause.HOUSE, "Owner")
    house.store.close()

    # What lies on the box holds neither keys nor what was under them, in no file and no journal.
    sealed = _sealed(backup / "facegate.db", resident.id)
    assert {where for where, _ in sealed} >= {"residents.profile", "templates.sealed", "credentials.sealed"}
    secrets = [NAME.encode(), b"Flat 12 B", own_key, face_key, *wrapped, *(value for _, value in sealed)]
    secrets += [vector.tobytes()[:64] for vector in vectors()]
    for path in house.data.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert [secret for secret in secrets if secret in content] == [], path.name

    # Whoever puts the old database beside the box's keys finds nobody.
    mixed = tmp_path / "mixed"
    shutil.copytree(house.data, mixed)
    shutil.copy(backup / "facegate.db", mixed / "facegate.db")
    with Store.open(mixed) as again:
        assert again.unreadable() == {resident.id}
        assert [known.name for known in again.residents()] == ["Resident 2"]
        assert {template.resident for template in again.templates()} == {other.id}
        with pytest.raises(Exception, match=resident.id):
            again.resident(resident.id)

    # Nor does any key that is left open what is sealed there, whatever it is tried on.
    left = KeyRing(mixed / "keys", create=False)
    keys = [left.key(kind, name) for kind in Kind for name in left.names(kind)]
    site = (mixed / "keys" / "site.key").read_bytes()
    uses = [f"facegate/1 site {use}".encode() for use in ("wrap", "seal")]
    keys += [site, *(HKDFExpand(SHA256(), 32, use).derive(site) for use in uses)]
    with closing(sqlite3.connect(backup / "facegate.db")) as database:
        templates = database.execute("SELECT id, model, rotation FROM templates WHERE resident = ?", (resident.id,))
        ids = templates.fetchall()
        pins = [row[0] for row in database.execute("SELECT id FROM credentials WHERE resident = ?", (resident.id,))]
    places = [("profile", resident.id), *(("credential", resident.id, pin) for pin in pins)]
    places += [("template", resident.id, name, model, str(rotation)) for name, model, rotation in ids]
    bounds = ["\0".join(("facegate/1", *place)) for place in places]
    assert any(_opens(own_key, value, bounds) for _, value in sealed), "with the key it would open"
    assert any(_opens(face_key, value, bounds) for _, value in sealed), "with the key it would open"
    assert not any(_opens(key, value, bounds) for key in keys for _, value in sealed)
    assert fingerprint(own_key) == certificate.keys["residents"]


def test_the_command_line_tells_a_genuine_certificate(house: House, tmp_path: Path) -> None:
    certificate = house.departures.erase(enrolled(house.store).id, Cause.HOUSE, "Owner")
    house.store.close()
    genuine, changed, none = (tmp_path / name for name in ("genuine.json", "changed.json", "none.json"))
    genuine.write_text(json.dumps(certificate.written()))
    changed.write_text(json.dumps(replace(certificate, rows={}).written()))
    none.write_text("[]")

    def verify(file: Path) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["verify-log", "--data", str(house.data), "--certificate", str(file)])
        return result.exit_code, " ".join(result.output.split())

    assert verify(genuine)[0] == 0
    assert "is genuine" in verify(genuine)[1]
    for file, words in ((changed, "was changed"), (none, "holds no certificate")):
        assert verify(file)[0] == 1
        assert words in verify(file)[1]


# Over the API


async def test_erasing_somebody_whose_person_is_gone_says_so(tmp_path: Path) -> None:
    async with running_site(tmp_path) as site:
        here, gone = site.store.add_resident("Resident 1"), site.store.add_resident("Resident 2", "person.somebody")
        site.store.update_resident(replace(gone, person_gone=True))
        for resident in (here, gone):
            assert (await site.ask("DELETE", f"/residents/{resident.id}", token=LOCAL_TOKEN)).status == 204
        causes = {certificate.resident: str(certificate.cause) for certificate in site.store.certificates()}
    assert causes == {here.id: "house", gone.id: "person_removed"}


async def test_owners_see_who_leaves_erase_and_prove(tmp_path: Path) -> None:
    async with running_site(tmp_path) as site:
        resident = site.store.add_resident("Resident 1")
        site.store.update_resident(replace(resident, valid_until=time.time() + DAY))
        answer = await site.ask("GET", "/leaving", token=LOCAL_TOKEN)
        assert [(one["resident"], one["cause"]) for one in answer.content["leaving"]] == [(resident.id, "lease_ended")]
        assert (await site.ask("POST", f"/residents/{resident.id}/stay", token=LOCAL_TOKEN)).status == 204
        made = await site.ask(
            "POST", f"/residents/{resident.id}/erasure", {"cause": "person_removed"}, token=LOCAL_TOKEN
        )
        assert made.status == 201
        assert (await site.ask("GET", "/certificates", token=LOCAL_TOKEN)).content == [made.content]
        proved = await site.ask("POST", "/certificates/proof", made.content, token=LOCAL_TOKEN)
        assert proved.content == {"genuine": True}
        changed = {**made.content, "cause": "absent"}
        assert (await site.ask("POST", "/certificates/proof", changed, token=LOCAL_TOKEN)).content == {"genuine": False}
        gone = await site.ask("POST", f"/residents/{resident.id}/erasure", {"cause": "house"}, token=LOCAL_TOKEN)
        assert gone.problem() == "not_found"
