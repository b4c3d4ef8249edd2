"""The one-time code: who gets in with it, and who does not."""

import re
from pathlib import Path

import pytest

from facegate.contract.messages import prove
from facegate.web.pairing import LIFE, TRIES, Pairing
from tests.parts.web import API_URL, LOCAL_TOKEN, Clock, running_site

WRONG = "ZZZZ-ZZZZ-ZZZZ"


def test_a_code_has_60_bits_in_three_groups_that_nobody_misreads() -> None:
    pairing = Pairing()
    codes = {pairing.make_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}", code) for code in codes)


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(lambda code: code, id="as printed"),
        pytest.param(lambda code: code.lower(), id="in small letters"),
        pytest.param(lambda code: code.replace("-", ""), id="without dashes"),
        pytest.param(lambda code: f"  {code.replace('-', ' ')}\n", id="with spaces"),
        pytest.param(lambda code: code.replace("0", "O").replace("1", "l"), id="misread"),
    ],
)
def test_a_code_is_taken_as_people_type_it(typed) -> None:
    for _ in range(20):  # enough that 0 and 1 occur
        pairing = Pairing()
        assert pairing.accept(typed(pairing.make_code()))


def test_a_code_works_once() -> None:
    pairing = Pairing()
    code = pairing.make_code()
    assert pairing.accept(code)
    assert not pairing.accept(code)


@pytest.mark.parametrize(("age", "good"), [(0.0, True), (LIFE - 1, True), (LIFE, False), (LIFE * 10, False)])
def test_a_code_dies_after_ten_minutes(age: float, good: bool) -> None:
    clock = Clock()
    pairing = Pairing(clock)
    code = pairing.make_code()
    clock.now += age
    assert pairing.accept(code) is good


def test_a_new_code_voids_the_old_one() -> None:
    pairing = Pairing()
    old, new = pairing.make_code(), pairing.make_code()
    assert not pairing.accept(old)
    assert pairing.accept(new)


@pytest.mark.parametrize(("wrong", "good"), [(TRIES - 1, True), (TRIES, False)])
def test_a_code_is_void_after_five_wrong_tries(wrong: int, good: bool) -> None:
    pairing = Pairing()
    code = pairing.make_code()
    assert not any(pairing.accept(WRONG) for _ in range(wrong))
    assert pairing.accept(code) is good


@pytest.mark.parametrize("typed", ["", "-", "é" * 12, "0" * 39, "😀"])
def test_nonsense_is_no_code(typed: str) -> None:
    pairing = Pairing()
    pairing.make_code()
    assert not pairing.accept(typed)


def test_nothing_is_accepted_where_no_code_was_made() -> None:
    assert not Pairing().accept("")


async def test_pairing_yields_all_that_home_assistant_needs(tmp_path: Path) -> None:
    async with running_site(tmp_path) as site:
        reply = await site.ask("POST", "/pair", {"code": site.services.pairing.make_code(), "name": "Home Assistant"})
        assert reply.status == 201
        paired = reply.content
        assert paired["installation"] == site.store.installation
        assert paired["event_key"] == site.store.event_key().hex()
        assert (paired["site"], paired["api"], paired["mqtt_prefix"]) == ("home", API_URL, "facegate/home")
        assert paired["scopes"] == ["manage", "open", "persons", "press", "read"]
        assert (await site.ask("GET", "/gates", token=paired["token"])).status == 200
        listed = (await site.ask("GET", "/tokens", token=paired["token"])).content
        assert listed == [{"id": paired["token_id"], "name": "Home Assistant", "scopes": paired["scopes"]}]


def contents(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.rglob("*") if file.is_file()]


async def test_the_token_itself_is_nowhere_in_the_data_folder(tmp_path: Path) -> None:
    async with running_site(tmp_path) as site:
        token = await site.pair()
    assert not any(token.encode() in content for content in contents(tmp_path))


