"""Registries and a web server of our own on loopback, that the ordinary clients (pip, npm) really talk to."""

import base64
import hashlib
import io
import json
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


class Server:
    """Serves ``pages`` (path → status, bytes, headers) over HTTP and counts what was asked for."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self.asked: list[str] = []
        pages, asked = self.pages, self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the standard library's name
                asked.append(self.path)
                status, content, headers = pages.get(self.path, (404, b"", {}))
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(content))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_) -> None:
                """Say nothing: tests look at ``asked``."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def serve(self, path: str, content: bytes, *, status: int = 200, **headers: str) -> str:
        """Serve ``content`` and return its address."""
        self.pages[path] = (status, content, {name.replace("_", "-"): value for name, value in headers.items()})
        return self.url + path

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def wheel(name: str, version: str, members: dict[str, bytes]) -> tuple[str, bytes]:
    """A wheel that pip accepts: its file name and bytes."""
    info = f"{name}-{version}.dist-info"
    everything = members | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for member, data in everything.items():
            archive.writestr(zipfile.ZipInfo(member), data)
    return f"{name}-{version}-py3-none-any.whl", content.getvalue()


def _tar(members: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for member, data in members.items():
            entry = tarfile.TarInfo(member)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return content.getvalue()


def sdist(name: str, version: str, members: dict[str, bytes]) -> tuple[str, bytes]:
    """An sdist whose build back end leaves ``ran`` beside the folder that pip was told to fill: its name and bytes."""
    backend = f"""
import os, pathlib
pathlib.Path(os.environ["FACEGATE_TEST_RAN"]).touch()
def prepare_metadata_for_build_wheel(folder, settings=None):
    info = pathlib.Path(folder) / "{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
    return info.name
def get_requires_for_build_wheel(settings=None):
    return []
"""
    root = f"{name}-{version}"
    everything = {
        f"{root}/PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{root}/pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        f"{root}/backend.py": backend.encode(),
    } | {f"{root}/{member}": data for member, data in members.items()}
    return f"{root}.tar.gz", _tar(everything)


def serve_npm(server: Server, name: str, version: str, members: dict[str, bytes]) -> bytes:
    """Serve an npm package and return its archive."""
    manifest = {"name": name, "version": version, "scripts": {"prepack": "exit 1", "preinstall": "exit 1"}}
    archive = _tar({"package/package.json": json.dumps(manifest).encode()} | members)
    address = server.serve(f"/{name}/-/{name}-{version}.tgz", archive)
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    card = {
        "name": name,
        "dist-tags": {"latest": version},
        "versions": {version: manifest | {"dist": {"tarball": address, "integrity": integrity}}},
    }
    server.serve(f"/{name}", json.dumps(card).encode(), Content_Type="application/json")
    return archive
