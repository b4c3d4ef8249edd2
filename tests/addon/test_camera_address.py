"""What of a camera's address may be seen, and what is a camera on the network."""

from hypothesis import given
from hypothesis import strategies as st

from facegate.adapters.camera import is_network
from facegate.adapters.camera_state import redact

_ANY = st.text(min_size=1, max_size=20)


@given(
    kind=st.sampled_from(["rtsp", "RTSPS", "http", "https", "gopher"]),
    user=_ANY,
    password=_ANY,
    path=st.text(max_size=20),
)
def test_redact_shows_host_and_port_at_the_most(kind: str, user: str, password: str, path: str) -> None:
    kept = kind.lower()
    shown = {f"{kept}://…", f"{kept}://camera.example:554", f"{kept}://camera.example:554/…"}
    assert redact(f"{kind}://{user}:{password}@camera.example:554/{path}") in shown
    assert redact(f"{kind}://camera.example:554/{path}?user={user}&password={password}") in shown
    assert redact(f"{user}:{password}@camera.example:554/{path}".replace("://", "")) == "…"


def test_redact_keeps_what_tells_cameras_apart() -> None:
    assert redact("rtsp://a:b@10.0.0.7:8554/live/main?token=c") == "rtsp://10.0.0.7:8554/…"
    assert redact("rtsp://10.0.0.7") == "rtsp://10.0.0.7"
    assert redact("rtsp://a:b@[fe80::1]:554/x") == "rtsp://[fe80::1]:554/…"
    assert redact("rtsp://a:b/c@10.0.0.7/live") == "rtsp://…"
    assert redact("/media/door.mp4") == redact("file:///media/door.mp4") == "/media/door.mp4"


def test_what_is_a_camera_on_the_network() -> None:
    assert is_network("rtsp://10.0.0.7/live")
    assert is_network("HTTP://10.0.0.7/live")
    assert not is_network("/media/door.mp4")
    assert not is_network("file:///media/door.mp4")
    assert not is_network("demo://1")
