"""How much the residents' pages take of whom, by itself."""

from pathlib import Path

import pytest

from custom_components.facegate import pages_gateway
from custom_components.facegate.pages_limits import ALL, EACH, REMEMBERED, Limit, Limits, visitor


def test_the_document_says_the_limits_that_hold() -> None:
    page = (Path(__file__).parents[2] / "docs" / "home-assistant" / "residents-pages.md").read_text(encoding="utf-8")
    for name, of in (("requests a minute", "a_minute"), ("in one go", "burst"), ("at the same time", "at_once")):
        assert f"| {name} | {getattr(EACH, of)} | {getattr(ALL, of)} |" in page
    assert f"| a body | {pages_gateway.MOST_SENT:,} bytes |" in page
    assert f"{pages_gateway.MOST_ANSWERED:,} bytes" in page
    assert f"an answer {pages_gateway.READING} s" in page.replace("\n", " ")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_and_all_are_limited_and_time_gives_back() -> None:
    clock = Clock()
    limits = Limits(Limit(2, 3, 60), Limit(3, 5, 600), clock)
    assert [limits.wait("a") for _ in range(4)] == [0, 0, 0, 1.0]
    assert [limits.wait("b") for _ in range(2)] == [0, 0]
    assert limits.wait("c") > 0, "all together have had theirs"
    clock.now = 1.0
    assert limits.wait("a") == 0
    assert limits.wait("a") > 0


def test_so_many_at_once_and_no_more() -> None:
    limits = Limits(Limit(2, 100, 60), Limit(3, 100, 60), Clock())
    with limits.inside("a"), limits.inside("a"):
        assert limits.wait("a") > 0
        with limits.inside("b"):
            assert limits.wait("c") > 0
    assert [limits.wait(one) for one in "abc"] == [0, 0, 0]


def test_a_flood_of_addresses_is_forgotten_and_stopped_by_the_limit_for_all() -> None:
    limits = Limits(EACH, ALL, Clock())
    let = sum(limits.wait(str(number)) == 0 for number in range(2 * REMEMBERED))
    assert let == ALL.burst


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "::ffff:203.0.113.7"),
    ],
)
def test_a_household_is_one_visitor(address: str, counted: str) -> None:
    assert visitor(address) == counted
