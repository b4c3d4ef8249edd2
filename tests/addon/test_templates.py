"""Templates at rest: turned, sealed under keys of their own, renewed, and gone for good when somebody withdraws."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facegate.adapters import crypto
from facegate.adapters.crypto import KeyRing, Kind
from facegate.adapters.store import Store
from facegate.core.models import ResidentState, Vector


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "data") as store:
        yield store


def vector(seed: int) -> Vector:
    values = np.random.default_rng(seed).standard_normal(128).astype(np.float32)
    return values / np.linalg.norm(values)


def enrol(store: Store, name: str, *seeds: int) -> str:
    """Enrol somebody and return their consent's id."""
    resident = store.add_resident(name)
    consent = store.add_consent(resident.id, notice="ab" * 32, language="en", channel="paper")
    store.add_templates(resident.id, "sface", [vector(seed) for seed in seeds], consent.id)
    return consent.id


def holds(store: Store, *seeds: int) -> bool:
    """Whether the store gives exactly these, as the model made them."""
    found = [template.vector for template in store.templates()]
    wanted = [vector(seed) for seed in seeds]
    return len(found) == len(wanted) and all(max(float(each @ other) for other in found) > 1 - 1e-6 for each in wanted)


def kept(data: Path) -> list[tuple[str, str, str, bytes, int]]:
    """The rows as they lie on the disk: id, resident, model, sealed, rotation."""
    with sqlite3.connect(data / "facegate.db") as connection:
        rows = connection.execute("SELECT id, resident, model, sealed, rotation FROM templates ORDER BY id").fetchall()
    connection.close()
    return rows


def unsealed(data: Path) -> list[np.ndarray]:
    """What somebody finds who has broken every seal: the templates as they were turned."""
    ring = KeyRing(data / "keys", create=False)
    return [
        crypto.unseal_template(ring.key(Kind.FACES, resident), sealed, resident, template, model, str(rotation))
        for template, resident, model, sealed, rotation in kept(data)
    ]


def test_what_is_kept_fits_nothing_outside_this_site(tmp_path: Path) -> None:
    for site in ("one", "two"):
        with Store.open(tmp_path / site) as store:
            enrol(store, "Resident 1", *range(40))
    one, two = (np.stack(unsealed(tmp_path / site)) for site in ("one", "two"))
    plain = np.stack([vector(seed) for seed in range(40)])
    # Directions that have nothing to do with each other: their cosines' deviation in 128 dimensions is 0.088.
    for foreign in (two, plain):
        assert float(np.abs(one @ foreign.T).max()) < 0.5
        assert float((one @ foreign.T).std()) == pytest.approx(0.088, rel=0.15)


def test_renewing_turns_all_templates_and_nobody_enrols_again(store: Store) -> None:
    enrol(store, "Resident 1", 1, 2)
    enrol(store, "Resident 2", 3)
    before = {row[0]: vector for row, vector in zip(kept(store.data), unsealed(store.data), strict=True)}
    assert store.renew_templates() == 3
    assert holds(store, 1, 2, 3)
    after = {row[0]: vector for row, vector in zip(kept(store.data), unsealed(store.data), strict=True)}
    assert before.keys() == after.keys()
    assert max(abs(float(before[name] @ after[name])) for name in before) < 0.5
    assert {row[4] for row in kept(store.data)} == {2}
    assert [path.name for path in (store.data / "keys" / "rotation").iterdir()] == ["2"]
    data = store.data
    store.close()
    with Store.open(data) as again:
        assert holds(again, 1, 2, 3)


def test_a_renewal_that_was_cut_short_after_its_rows_is_finished(store: Store) -> None:
    enrol(store, "Resident 1", 1)
    keys = store.data / "keys" / "rotation"
    old = (keys / "1").read_bytes()
    store.renew_templates()
    store.close()
    (keys / "1").write_bytes(old)  # it was not destroyed yet
    (keys / "2").rename(keys / "2.pending")  # and the new one not kept
    with Store.open(store.data) as again:
        assert holds(again, 1)
        assert [path.name for path in keys.iterdir()] == ["2"]


def test_a_renewal_that_was_cut_short_before_its_rows_has_not_been(store: Store) -> None:
    enrol(store, "Resident 1", 1)
    keys = store.data / "keys" / "rotation"
    store.close()
    shutil.copy(keys / "1", keys / "2.pending")
    with Store.open(store.data) as again:
        assert holds(again, 1)
        assert [path.name for path in keys.iterdir()] == ["1"]


def test_templates_of_the_first_versions_are_brought_under_keys_of_their_own(store: Store) -> None:
    enrol(store, "Resident 1", 1)
    store.close()
    data = store.data
    ring = KeyRing(data / "keys", create=False)
    ((template, resident, model, _, _),) = kept(data)
    plain = crypto.seal_template(ring.key(Kind.RESIDENTS, resident), vector(1), resident, template, model)
    with sqlite3.connect(data / "facegate.db") as connection:
        connection.execute("UPDATE templates SET sealed = ?, rotation = 0", [plain])
        connection.execute("UPDATE installation SET rotation = 0")
    connection.close()
    ring.destroy(Kind.FACES, resident)
    ring.destroy(Kind.ROTATION, "1")
    with Store.open(data) as again:
        assert holds(again, 1)
        assert kept(data)[0][4] == 1
        assert abs(float(unsealed(data)[0] @ vector(1))) < 0.5


def test_after_withdrawal_no_backup_and_no_key_that_is_left_opens_a_template(store: Store, tmp_path: Path) -> None:
    consent = enrol(store, "Resident 1", 1, 2)
    enrol(store, "Resident 2", 3)
    store.backup(tmp_path / "before.db")
    store.withdraw_consent(consent)
    assert holds(store, 3)
    states = {resident.name: resident.state for resident in store.residents()}
    assert states == {"Resident 1": ResidentState.WITHDRAWN, "Resident 2": ResidentState.ENROLLED}
    store.close()
    # The old database comes back to the very box, with every key that is still there.
    for name in ("facegate.db", "facegate.db-wal", "facegate.db-shm"):
        (store.data / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "before.db", store.data / "facegate.db")
    with Store.open(store.data) as again:
        assert len(kept(store.data)) == 3
        assert holds(again, 3)


def test_the_key_of_the_faces_stays_as_long_as_one_template_does(store: Store) -> None:
    consent = enrol(store, "Resident 1", 1, 2)
    keys = store.data / "keys" / "faces"
    first, second = store.templates()
    store.remove_template(first.id)
    assert len(list(keys.iterdir())) == 1
    store.remove_template(second.id)
    assert list(keys.iterdir()) == []
    resident = store.residents()[0]
    store.add_templates(resident.id, "sface", [vector(5)], consent)  # the consent stands: another picture may come
    assert holds(store, 5)
