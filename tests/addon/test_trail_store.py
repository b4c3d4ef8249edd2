"""The trail at rest: whoever changes the database behind FaceGate's back is found out."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from facegate.adapters.store import Intent, Store
from facegate.cli import app
from facegate.cli.verify_log import SENTENCES
from facegate.core.audit import HOUSEKEEPING, Act
from facegate.core.models import Direction, Gate, Method, Reason
from facegate.core.trail import Break, Broken
from tests.parts.stores import Clock

_FORGED = """INSERT INTO access (id, kind, gate, direction, method, reason, at)
    VALUES ('f', 'opening', 'main', 'entry', 'face', 'recognised', 1)"""


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with Store.open(tmp_path / "data", clock=clock) as store:
        store.add_gate(Gate("main", "Main gate"))
        yield store


def visit(store: Store, number: int, clock: Clock) -> None:
    """Somebody is let in and passes: three states of one record."""
    name = f"{number:016x}"
    store.begin_opening(
        Intent(name, "main", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, clock(), "r1", note="looked")
    )
    store.finish_opening(name, "opened", "", clock() + 1)
    store.record_passage(name, gate="main", direction=Direction.ENTRY, passage="passed", at=clock() + 2)


def tamper(store: Store, *statements: str) -> None:
    """What somebody does who has the file: any SQL at all, while FaceGate is stopped."""
    store.close()
    connection = sqlite3.connect(store.data / "facegate.db")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_every_state_of_a_record_is_a_link_and_all_hold(store: Store, clock: Clock) -> None:
    for number in range(3):
        visit(store, number, clock)
    store.record_denial(
        gate="main", direction=Direction.ENTRY, method=Method.FACE, reason=Reason.UNKNOWN_FACE, at=clock()
    )
    proof = store.verify_trail()
    assert (proof.links, proof.broken) == (10, None)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE access SET resident = 'r2' WHERE id = '0000000000000001'", Break(6, Broken.CHANGED)),
        ("UPDATE access SET at = at - 3600 WHERE id = '0000000000000001'", Break(6, Broken.CHANGED)),
        ("UPDATE access SET note = x'00' WHERE id = '0000000000000001'", Break(6, Broken.CHANGED)),
        ("DELETE FROM access WHERE id = '0000000000000001'", Break(4, Broken.GONE)),
        ("UPDATE trail SET salt = NULL WHERE number = 6", Break(4, Broken.GONE)),
        ("UPDATE trail SET hash = randomblob(32) WHERE number = 5", Break(5, Broken.UNLINKED)),
        ("UPDATE trail SET commitment = randomblob(32) WHERE number = 5", Break(5, Broken.UNLINKED)),
        ("DELETE FROM trail WHERE number = 5", Break(5, Broken.MISSING)),
        ("DELETE FROM trail WHERE number > 6", Break(7, Broken.CUT)),
        ("UPDATE trail SET replaces = '[1]' WHERE number = 6", Break(4, Broken.GONE)),
        ("UPDATE checkpoints SET hash = randomblob(32)", Break(9, Broken.FORGED)),
        ("UPDATE checkpoints SET at = at - 1", Break(9, Broken.FORGED)),
        ("UPDATE checkpoints SET at = 'noon'", Break(9, Broken.FORGED)),
        ("DELETE FROM checkpoints", Break(10, Broken.GONE)),
        ("UPDATE trail SET replaces = 'x' WHERE number = 6", Break(4, Broken.GONE)),
        ("UPDATE trail SET hash = 'x' WHERE number = 5", Break(5, Broken.UNLINKED)),
        ("UPDATE trail SET salt = 'x' WHERE number = 6", Break(6, Broken.CHANGED)),
        (_FORGED, Break(4, Broken.ADDED, "access")),
    ],
)
def test_whoever_changes_the_file_is_found_out_at_the_first_place(
    store: Store, clock: Clock, statement: str, found: Break
) -> None:
    for number in range(3):
        visit(store, number, clock)
    store.checkpoint()
    tamper(store, statement)
    with Store.open(store.data, clock=clock) as again:
        assert again.verify_trail().broken == found


def test_a_trail_that_is_written_anew_contradicts_the_checkpoint_that_a_resident_kept(
    store: Store, clock: Clock
) -> None:
    visit(store, 1, clock)
    mine = store.checkpoint()
    assert mine is not None
    store.close()
    # Whoever has the box has its keys, too: they can write and sign another trail, but not unsay what was signed.
    tamper(store, "DELETE FROM access", "DELETE FROM trail", "DELETE FROM checkpoints")
    with Store.open(store.data, clock=clock) as again:
        visit(again, 2, clock)
        again.checkpoint()
        assert again.verify_trail().broken is None
        assert again.verify_trail([mine]).broken == Break(3, Broken.REWRITTEN)
        assert again.verify_trail([replace(mine, installation="0" * 32)]).broken == Break(3, Broken.FORGED)


def test_a_checkpoint_is_made_once_for_what_there_is(store: Store, clock: Clock) -> None:
    assert store.checkpoint() is None
    visit(store, 1, clock)
    first = store.checkpoint()
    assert first is not None
    assert (first.number, first.at) == (3, int(clock.now))
    assert store.checkpoint() is None
    assert store.checkpoints() == [first]


def test_what_retention_takes_leaves_the_trail_whole_and_no_salt_to_guess_by(store: Store, clock: Clock) -> None:
    visit(store, 1, clock)
    clock.now += 86400
    visit(store, 2, clock)
    assert store.forget_access(clock.now - 3600) == 1
    proof = store.verify_trail()
    assert (proof.links, proof.broken) == (8, None)  # 7 names those that are gone, 8 tells that it was done
    visit(store, 3, clock)
    tamper(store)
    connection = sqlite3.connect(store.data / "facegate.db")
    assert connection.execute("SELECT count(*) FROM trail WHERE number <= 3 AND salt IS NOT NULL").fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM trail WHERE ref = '0000000000000001'").fetchone() == (0,)
    connection.close()
    with Store.open(store.data, clock=clock) as again:
        assert again.verify_trail().broken is None
    tamper(again, "UPDATE trail SET record = json_set(record, '$.links', json('[1,2,3,4,5,6]')) WHERE kind = 'erasure'")
    with Store.open(store.data, clock=clock) as again:
        assert again.verify_trail().broken == Break(7, Broken.CHANGED)


def test_records_of_versions_without_a_trail_are_taken_into_it(store: Store, clock: Clock) -> None:
    visit(store, 1, clock)
    visit(store, 2, clock)
    tamper(store, "DELETE FROM trail")
    with Store.open(store.data, clock=clock) as again:
        assert again.verify_trail().links == 2
        assert again.verify_trail().broken is None


def test_an_opening_that_a_crash_cut_off_is_in_the_trail_as_such(store: Store, clock: Clock) -> None:
    store.begin_opening(Intent("0" * 16, "main", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, clock(), "r1"))
    store.close()
    with Store.open(store.data, clock=clock) as again:
        assert again.verify_trail().links == 2
        assert again.verify_trail().broken is None


def test_a_restart_takes_nothing_over_that_was_tampered_with(store: Store, clock: Clock) -> None:
    store.begin_opening(Intent("0" * 16, "main", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, clock(), "r1"))
    tamper(store, "UPDATE access SET resident = 'r2'")
    with Store.open(store.data, clock=clock) as again:
        assert again.verify_trail().broken == Break(1, Broken.CHANGED)


def test_what_was_tampered_with_and_goes_leaves_a_word_of_that(store: Store, clock: Clock) -> None:
    visit(store, 1, clock)
    visit(store, 2, clock)
    tamper(store, "UPDATE access SET resident = 'r2' WHERE id = '0000000000000001'")
    with Store.open(store.data, clock=clock) as again:
        assert again.forget_access(clock.now + 1) == 2
        assert again.verify_trail().broken is None
        assert [(deed.actor, deed.act, deed.many) for deed in again.acts()] == [
            (HOUSEKEEPING, Act.FORGOTTEN, 2),
            (HOUSEKEEPING, Act.FOUND_BROKEN, 1),
        ]


def verify_log(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["verify-log", *arguments])
    return result.exit_code, " ".join(result.output.split())


def test_the_command_proves_the_trail_or_names_the_first_broken_link(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    data, kept = str(store.data), tmp_path / "kept.json"
    visit(store, 1, clock)
    made = store.checkpoint()
    assert made is not None
    line = made.line(store.checkpoint_key())
    store.close()
    assert verify_log("--data", data, "--save", str(kept)) == (0, "4 links and 1 checkpoints hold.")
    assert verify_log("--data", data, "--checkpoint", str(kept))[0] == 0
    tamper(store, "UPDATE access SET resident = 'r2'")
    code, said = verify_log("--data", data)
    assert code == 1
    assert "the record of link 3 is not what it was" in said
    tamper(store, "DELETE FROM access", "DELETE FROM trail", "DELETE FROM checkpoints")
    assert verify_log("--data", data)[0] == 0
    code, said = verify_log("--data", data, "--checkpoint", str(kept))
    assert code == 1
    assert "the trail ends before link 1" in said
    kept.write_text(line + "\n")
    code, said = verify_log("--data", data, "--checkpoint", str(kept))
    assert code == 1
    assert "the trail ends before link 1" in said
    kept.write_text(line.replace("facegate-checkpoint/1", "facegate-deletion/1"))
    assert "holds no checkpoints" in verify_log("--data", data, "--checkpoint", str(kept))[1]
    kept.write_text("[{}]")
    code, said = verify_log("--data", data, "--checkpoint", str(kept))
    assert code == 1
    assert "holds no checkpoints" in said


def test_every_break_has_its_sentence() -> None:
    assert SENTENCES.keys() == set(Broken)
