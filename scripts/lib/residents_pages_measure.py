"""The residents' pages through a real Home Assistant: a phone's browser enrols, and how much later a page comes.

    scripts/measure residents-pages [--count 300] [--screenshots FOLDER]

A real core behind a proxy that speaks HTTPS, a real Mosquitto, the recognizer, and Chromium with a film for a camera.
Times are those of plain HTTP on this machine, asked for in turn: from the recognizer's own listener, and through Home
Assistant. About two minutes.
"""

import argparse
import asyncio
import json
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import aiohttp
from home_assistant_world import House, house
from playwright.async_api import Page, async_playwright
from yarl import URL

from facegate.adapters import local_access
from tests.parts import fake_camera
from tests.parts.broker import free_port

PIECE = 65_536
ALONE = 90
"""Requests in one go; Home Assistant lets a visitor ask 200."""
FORM = {"X-FaceGate-Form": "", "Content-Type": "application/json"}


def main() -> int:
    """Walk and measure."""
    parser = argparse.ArgumentParser(description="The residents' pages through Home Assistant.")
    parser.add_argument("--count", type=int, default=300, help="how often each page is asked for, each way")
    parser.add_argument("--screenshots", type=Path, help="a folder for pictures of the walk")
    wanted = parser.parse_args()
    if wanted.screenshots is not None:
        wanted.screenshots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        with house(folder, {"main": "Main gate"}, residents=2) as built:
            print("Home Assistant runs; the pages are switched on as an owner does", flush=True)
            outside = f"https://localhost:{port}"
            switch_on(built, outside)
            asyncio.run(walk(built, folder, port, wanted.count, wanted.screenshots))
    return 0


def switch_on(built: House, outside: str) -> None:
    """Give Home Assistant an address of its own, and go through the integration's options."""
    home = built.home
    home.command("config/core/update", external_url=outside)
    [entry] = home.entries("facegate")
    menu = home.begin_options(entry["entry_id"])
    done = home.fill_options(home.fill_options(menu, next_step_id="pages"), residents_pages=True)
    assert done["type"] == "create_entry", done
    home.wait_for(lambda: home.entries("facegate")[0]["state"] == "loaded", "the entry is not loaded again")


async def walk(built: House, folder: Path, port: int, count: int, shots: Path | None) -> None:
    """Enrol in a browser, then ask for pages both ways."""
    access = await asyncio.to_thread(local_access.find, built.recognizer.data)
    assert access is not None
    owner = {"Authorization": f"Bearer {access.token}"}
    async with aiohttp.ClientSession() as session, tls_door(folder, port, built.home.port):

        async def link(resident: str, kind: str) -> str:
            url = f"{access.url}/api/v1/residents/{resident}/links"
            async with session.post(url, json={"kind": kind}, headers=owner) as made:
                return str((await made.json())["url"])

        async with session.get(f"{access.url}/api/v1/residents", headers=owner) as listed:
            first, second = [one["id"] for one in (await listed.json())[:2]]
        invitation = await link(first, "invitation")
        assert invitation.startswith(f"https://localhost:{port}/api/facegate/pages/"), invitation
        print(f"an invitation leads to {invitation.partition('#')[0]}")
        await enrol(invitation, folder, shots)
        async with session.get(f"{access.url}/api/v1/residents/{first}", headers=owner) as told:
            state = (await told.json())["state"]
        print(f"the resident is {state}")
        assert state == "enrolled"
        personal = await link(second, "personal")
        await compare(built, URL(personal), port, count)


async def enrol(url: str, folder: Path, shots: Path | None) -> None:
    """From the link to a face that the gates know."""
    film = await asyncio.to_thread(fake_camera.film, folder / "film.mjpeg")

    async def shoot(page: Page, name: str) -> None:
        if shots is not None:
            await page.screenshot(path=shots / f"{name}.png", full_page=True)

    faults: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=fake_camera.arguments(film)
        )
        context = await browser.new_context(viewport={"width": 390, "height": 844}, ignore_https_errors=True)
        await context.grant_permissions(["camera"])
        page = await context.new_page()
        page.set_default_timeout(90_000)
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        begun = time.monotonic()
        await page.goto(url)
        await shoot(page, "1-arrived")
        await page.click("#begin")
        await page.wait_for_selector("[data-level=standard]")
        await shoot(page, "2-choice")
        await page.click("[data-level=standard]")
        await shoot(page, "3-notice")
        await page.click("#agreeing button:not([data-back])")
        await page.wait_for_selector("[data-view=left].got")
        await shoot(page, "4-looking")
        await page.wait_for_selector("#done:not([hidden])")
        print(f"enrolled in {time.monotonic() - begun:.1f} s of the browser's time")
        await shoot(page, "5-done")
        await page.click("#own-link")
        await page.wait_for_selector("nav")
        await shoot(page, "6-own")
        secure = await page.evaluate("isSecureContext")
        print(f"a secure context: {secure}; faults told by the browser: {faults}")
        assert secure
        assert not faults
        await browser.close()


