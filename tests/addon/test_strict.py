"""Strict templates: two halves of a key, neither of which opens anything alone."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facegate.adapters.store import ConsentError, Store
from facegate.core.models import PrivacyLevel, Resident, ResidentState, Vector
from facegate.core.passes import SHARE_BYTES, TEXT_MAX, Code, Kind, read


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path / "data") as store:
        yield store


def vectors(seed: int, count: int = 3) -> list[Vector]:
    rows = np.random.default_rng(seed).normal(size=(count, 128)).astype(np.float32)
    return list(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def strict(store: Store, name: str = "Resident 1") -> tuple[Resident, str]:
    """A resident who has chosen the strict level, and their consent."""
    new = store.add_resident(name)
    store.choose_level(new.id, PrivacyLevel.STRICT)
    return new, store.add_consent(new.id, notice="00" * 32, language="en", channel="paper").id


def test_both_halves_open_it_after_a_restart_as_well(tmp_path: Path) -> None:
    faces = vectors(1)
    with Store.open(tmp_path / "data") as store:
        resident, consent = strict(store)
        share = store.issue_share(resident.id, "sface", faces, consent)
        assert store.resident(resident.id).state is ResidentState.ENROLLED
        assert len(share.text) <= TEXT_MAX
    with Store.open(tmp_path / "data") as store:
        opened = store.open_share(read(share.text))
        assert {(one.resident, one.model) for one in opened} == {(resident.id, "sface")}
        assert all(np.array_equal(one.vector, face) for one, face in zip(opened, faces, strict=True))
        assert store.templates() == []  # nothing that a gallery could be made of


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(other=st.binary(min_size=SHARE_BYTES, max_size=SHARE_BYTES), bit=st.integers(0, 8 * SHARE_BYTES - 1))
def test_no_other_half_opens_it(store: Store, other: bytes, bit: int) -> None:
    if not store.residents():
        resident, consent = strict(store)
        test_no_other_half_opens_it.share = store.issue_share(resident.id, "sface", vectors(1), consent)
        theirs, agreed = strict(store, "Resident 2")
        test_no_other_half_opens_it.theirs = store.issue_share(theirs.id, "sface", vectors(2), agreed)
    share, theirs = test_no_other_half_opens_it.share, test_no_other_half_opens_it.theirs
    flipped = (int.from_bytes(share.secret) ^ 1 << bit).to_bytes(SHARE_BYTES)
    for wrong in (other, flipped, theirs.secret, bytes(SHARE_BYTES)):
        assert store.open_share(Code(Kind.SHARE, share.id, wrong)) == []
    assert store.open_share(Code(Kind.SHARE, theirs.id, share.secret)) == []
    assert len(store.open_share(share)) == 3


def test_everything_on_the_disk_with_all_its_keys_has_neither_share_nor_face(store: Store, tmp_path: Path) -> None:
    faces = vectors(1)
    resident, consent = strict(store)
    share = store.issue_share(resident.id, "sface", faces, consent)
    store.open_share(share)
    files = [path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()]
    told = [share.secret, share.secret.hex().encode(), share.text.encode(), *(face.tobytes()[:16] for face in faces)]
    assert not any(secret in content for secret in told for content in files)


def test_the_code_alone_opens_nothing_once_the_servers_half_is_gone(store: Store) -> None:
    resident, consent = strict(store)
    share = store.issue_share(resident.id, "sface", vectors(1), consent)
    store.withdraw_consent(consent)
    assert store.open_share(share) == []
    assert store.resident(resident.id).state is ResidentState.WITHDRAWN
    again = store.add_consent(resident.id, notice="00" * 32, language="en", channel="paper").id
    new = store.issue_share(resident.id, "sface", vectors(1), again)
    assert store.open_share(share) == []
    assert len(store.open_share(new)) == 3
    store.erase_resident(resident.id)
    assert store.open_share(new) == []


def test_another_consent_that_is_withdrawn_takes_no_face_with_it(store: Store) -> None:
    resident, consent = strict(store)
    share = store.issue_share(resident.id, "sface", vectors(1), consent)
    other = store.add_consent(resident.id, notice="00" * 32, language="en", channel="paper", purpose="persons_shared")
    store.withdraw_consent(other.id)
    assert len(store.open_share(share)) == 3


def test_a_strict_residents_face_is_never_kept_under_a_key_of_the_store_alone(store: Store) -> None:
    resident, consent = strict(store)
    with pytest.raises(ConsentError, match="half"):
        store.add_templates(resident.id, "sface", vectors(1), consent)
    assert store.templates() == []


def test_a_share_needs_the_level_and_the_consent(store: Store) -> None:
    resident, consent = strict(store)
    other, theirs = strict(store, "Resident 2")
    with pytest.raises(ConsentError):
        store.issue_share(resident.id, "sface", vectors(1), theirs)
    store.choose_level(other.id, PrivacyLevel.STANDARD)
    with pytest.raises(ConsentError, match="level"):
        store.issue_share(other.id, "sface", vectors(1), theirs)
    with pytest.raises(ValueError, match="unit"):
        store.issue_share(resident.id, "sface", [2 * vectors(1)[0]], consent)


def test_whoever_is_resumed_is_enrolled_still(store: Store) -> None:
    resident, consent = strict(store)
    share = store.issue_share(resident.id, "sface", vectors(1), consent)
    store.suspend_resident(resident.id)
    assert store.resume_resident(resident.id).state is ResidentState.ENROLLED
    assert len(store.open_share(share)) == 3
