"""When a frame was captured, by its stream's time and the camera's own clock: never newer than it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.adapters.capture_clock import DRIFT, FORGET, SLACK, CaptureClock


@given(
    offset=st.floats(-1e6, 1e6),
    delays=st.lists(st.floats(0, 10), min_size=1, max_size=50),
    step=st.floats(0.01, 0.2),
)
def test_a_delay_never_makes_an_old_frame_look_new(offset: float, delays: list[float], step: float) -> None:
    clock = CaptureClock()
    arrival = last = float("-inf")
    for number, delay in enumerate([0.0, *delays]):
        capture = offset + number * step
        arrival = max(arrival, capture + delay)
        told = clock.captured_at(number * step, arrival)
        assert last <= told + 1e-6
        assert told <= arrival + 1e-6
        assert -1e-6 <= told - capture <= (arrival - offset) * DRIFT + 1e-6
        last = told


def test_a_camera_with_a_slow_clock_is_followed() -> None:
    clock = CaptureClock()
    told = [clock.captured_at(number * 0.04 * (1 - DRIFT / 2), number * 0.04) for number in range(25 * 3600)]
    assert told[-1] == pytest.approx((25 * 3600 - 1) * 0.04, abs=0.01)


def frames_late_by(clock: CaptureClock, delay: float, began: float, *, ahead: float = 1e9, tells: bool = True) -> float:
    """A second of a new connection whose frames all come ``delay`` late; by how much too new the last one looks."""
    clock.connect()
    told = capture = 0.0
    for number in range(25):
        capture = began + number * 0.04
        told = clock.captured_at(number * 0.04, capture + delay, capture + ahead if tells else None)
    return told - capture


def test_the_cameras_clock_is_remembered_over_connections() -> None:
    clock = CaptureClock()
    assert frames_late_by(clock, 0.1, 100) == pytest.approx(0.1, abs=0.01)
    assert frames_late_by(clock, 5.0, 102, tells=False) == pytest.approx(5.0, abs=0.01)  # nobody can know yet
    assert frames_late_by(clock, 5.0, 104) == pytest.approx(0.1 + SLACK, abs=0.01)


def test_after_a_late_connection_the_cameras_clock_has_to_bear_the_next_one_out() -> None:
    clock = CaptureClock()
    frames_late_by(clock, 0.1, 100)
    clock.late()
    frames_late_by(clock, 0.1, 102, tells=False)
    assert not clock.live
    frames_late_by(clock, 0.1, 104)
    assert clock.live


def test_a_camera_that_never_tells_the_time_is_not_waited_for() -> None:
    clock = CaptureClock()
    frames_late_by(clock, 0.1, 100, tells=False)
    clock.late()
    frames_late_by(clock, 0.1, 102, tells=False)
    assert clock.live


@pytest.mark.parametrize("ahead", [1e9 - 3600, 1e9 + 3600])
def test_a_camera_that_has_set_its_clock_is_not_late(ahead: float) -> None:
    clock = CaptureClock()
    frames_late_by(clock, 0.1, 100)
    assert frames_late_by(clock, 0.1, 102, ahead=ahead) == pytest.approx(0.1, abs=0.01)


def test_a_clock_that_is_set_while_connected_makes_no_frame_late_or_new() -> None:
    clock = CaptureClock()
    frames_late_by(clock, 0.1, 100)
    clock.captured_at(1.0, 101.1, 101.0 + 1e9 - 7)  # seven seconds back
    assert frames_late_by(clock, 0.1, 102, ahead=1e9 - 7) == pytest.approx(0.1, abs=0.01)
    assert frames_late_by(clock, 5.0, 104, ahead=1e9 - 7) == pytest.approx(0.1 + SLACK, abs=0.01)


def test_a_camera_that_was_away_for_long_may_have_another_clock() -> None:
    clock = CaptureClock()
    frames_late_by(clock, 0.1, 100)
    assert frames_late_by(clock, 0.1, 100 + 2 * FORGET, ahead=1e9 - 7) == pytest.approx(0.1, abs=0.01)