async def test_wrong_used_and_expired_codes_get_the_same_answer(tmp_path: Path) -> None:
    async with running_site(tmp_path) as site:
        code = site.services.pairing.make_code()
        answers = [await site.ask("POST", "/pair", {"code": WRONG, "name": "x"})]
        assert (await site.ask("POST", "/pair", {"code": code, "name": "x"})).status == 201
        answers.append(await site.ask("POST", "/pair", {"code": code, "name": "x"}))
        late = site.services.pairing.make_code()
        site.clock.now += LIFE
        answers.append(await site.ask("POST", "/pair", {"code": late, "name": "x"}))
        assert [answer.problem() for answer in answers] == ["pairing_refused"] * 3
        assert {(answer.status, answer.raw) for answer in answers} == {(403, answers[0].raw)}
        assert len(site.store.tokens()) == 1


async def test_guessing_is_stopped_and_the_right_code_is_gone_with_it(tmp_path: Path) -> None:
    async with running_site(tmp_path) as site:
        code = site.services.pairing.make_code()
        replies = [await site.ask("POST", "/pair", {"code": WRONG, "name": "x"}) for _ in range(15)]
        assert [reply.status for reply in replies] == [403] * 10 + [429] * 5
        assert replies[-1].problem() == "rate_limited"
        assert int(replies[-1].headers["Retry-After"]) > 0
        reply = await site.ask("POST", "/pair", {"code": code, "name": "x"})
        assert reply.problem() == "rate_limited"
        assert site.store.tokens() == []


async def test_scopes_may_be_asked_for_but_not_the_machines_own(tmp_path: Path) -> None:
    async with running_site(tmp_path) as site:
        token = await site.pair("read")
        assert (await site.ask("POST", "/gates", {"name": "Front"}, token=token)).problem() == "forbidden"
        reply = await site.ask(
            "POST", "/pair", {"code": site.services.pairing.make_code(), "name": "x", "scopes": ["local"]}
        )
        assert reply.problem() == "invalid"


async def test_each_start_puts_a_new_code_into_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    codes = []
    for name in ("Home Assistant", "Home Assistant, set up anew"):
        caplog.clear()
        async with running_site(tmp_path) as site:
            [code] = re.findall(r"Pairing code for Home Assistant[^:]*: ([0-9A-Z-]{14})", caplog.text)
            assert (await site.ask("POST", "/pair", {"code": code, "name": name})).status == 201
        codes.append(code)
    assert len(set(codes)) == 2


async def test_no_token_of_a_pairing_makes_codes(tmp_path: Path) -> None:
    async with running_site(tmp_path) as site:
        paired = await site.pair()
        assert (await site.ask("POST", "/pairing-codes", token=paired)).problem() == "forbidden"
        assert (await site.ask("POST", "/pairing-codes")).problem() == "unauthenticated"
        made = await site.ask("POST", "/pairing-codes", token=LOCAL_TOKEN)
        assert (made.status, made.content["minutes"]) == (201, 10)
        body = {"code": made.content["code"], "name": "Second"}
        assert (await site.ask("POST", "/pair", body)).status == 201


async def test_a_revoked_token_is_worth_nothing(tmp_path: Path) -> None:
    async with running_site(tmp_path) as site:
        token = await site.pair()
        [listed] = (await site.ask("GET", "/tokens", token=token)).content
        assert (await site.ask("DELETE", f"/tokens/{listed['id']}", token=token)).status == 204
        assert (await site.ask("GET", "/gates", token=token)).problem() == "unauthenticated"


async def test_the_proof_binds_nonce_installation_and_address(tmp_path: Path) -> None:
    nonce = "0123456789abcdef" * 2
    async with running_site(tmp_path) as site:
        answer = (await site.ask("GET", f"/proof?nonce={nonce}")).content
        assert answer["api"] == API_URL
        key = site.store.event_key()
        right = {"nonce": nonce, "installation": site.store.installation, "api": API_URL}
        assert answer["proof"] == prove(key, **right)
        for change in (
            {"nonce": "f" * 32},
            {"installation": "0" * 32},
            {"api": "http://elsewhere.example:8711"},
        ):
            assert answer["proof"] != prove(key, **right | change)
        assert (await site.ask("GET", "/proof")).problem() == "invalid"
        assert (await site.ask("GET", "/proof?nonce=short")).problem() == "invalid"
