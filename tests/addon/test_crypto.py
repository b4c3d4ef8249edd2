"""Keys on disk and the sealing of what they guard."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facegate.adapters.crypto import (
    KeyGoneError,
    KeyRing,
    Kind,
    SecretError,
    seal,
    seal_template,
    unseal,
    unseal_template,
)

KEY = bytes(range(32))


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "keys", create=True)


def kept(ring: KeyRing, name: str, kind: Kind = Kind.RESIDENTS) -> bytes:
    key = ring.make(kind, name)
    ring.keep(kind, name)
    return key


@given(st.binary(max_size=600))
def test_what_is_sealed_opens_at_its_place_alone(content: bytes) -> None:
    sealed = seal(KEY, content, "profile", "resident-1")
    assert unseal(KEY, sealed, "profile", "resident-1") == content
    for elsewhere in (("profile", "resident-2"), ("template", "resident-1"), ("profile", "resident-1", "")):
        with pytest.raises(SecretError):
            unseal(KEY, sealed, *elsewhere)
    with pytest.raises(SecretError):
        unseal(bytes(32), sealed, "profile", "resident-1")


def test_neighbouring_parts_do_not_run_together() -> None:
    sealed = seal(KEY, b"x", "ab", "c")
    with pytest.raises(SecretError):
        unseal(KEY, sealed, "a", "bc")
    with pytest.raises(ValueError, match="NUL"):
        seal(KEY, b"x", "a\0b")


@settings(max_examples=50)
@given(st.data())
def test_any_changed_bit_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, b"a template", "place"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SecretError):
        unseal(KEY, bytes(sealed), "place")


@pytest.mark.parametrize("length", range(29))
def test_a_cut_record_is_damaged(length: int) -> None:
    with pytest.raises(SecretError, match="damaged"):
        unseal(KEY, seal(KEY, b"", "place")[:length], "place")


def test_nothing_is_sealed_twice_alike() -> None:
    assert len({seal(KEY, b"same", "place") for _ in range(50)}) == 50


def test_a_template_is_little_endian_float32_bound_to_resident_id_and_model() -> None:
    vector = np.linspace(-1, 1, 128, dtype=np.float32)
    bound = ["r1", "t1", "sface", "1"]
    sealed = seal_template(KEY, vector, *bound)
    opened = unseal_template(KEY, sealed, *bound)
    assert opened.dtype == np.float32
    assert np.array_equal(opened, vector)
    assert unseal(KEY, sealed, "template", *bound) == vector.astype("<f4").tobytes()
    for number in range(len(bound)):
        with pytest.raises(SecretError):
            unseal_template(KEY, sealed, *bound[:number], "other", *bound[number + 1 :])


def test_keys_are_private_files(tmp_path: Path, ring: KeyRing) -> None:
    kept(ring, "r1")
    folder = tmp_path / "keys"
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_keys_outlive_the_process_and_are_wrapped(tmp_path: Path, ring: KeyRing) -> None:
    key = kept(ring, "r1")
    again = KeyRing(tmp_path / "keys", create=False)
    assert again.key(Kind.RESIDENTS, "r1") == key
    assert again.unseal(ring.seal(b"rtsp://", "camera"), "camera") == b"rtsp://"
    assert key not in (tmp_path / "keys" / "residents" / "r1").read_bytes()


def test_a_wrapped_key_cannot_be_moved_to_another_resident_or_purpose(tmp_path: Path, ring: KeyRing) -> None:
    kept(ring, "r1")
    content = (tmp_path / "keys" / "residents" / "r1").read_bytes()
    for kind, name in ((Kind.RESIDENTS, "r2"), (Kind.GATES, "r1")):
        (tmp_path / "keys" / kind / name).write_bytes(content)
        with pytest.raises(SecretError, match="damaged or belongs to another site"):
            ring.key(kind, name)


def test_the_site_key_is_made_only_when_asked_for(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match=r"site key .* is missing"):
        KeyRing(tmp_path / "keys", create=False)
    assert not (tmp_path / "keys" / "site.key").exists()


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_a_damaged_site_key_is_never_overwritten(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys" / "site.key"
    path.parent.mkdir()
    path.write_bytes(content)
    for create in (True, False):
        with pytest.raises(SecretError, match="damaged"):
            KeyRing(path.parent, create=create)
    assert path.read_bytes() == content


def test_a_key_that_exists_is_never_overwritten(tmp_path: Path, ring: KeyRing) -> None:
    key = kept(ring, "r1")
    with pytest.raises(SecretError, match="exists already"):
        ring.make(Kind.RESIDENTS, "r1")
    assert ring.key(Kind.RESIDENTS, "r1") == key


def test_destroying_overwrites_and_removes_the_file(tmp_path: Path, ring: KeyRing) -> None:
    kept(ring, "r1")
    path = tmp_path / "keys" / "residents" / "r1"
    before = path.read_bytes()
    with path.open("rb") as still_open:
        ring.destroy(Kind.RESIDENTS, "r1")
        after = still_open.read()
    assert not path.exists()
    assert len(after) == len(before)
    assert after != before
    with pytest.raises(KeyGoneError, match="is gone"):
        ring.key(Kind.RESIDENTS, "r1")
    ring.destroy(Kind.RESIDENTS, "r1")


def test_renewing_replaces_the_key_and_overwrites_the_old_file(tmp_path: Path, ring: KeyRing) -> None:
    old = kept(ring, "main", Kind.GATES)
    path = tmp_path / "keys" / "gates" / "main"
    before = path.read_bytes()
    with path.open("rb") as still_open:
        new = ring.renew(Kind.GATES, "main")
        assert still_open.read() != before
    assert new != old
    assert KeyRing(tmp_path / "keys", create=False).key(Kind.GATES, "main") == new


def test_after_a_crash_the_row_decides_about_pending_keys(ring: KeyRing) -> None:
    ring.make(Kind.RESIDENTS, "written")
    ring.make(Kind.RESIDENTS, "unwritten")
    kept(ring, "retired-with-row")
    kept(ring, "retired-without-row")
    kept(ring, "of-a-newer-database")
    ring.retire(Kind.RESIDENTS, "retired-with-row")
    ring.retire(Kind.RESIDENTS, "retired-without-row")
    ring.settle(Kind.RESIDENTS, frozenset({"written", "retired-with-row"}))
    assert ring.names(Kind.RESIDENTS) == {"written", "retired-with-row", "of-a-newer-database"}
    assert len(ring.key(Kind.RESIDENTS, "written")) == 32
    with pytest.raises(KeyGoneError):
        ring.key(Kind.RESIDENTS, "unwritten")


def test_unfinished_writes_are_cleared_away(tmp_path: Path, ring: KeyRing) -> None:
    leftover = tmp_path / "keys" / "residents" / "r1.pending.tmp"
    leftover.write_bytes(b"half")
    (tmp_path / "keys" / "site.key.tmp").write_bytes(b"half")
    again = KeyRing(tmp_path / "keys", create=False)
    assert not leftover.exists()
    assert len(kept(again, "r1")) == 32


@pytest.mark.parametrize("name", ["", "../site.key", "a/b", "a.pending", "ü", "a\0b"])
def test_a_key_name_is_no_path(ring: KeyRing, name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a key"):
        ring.make(Kind.RESIDENTS, name)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_bytes(b"a file where the folder should be")
    with pytest.raises(SecretError, match=f"{os.fspath(tmp_path / 'keys')} cannot be read or written"):
        KeyRing(tmp_path / "keys", create=True)
