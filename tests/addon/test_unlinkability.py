"""Templates through the store and across sites: alike at home, unlike abroad, and nowhere readable."""

import hashlib
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facegate.adapters import crypto
from facegate.adapters.crypto import KeyRing, Kind
from facegate.adapters.store import Store
from facegate.core.credentials import Credential, CredentialKind, read_card
from facegate.core.models import Vector
from facegate.core.rotation import rotation, turn
from facegate.residents.application import Application, admit
from facegate.residents.enrolment import Picture
from facegate.residents.notices import FACE
from facegate.settings import make_settings
from facegate.vision import Models, chips, load
from facegate.vision.pictures import read_picture
from tests.parts.web import MODELS, PEOPLE

OF_ONE = ("obama.jpg", "obama2.jpg", "obama3.jpg")
OTHERS = ("biden.jpg", "astronaut.png")
PASSPHRASE = "correct horse battery staple"


@cache
def real_models() -> Models:
    return load(make_settings({}, data=MODELS, models=MODELS))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("home")) as store:
        yield store


def unit(values: list[float]) -> Vector:
    row = np.array(values, np.float32)
    return row / np.linalg.norm(row)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])  # each writes to a disk
@given(seed=st.integers(0, 2**32 - 1), nearness=st.floats(0, 1))
def test_cosines_come_through_the_store_and_a_renewal(home: Store, seed: int, nearness: float) -> None:
    drawn = np.random.default_rng(seed).standard_normal((2, 128))
    one = unit(list(drawn[0]))
    other = unit(list(nearness * drawn[0] + (1 - nearness) * drawn[1] + 1e-3))
    resident = home.add_resident("Resident 1")
    consent = home.add_consent(resident.id, notice="ab" * 32, language="en", channel="paper")
    home.add_templates(resident.id, "sface", [one, other], consent.id)
    try:
        for _ in range(2):
            kept = [template.vector for template in home.templates()]
            assert abs(float(kept[0] @ kept[1]) - float(one @ other)) <= 1e-5
            assert min(max(float(each @ wanted) for each in kept) for wanted in (one, other)) > 1 - 1e-5
            home.renew_templates()
    finally:
        home.erase_resident(resident.id)


@pytest.fixture(scope="module")
def embedded() -> dict[str, Vector]:
    """Real templates of public pictures."""
    models = real_models()
    found = {}
    for name in (*OF_ONE, *OTHERS):
        image = read_picture(PEOPLE / name)
        face = max(models.detector.detect(image), key=lambda face: face.box.width)
        found[name] = models.embedder.embed(chips.cut(image, face.landmarks)[None])[0]
    return found


def test_one_real_template_from_each_of_two_sites_says_nothing(embedded: dict[str, Vector]) -> None:
    # The pictures are few, so the sites are many: every pair of sites is a draw of its own.
    mated, strange, at_home = [], [], []
    for number in range(300):
        here, there = (rotation(hashlib.sha256(f"{side} {number}".encode()).digest(), "sface", 128) for side in "ab")
        turned = {name: (turn(here, vector), turn(there, vector)) for name, vector in embedded.items()}
        mated += [float(turned[a][0] @ turned[b][1]) for a in OF_ONE for b in OF_ONE if a != b]
        strange += [float(turned[a][0] @ turned[b][1]) for a in OF_ONE for b in OTHERS]
        at_home.append(min(float(turned["obama.jpg"][0] @ turned[name][0]) for name in OF_ONE))
    above = np.searchsorted(np.sort(strange), mated) / len(strange)
    # Within one pair of sites the six pairs hang together, so the deviation is that of 300 draws at the worst.
    assert abs(float(above.mean()) - 0.5) < 4 * np.sqrt(1 / 12 / 300)
    assert min(at_home) > 0.49, "at one site they have to match"


class Dump:
    """Everything that lies on the disk of a house, and every copy of it that FaceGate makes."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.vectors: list[Vector] = []
        with Store.open(self.data) as store:
            pictures = tuple(Picture(name, PEOPLE / name) for name in OF_ONE[:2])
            admitted = admit(store, real_models(), Application("Hidden Name", pictures, FACE["en"], "paper"))
            assert admitted.resident is not None
            [resident] = store.residents()
            store.update_resident(replace(resident, flat="Flat 7-Hidden", person="person.hidden_one"))
            store.add_card(Credential("", resident.id, CredentialKind.CARD, 1.0), read_card("0012345678"))
            self.vectors = [template.vector for template in store.templates()]
            self.exported = store.export_keys(PASSPHRASE)
            store.backup(folder / "backup.db")
            # With the database open there is a write-ahead log, as in a copy of a running machine.
            self.files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        assert any(path.name.endswith("-wal") and content for path, content in self.files.items())
        ring = KeyRing(self.data / "keys", create=False)
        with sqlite3.connect(self.data / "facegate.db") as connection:
            rows = connection.execute("SELECT id, resident, model, sealed, rotation FROM templates").fetchall()
        connection.close()
        self.turned = [
            crypto.unseal_template(ring.key(Kind.FACES, resident), sealed, resident, template, model, str(number))
            for template, resident, model, sealed, number in rows
        ]
        self.secrets = [ring.key(Kind.RESIDENTS, resident) for _, resident, *_ in rows]

    def holds(self, secret: bytes) -> list[str]:
        """The files in which something stands, also as text that stands for bytes."""
        forms = {secret, secret.hex().encode(), secret.hex().upper().encode(), b64encode(secret)}
        everything = {**self.files, Path("the export"): self.exported}
        return [str(path) for path, content in everything.items() if any(form in content for form in forms)]


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Dump:
    return Dump(tmp_path_factory.mktemp("dump"))


@pytest.mark.parametrize("text", ["Hidden Name", "Flat 7-Hidden", "person.hidden_one", "0012345678", "Hidden"])
def test_no_name_flat_person_or_card_can_be_read(dump: Dump, text: str) -> None:
    for encoding in ("utf-8", "utf-16-le", "utf-32-le"):
        assert dump.holds(text.encode(encoding)) == []


def test_no_part_of_a_template_can_be_read_turned_or_not(dump: Dump) -> None:
    assert len(dump.turned) == len(dump.vectors) == 2
    for vector in (*dump.vectors, *dump.turned):
        for form in ("<f4", ">f4", "<f8"):
            raw = vector.astype(form).tobytes()
            step = len(raw) // len(vector)
            for at in range(0, len(raw), 2 * step):  # any two numbers beside each other
                assert dump.holds(raw[at : at + 2 * step]) == []


def test_no_picture_and_no_key_can_be_read(dump: Dump) -> None:
    for name in OF_ONE[:2]:
        content = (PEOPLE / name).read_bytes()
        for at in range(1000, len(content) - 16, len(content) // 50):
            assert dump.holds(content[at : at + 16]) == []
    for key in dump.secrets:
        assert dump.holds(key) == []


def test_what_stands_open_would_have_been_found(dump: Dump) -> None:
    installation = sqlite3.connect(dump.data / "facegate.db").execute("SELECT id FROM installation").fetchone()[0]
    assert len(dump.holds(installation.encode())) >= 2  # the database and its backup