async def compare(built: House, personal: URL, port: int, count: int) -> None:
    """Ask for the same pages both ways in turn, each way with its own session."""
    direct = URL(f"http://127.0.0.1:{built.recognizer.residents_port}/")
    through = URL(f"http://127.0.0.1:{built.home.port}").joinpath(*personal.path.split("/")[1:-1]) / ""
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        ways: list[tuple[URL, dict[str, str]]] = []
        for base, host in ((direct, {}), (through, {"Host": f"localhost:{port}"})):
            body = json.dumps({"secret": personal.fragment})
            async with session.post(base / "session", data=body, headers={**FORM, **host}) as opened:
                cookie = opened.headers["Set-Cookie"].split(";")[0]
            ways.append((base, {"Cookie": cookie, **host}))
        print(f"\n{'page':22}{'way':18}{'count':>7}{'median ms':>12}{'p95 ms':>10}")
        for page in ("", "static/pages.js", "history"):
            times = await asked(session, ways, page, count)
            for way, values in zip(("recognizer", "Home Assistant"), times, strict=True):
                p95 = quantiles(values, n=20, method="inclusive")[-1]
                print(f"{page or '(own page)':22}{way:18}{len(values):7}{median(values):12.2f}{p95:10.2f}")
            added = [later - sooner for sooner, later in zip(*times, strict=True)]
            p95 = quantiles(added, n=20, method="inclusive")[-1]
            print(f"{'':22}{'added':18}{len(added):7}{median(added):12.2f}{p95:10.2f}")

        base, headers = ways[1]
        for page in ("", "static/pages.js"):
            before = worked(built.home.pid)
            for _ in range(ALONE):
                async with session.get(base.join(URL(page)) if page else base, headers=headers) as answer:
                    await answer.read()
                    assert answer.status == 200, answer.status
            spent = 1000 * (worked(built.home.pid) - before) / ALONE
            print(
                f"{page or '(own page)':22}{'loop of Home Assistant':25}{ALONE} times, {spent:.2f} ms of processor each"
            )


def worked(pid: int) -> float:
    """Seconds of processor that the thread of Home Assistant's loop has had, as the kernel counts them."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9


async def asked(
    session: aiohttp.ClientSession, ways: list[tuple[URL, dict[str, str]]], page: str, count: int
) -> list[list[float]]:
    """Milliseconds of each answer, by way; no faster than Home Assistant lets a visitor ask."""
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(count):
        for place, (base, headers) in enumerate(ways):
            begun = time.perf_counter()
            async with session.get(base.join(URL(page)) if page else base, headers=headers) as answer:
                await answer.read()
                assert answer.status == 200, answer.status
            times[place].append(1000 * (time.perf_counter() - begun))
        await asyncio.sleep(0.1)
    return times


@asynccontextmanager
async def tls_door(folder: Path, port: int, behind: int) -> AsyncIterator[None]:
    """A proxy that speaks HTTPS and hands on bytes, as simple as they come."""
    certificate, key = folder / "door.pem", folder / "door.key"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key)]
    await asyncio.to_thread(
        subprocess.run, [*command, "-out", str(certificate), *subject], check=True, capture_output=True
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def hand(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(PIECE):
                writer.write(piece)
                await writer.drain()
        except ConnectionError, ssl.SSLError:
            pass  # whoever has gone is gone
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner: Any = await asyncio.open_connection("127.0.0.1", behind)
        await asyncio.gather(hand(reader, inner[1]), hand(inner[0], writer))

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=context)
    try:
        yield
    finally:
        server.close()


if __name__ == "__main__":
    sys.exit(main())
