"""The trail: what was changed, taken out, rewritten or cut off is found, at the first place."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.trail import Break, Broken, Checkpoint, Kept, Link, canonical, commit, first_break


def trail(count: int, word: str = "granted") -> tuple[list[Link], dict[int, Kept]]:
    links: list[Link] = []
    kept: dict[int, Kept] = {}
    for number in range(1, count + 1):
        kept[number] = Kept(bytes([number % 256]) * 32, canonical({"what": word, "number": number}))
        links.append(Link.after(links[-1] if links else None, commit(kept[number])))
    return links, kept


def mark(link: Link, at: int = 1) -> Checkpoint:
    return Checkpoint("0" * 32, link.number, link.hash, at)


def never(_: int) -> bool:
    return False


@given(count=st.integers(0, 40))
def test_an_honest_trail_holds(count: int) -> None:
    links, kept = trail(count)
    assert first_break(links, kept.get, never, [mark(link) for link in links[::3]]) is None


@given(count=st.integers(1, 40), data=st.data())
def test_a_changed_record_is_named(count: int, data: st.DataObject) -> None:
    links, kept = trail(count)
    number = data.draw(st.integers(1, count))
    kept[number] = replace(kept[number], content=kept[number].content.replace(b"granted", b"denied"))
    assert first_break(links, kept.get, never) == Break(number, Broken.CHANGED)


@given(count=st.integers(2, 40), data=st.data())
def test_a_link_taken_out_is_named(count: int, data: st.DataObject) -> None:
    links, kept = trail(count)
    number = data.draw(st.integers(1, count - 1))
    del links[number - 1]
    assert first_break(links, kept.get, never) == Break(number, Broken.MISSING)


def test_a_link_taken_out_and_the_rest_renumbered_is_named() -> None:
    links, kept = trail(5)
    del links[2]
    links = [replace(link, number=number) for number, link in enumerate(links, 1)]
    kept = {1: kept[1], 2: kept[2], 3: kept[4], 4: kept[5]}
    assert first_break(links, kept.get, never) == Break(3, Broken.UNLINKED)


def test_a_record_that_is_gone_without_a_reason_is_named_and_an_erased_one_is_not() -> None:
    links, kept = trail(5)
    del kept[3]
    assert first_break(links, kept.get, never) == Break(3, Broken.GONE)
    assert first_break(links, kept.get, lambda number: number == 3) is None


def test_a_trail_that_was_written_anew_is_told_by_a_checkpoint_that_somebody_kept() -> None:
    links, _ = trail(5)
    checkpoint = mark(links[3])
    rewritten, kept = trail(5, "denied")
    assert first_break(rewritten, kept.get, never) is None
    assert first_break(rewritten, kept.get, never, [checkpoint]) == Break(4, Broken.REWRITTEN)


def test_a_trail_that_was_rolled_back_is_told_by_a_checkpoint_that_somebody_kept() -> None:
    links, kept = trail(5)
    assert first_break(links[:3], kept.get, never, [mark(links[4])]) == Break(4, Broken.CUT)
    assert first_break([], kept.get, never, [mark(links[4])]) == Break(1, Broken.CUT)


def test_a_checkpoint_that_the_site_has_not_signed_is_named() -> None:
    links, kept = trail(5)
    assert first_break(links, kept.get, never, [mark(links[2])], lambda _: False) == Break(3, Broken.FORGED)


def test_what_is_signed_is_one_line_that_names_all_of_it() -> None:
    checkpoint = Checkpoint("ab" * 16, 7, bytes(range(32)), 1_800_000_000)
    assert checkpoint.statement == (
        b"facegate-checkpoint/1 " + b"ab" * 16 + b" 7 " + bytes(range(32)).hex().encode() + b" 1800000000"
    )


def test_a_commitment_hides_what_can_be_guessed() -> None:
    guess = canonical({"resident": "one of two"})
    assert commit(Kept(b"a" * 32, guess)) != commit(Kept(b"b" * 32, guess))
    with pytest.raises(ValueError, match="salt"):
        commit(Kept(b"", guess))


def test_a_record_is_written_in_one_way() -> None:
    assert canonical({"b": 1, "a": "é"}) == canonical({"a": "é", "b": 1}) == '{"a":"é","b":1}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": float("nan")})
