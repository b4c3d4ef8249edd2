"""Residents, consents and templates in the store: kept as they went in, and unreadable once they are gone."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facegate.adapters.store import ConsentError, NotFoundError, Store, StoreError
from facegate.core.models import PrivacyLevel, ResidentState, Vector
from tests.parts.stores import CAMERA, GATE, NOTICE, Clock, enrolled, reopened, vector

# Residents, consents and templates


def test_residents_come_back_as_they_went_in(store: Store, clock: Clock) -> None:
    one = store.add_resident("Résident 一", "person.one")
    two = store.add_resident("a second")
    assert one.state is ResidentState.INVITED
    changed = replace(
        one,
        state=ResidentState.SUSPENDED,
        valid_from=1.5,
        valid_until=2.5,
        gates=frozenset({"main", "back"}),
        flat="3-1201",
        groups=frozenset({"pool", "garage"}),
        level=PrivacyLevel.NO_FACE,
        minor=True,
        residence_seen=True,
    )
    store.update_resident(changed)
    with reopened(store, clock) as again:
        assert again.residents() == [two, changed]
        assert again.resident(one.id) == changed


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101])
def test_a_name_must_be_readable(store: Store, name: str) -> None:
    with pytest.raises(StoreError, match="1 to 100 printable"):
        store.add_resident(name)
    assert store.residents() == []


def test_removing_a_gate_opens_no_other_one_to_its_residents(store: Store) -> None:
    store.add_gate(GATE)
    resident = store.add_resident("Resident 1")
    store.update_resident(replace(resident, gates=frozenset({"main"})))
    store.remove_gate("main")
    assert store.resident(resident.id).gates == {"main"}


def test_templates_come_back_as_they_went_in(store: Store, clock: Clock) -> None:
    resident = enrolled(store)
    assert resident.state is ResidentState.ENROLLED
    with reopened(store, clock) as again:
        templates = again.templates()
    assert [(t.resident, t.model) for t in templates] == [(resident.id, "sface")] * 2
    for seed in (1, 2):
        assert any(np.allclose(template.vector, vector(seed), atol=1e-6) for template in templates)


def test_no_template_without_the_residents_own_standing_consent(store: Store) -> None:
    one, two = store.add_resident("Resident 1"), store.add_resident("Resident 2")
    other = store.add_consent(two.id, notice=NOTICE, language="en", channel="paper")
    photo = store.add_consent(one.id, notice=NOTICE, language="en", channel="paper", purpose="something_else")
    ended = store.add_consent(one.id, notice=NOTICE, language="en", channel="paper")
    store.withdraw_consent(ended.id)
    for consent in ("", "0" * 16, other.id, photo.id, ended.id):
        with pytest.raises(ConsentError, match="consent"):
            store.add_templates(one.id, "sface", [vector(1)], consent)
    assert store.templates() == []
    assert store.resident(one.id).state is ResidentState.INVITED


@pytest.mark.parametrize(
    "bad",
    [
        vector(1) * 2,
        vector(1).astype(np.float64),
        np.full(128, np.nan, np.float32),
        np.zeros(128, np.float32),
        vector(1)[None],
    ],
)
def test_only_unit_vectors_are_templates(store: Store, bad: Vector) -> None:
    resident = store.add_resident("Resident 1")
    consent = store.add_consent(resident.id, notice=NOTICE, language="en", channel="paper")
    with pytest.raises(ValueError, match="unit length"):
        store.add_templates(resident.id, "sface", [vector(1), bad], consent.id)
    assert store.templates() == []


def test_withdrawing_deletes_the_templates_and_shuts_the_face_out(store: Store, clock: Clock) -> None:
    resident = enrolled(store)
    (consent,) = store.consents(resident.id)
    assert (consent.channel, consent.language, consent.notice, consent.at) == ("command_line", "en", NOTICE, clock.now)
    clock.now += 60
    store.withdraw_consent(consent.id)
    assert store.templates() == []
    assert store.resident(resident.id).state is ResidentState.WITHDRAWN
    assert store.consents(resident.id) == [replace(consent, withdrawn_at=clock.now)]
    clock.now += 60
    store.withdraw_consent(consent.id)
    assert store.consents(resident.id) == [replace(consent, withdrawn_at=clock.now - 60)]


def test_enrolling_does_not_lift_a_suspension(store: Store) -> None:
    resident = store.add_resident("Resident 1")
    consent = store.add_consent(resident.id, notice=NOTICE, language="en", channel="paper")
    store.update_resident(replace(resident, state=ResidentState.SUSPENDED))
    store.add_templates(resident.id, "sface", [vector(1)], consent.id)
    assert store.resident(resident.id).state is ResidentState.SUSPENDED


def test_a_template_is_removed_alone(store: Store) -> None:
    enrolled(store)
    first, second = store.templates()
    store.remove_template(first.id)
    assert [template.id for template in store.templates()] == [second.id]


def test_an_erased_resident_is_gone_with_key_name_and_templates(store: Store, clock: Clock) -> None:
    one, two = enrolled(store), enrolled(store, "Resident 2", 5)
    store.erase_resident(one.id)
    assert [resident.id for resident in store.residents()] == [two.id]
    assert {template.resident for template in store.templates()} == {two.id}
    assert [path.name for path in (store.data / "keys" / "residents").iterdir()] == [two.id]
    with pytest.raises(NotFoundError):
        store.erase_resident(one.id)
    with reopened(store, clock) as again:
        assert again.residents() == [two]
        assert again.unreadable() == frozenset()


def test_an_old_database_brings_no_erased_resident_back(store: Store, clock: Clock) -> None:
    one, two = enrolled(store), enrolled(store, "Resident 2", 5)
    store.backup(store.data / "old.db")
    store.erase_resident(one.id)
    store.close()
    (store.data / "old.db").replace(store.data / "facegate.db")
    with Store.open(store.data, clock=clock) as again:
        assert again.residents() == [two]
        assert {template.resident for template in again.templates()} == {two.id}
        assert again.unreadable() == {one.id}
        with pytest.raises(StoreError, match="gone"):
            again.resident(one.id)
        again.erase_resident(one.id)
        assert again.unreadable() == frozenset()


# What must not be readable


def test_nothing_personal_can_be_read_in_the_files(store: Store, clock: Clock) -> None:
    store.add_gate(GATE)
    store.add_camera(CAMERA)
    keys = [store.event_key(), store.gate_key("main")]
    resident = store.add_resident("Zebulon Quux", "person.zebulon")
    consent = store.add_consent(resident.id, notice=NOTICE, language="en", channel="command_line")
    store.add_templates(resident.id, "sface", [vector(7)], consent.id)
    secrets = [b"Zebulon", b"Quux", b"zebulon", b"hunter2secret", b"viewer", b"192.0.2.7", *keys]
    # No run of four floats, wherever it starts and however it is written.
    embedding = vector(7)
    for kind in ("<f4", ">f4", "<f8", "<f2"):
        content = embedding.astype(kind).tobytes()
        width = np.dtype(kind).itemsize
        secrets += [content[at : at + 4 * width] for at in range(0, len(content), width)][:-3]
    secrets += [f"{value:.4f}".encode() for value in embedding if abs(value) > 0.05]

    def searched() -> list[Path]:
        paths = [path for path in store.data.rglob("*") if path.is_file()]
        for path in paths:
            content = path.read_bytes()
            assert not [secret for secret in secrets if secret in content], path
        return paths

    assert "facegate.db-wal" in {path.name for path in searched()}
    store.erase_resident(resident.id)
    searched()
    store.close()
    searched()


def test_erasing_leaves_no_sealed_remains_in_the_files(store: Store) -> None:
    resident = enrolled(store)
    with sqlite3.connect(f"file:{store.data / 'facegate.db'}?mode=ro", uri=True) as spy:
        sealed = [row[0] for row in spy.execute("SELECT sealed FROM templates UNION SELECT profile FROM residents")]
    spy.close()
    assert len(sealed) == 3
    store.erase_resident(resident.id)
    for path in (store.data / "facegate.db", store.data / "facegate.db-wal"):
        content = path.read_bytes()
        assert not [blob for blob in sealed if blob in content], path


def test_the_database_is_private(store: Store) -> None:
    store.add_gate(GATE)
    for path in store.data.glob("facegate.*"):
        assert path.stat().st_mode & 0o077 == 0, path
