"""What can go wrong with a data folder: each says so in one sentence, and nothing is lost."""

import resource
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from facegate.adapters.store import Store, StoreError
from tests.parts.stores import GATE, Clock, enrolled, intent, reopened

OPEN = """
import sys
from pathlib import Path
from facegate.adapters.store import Store, StoreError
try:
    Store.open(Path(sys.argv[1]))
except StoreError as error:
    print(error)
    sys.exit(3)
"""


def test_a_second_process_is_refused(store: Store) -> None:
    done = subprocess.run([sys.executable, "-c", OPEN, store.data], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "in use by another FaceGate (process" in done.stdout
    store.add_gate(GATE)
    store.close()
    with Store.open(store.data) as again:
        assert again.gates() == [GATE]


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.gates()


def snapshot(data: Path) -> dict[str, bytes]:
    return {str(p.relative_to(data)): p.read_bytes() for p in data.rglob("*") if p.is_file() and p.suffix != ".lock"}


def refused(data: Path, match: str) -> None:
    """The store does not open, says one sentence, and has changed nothing; nor does it hold the folder afterwards."""
    for _ in range(2):
        before = snapshot(data)
        with pytest.raises(StoreError, match=match) as caught:
            Store.open(data)
        assert "\n" not in str(caught.value)
        assert {name: content for name, content in snapshot(data).items() if not name.endswith(("-shm", "-wal"))} == {
            name: content for name, content in before.items() if not name.endswith(("-shm", "-wal"))
        }


def test_a_missing_site_key_is_not_replaced(store: Store) -> None:
    enrolled(store)
    store.close()
    key = store.data / "keys" / "site.key"
    kept = key.rename(store.data / "kept")
    refused(store.data, "site key .* is missing")
    kept.rename(key)
    with Store.open(store.data) as again:
        assert len(again.templates()) == 2


def test_a_damaged_site_key_is_not_replaced(store: Store) -> None:
    store.close()
    (store.data / "keys" / "site.key").write_bytes(b"short")
    refused(store.data, "site key .* is damaged")


def test_the_site_key_of_another_installation_is_refused(store: Store, tmp_path: Path) -> None:
    store.close()
    with Store.open(tmp_path / "other"):
        pass
    shutil.copy(tmp_path / "other" / "keys" / "site.key", store.data / "keys" / "site.key")
    refused(store.data, "does not belong to the database")


def test_a_damaged_database_is_left_as_it_is(store: Store) -> None:
    for number in range(200):
        store.begin_opening(intent(number))
    store.close()
    path = store.data / "facegate.db"
    whole = path.read_bytes()
    for damaged in (
        b"this is not a database, whatever its name says" * 100,
        whole[: len(whole) // 2],
        whole[:8192] + b"\xa5" * 8192 + whole[16384:],
    ):
        path.write_bytes(damaged)
        refused(store.data, r"is damaged .*restore it from a backup")
    path.write_bytes(whole)
    with Store.open(store.data) as again:
        assert len(again.access_log(300)) == 200


def test_a_database_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    with Store.open(tmp_path / "data"):
        pass
    path = tmp_path / "data" / "facegate.db"
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recipes (name)")
    other.commit()
    other.close()
    refused(tmp_path / "data", "not a database of FaceGate")


def test_one_damaged_resident_key_leaves_all_others_in(
    store: Store, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = enrolled(store), enrolled(store, "Resident 2", 5)
    (store.data / "keys" / "residents" / one.id).write_bytes(b"damaged")
    with reopened(store, clock) as again:
        assert again.residents() == [two]
        assert {template.resident for template in again.templates()} == {two.id}
        assert again.unreadable() == {one.id}
    assert f"erase them with 'facegate forget ID': {one.id}" in caplog.text


def test_a_data_folder_may_have_any_name(tmp_path: Path) -> None:
    data = tmp_path / "a b?c=d&e#f%20 门"
    for count in (1, 2):
        with Store.open(data) as store:
            assert store.next_boot() == count
    assert (data / "facegate.db").exists()


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"a file where the folder should be")
    with pytest.raises(StoreError, match="cannot be used"):
        Store.open(tmp_path / "data")


FILL_THE_DISK = """
import resource, sys
from pathlib import Path
from facegate.adapters.store import Intent, Store, StoreError
from facegate.core.models import Direction, Gate, Method, Reason

store = Store.open(Path(sys.argv[1]))
store.add_gate(Gate("main", "Main gate"))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
for number in range(100_000):
    try:
        store.begin_opening(
            Intent(f"{number:016x}", "main", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, float(number))
        )
    except StoreError as error:
        print(number)
        print(error)
        break
for limit in (40, 1000):  # too little for the key file, too little for the database
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        store.add_resident("Resident 1")
    except StoreError as error:
        print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.add_resident("Resident 2")
print([resident.name for resident in store.residents()])
"""


def test_a_full_disk_loses_nothing_and_says_so(tmp_path: Path) -> None:
    # A limit on the size of files stands for the disk: it needs no rights, and SQLite meets it in the same place.
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    done = subprocess.run(
        [sys.executable, "-c", FILL_THE_DISK, tmp_path / "data", "700000"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    stored, opening, key, row, residents = done.stdout.splitlines()
    for sentence in (opening, row):
        assert "is full or failing" in sentence
        assert "free some space" in sentence
    assert "check the disk's free space" in key
    assert residents == "['Resident 2']"
    with Store.open(tmp_path / "data") as store:
        assert [record.id for record in store.access_log(100_000)] == [
            f"{number:016x}" for number in reversed(range(int(stored)))
        ]
        (resident,) = store.residents()
        assert [path.name for path in (tmp_path / "data" / "keys" / "residents").iterdir()] == [resident.id]
