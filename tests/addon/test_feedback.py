"""What a gate shows to whoever stands there: one thing at a time, at its moment, and nothing late."""

import json
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from facegate.contract.verbs import HINTS
from facegate.core.challenge import Prompt
from facegate.core.feedback import AGAIN, PATTERNS, READ, SAID, SPACING, Feedback, Shown, pattern_of
from facegate.core.guidance import OF_FAULTS, Advice, advise, advise_after
from facegate.core.models import Reason, Verdict
from facegate.core.quality import GATE, assess
from tests.fakes.sight import Person, face


def test_every_word_has_a_pattern_that_a_node_knows() -> None:
    assert set(PATTERNS) == set(Advice)
    assert set(filter(None, PATTERNS.values())) <= set(HINTS)
    assert {pattern_of(verdict, reason) for verdict in Verdict for reason in Reason} <= set(HINTS)
    assert set(Prompt) <= set(Advice)


def test_every_fault_of_a_face_at_a_gate_says_what_helps() -> None:
    nothing_is_good_enough = replace(
        GATE, size=1e9, yaw=-1, pitch=-1, roll=-1, sharpness=1e9, dark=1e9, bright=-1, contrast=1e9
    )
    someone = face(Person("A", x=1, y=1))  # cut by the picture's edge, too
    found = assess(someone, np.zeros((112, 112, 3), np.uint8), (360, 640), nothing_is_good_enough).faults
    assert len(found) >= 9
    assert {*found, "mask"} <= set(OF_FAULTS)


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_every_word_has_a_text_in_both_languages(language: str) -> None:
    file = files("facegate.web.pages").joinpath("texts", f"{language}.json")
    texts = {key: text for key, text in json.loads(file.read_text("utf-8")).items() if key.startswith("prompt.")}
    assert set(texts) == {f"prompt.{advice}" for advice in Advice}
    assert all(text.endswith((".", "。")) for text in texts.values())


@pytest.mark.parametrize(
    ("faults", "advice"),
    [
        ((), ""),
        (("no_face",), ""),
        (("dark",), "too_dark"),
        (("turned", "small"), "come_closer"),
        (("blurred", "mask", "dark"), "take_off_mask"),
    ],
)
def test_the_gravest_fault_is_told(faults: tuple[str, ...], advice: str) -> None:
    assert advise(faults) == advice


@pytest.mark.parametrize(
    ("reason", "advice"),
    [(Reason.POOR_QUALITY, "too_dark"), (Reason.MASK, "take_off_mask"), (Reason.UNKNOWN_FACE, ""), (Reason.FAULT, "")],
)
def test_advice_is_given_where_it_helps(reason: Reason, advice: str) -> None:
    assert advise_after(reason, ("dark",)) == advice


@pytest.mark.parametrize(
    ("verdict", "reason", "pattern"),
    [
        (Verdict.GRANTED, Reason.RECOGNISED, "granted"),
        (Verdict.DENIED, Reason.UNKNOWN_FACE, "denied"),
        (Verdict.DENIED, Reason.MASK, "denied"),
        (Verdict.DENIED, Reason.SECOND_FACTOR_MISSING, "wait"),
        (Verdict.DENIED, Reason.NODE_BUSY, "wait"),
        (Verdict.DENIED, Reason.NODE_SILENT, "fault"),
        (Verdict.DENIED, Reason.FAULT, "fault"),
    ],
)
def test_what_was_decided_has_its_pattern(verdict: Verdict, reason: Reason, pattern: str) -> None:
    assert pattern_of(verdict, reason) == pattern


def test_a_prompt_is_shown_at_once_and_again_while_it_holds() -> None:
    gate = Feedback()
    assert gate.prompted("come_closer", 0.0) == "closer"
    assert gate.prompted("come_closer", 1.0) == ""
    assert gate.prompted("come_closer", AGAIN) == "closer"
    assert gate.prompted("turn_left", AGAIN + SPACING / 2) == ""
    assert gate.prompted("turn_left", AGAIN + SPACING) == "challenge_left"


def test_a_flickering_prompt_does_not_flood_the_node() -> None:
    gate = Feedback()
    words = ["look", "come_closer", "", "too_dark"]
    shown = [gate.prompted(words[frame % 4], frame / 15) for frame in range(15 * 60)]
    assert sum(map(bool, shown)) <= 60 / SPACING


def test_nothing_is_shown_where_nobody_is_asked() -> None:
    gate = Feedback()
    assert gate.prompted("", 0.0) == gate.prompted("press_button", 5.0) == ""
    assert gate.shown(5.0) == Shown("press_button", "")


def test_what_was_decided_comes_before_every_prompt_and_stands_for_a_while() -> None:
    gate = Feedback()
    gate.prompted("look", 0.0)
    assert gate.decided(Verdict.DENIED, Reason.UNKNOWN_FACE, "", 0.1) == "denied"
    assert gate.prompted("come_closer", 0.1 + SPACING) == ""
    assert gate.prompted("come_closer", 0.1 + SAID) == "closer"


def test_a_refusal_does_not_take_the_grant_from_whoever_walks_through() -> None:
    gate = Feedback()
    assert gate.decided(Verdict.GRANTED, Reason.RECOGNISED, "", 0.0) == "granted"
    assert gate.decided(Verdict.DENIED, Reason.UNKNOWN_FACE, "", 0.4) == ""
    assert gate.decided(Verdict.GRANTED, Reason.RECOGNISED, "", 0.6) == "granted"
    assert gate.decided(Verdict.DENIED, Reason.UNKNOWN_FACE, "", 0.6 + SAID) == "denied"


def test_a_page_says_what_helps_after_a_refusal_and_then_no_more() -> None:
    gate = Feedback()
    gate.decided(Verdict.DENIED, Reason.MASK, "take_off_mask", 10.0)
    assert gate.shown(10.0) == Shown("take_off_mask", "denied")
    assert gate.shown(10.0 + READ) == Shown()
    gate.prompted("look", 20.0)
    assert gate.shown(20.0) == Shown("look", "look")
    assert gate.shown(20.0 + AGAIN) == Shown()
