"""What an owner may set, and what happens when it cannot be used."""

from pathlib import Path

import pytest

from facegate.settings import Broker, SettingsError, make_settings, read_options


def test_options_become_settings(tmp_path: Path) -> None:
    settings = make_settings(
        {"site": "lane-5", "mqtt_host": "broker", "mqtt_port": "8883", "mqtt_tls": True, "threads": 2}, data=tmp_path
    )
    assert settings.site == "lane-5"
    assert settings.broker == Broker(host="broker", port=8883, tls=True)
    assert settings.inference.threads == 2
    assert settings.data == tmp_path


def test_empty_options_mean_the_default() -> None:
    assert make_settings({"mqtt_host": "", "mqtt_username": None}).broker == Broker()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"site": "Main Site"}, "site"),
        ({"mqtt_port": 70000}, "mqtt_port"),
        ({"mqtt_port": "many"}, "mqtt_port"),
        ({"mqtt_tls": "yes please"}, "mqtt_tls"),
        ({"provider": "TPU"}, "provider"),
        ({"decoding": "steam"}, "decoding"),
        ({"threads": -1}, "threads"),
        ({"colour": "blue"}, "colour"),
        ({"log_level": "loud"}, "log_level"),
    ],
)
def test_a_mistake_is_named_in_one_sentence(options: dict[str, object], named: str) -> None:
    with pytest.raises(SettingsError) as error:
        make_settings(options)
    assert named in str(error.value)
    assert "\n" not in str(error.value)


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        make_settings({"site": "?", "threads": 99})
    assert "site" in str(error.value)
    assert "threads" in str(error.value)


@pytest.mark.parametrize("content", ["{", "[1]", '"text"', b"\xff\xfe"])
def test_a_broken_options_file_is_named(tmp_path: Path, content: str | bytes) -> None:
    file = tmp_path / "options.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsError, match=r"options\.json"):
        read_options(file)


def test_no_options_file_is_no_options(tmp_path: Path) -> None:
    assert read_options(tmp_path / "options.json") == {}


def test_a_password_is_not_shown() -> None:
    assert "secret-word" not in repr(make_settings({"mqtt_password": "secret-word"}))
