"""``facegate run``: the recognizer, until it is told to stop."""

import asyncio
import logging
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from facegate.cli.console import notes, stop, stops_at


def run(
    data: Annotated[Path | None, typer.Option(help="Folder for the store and the keys.")] = None,
    options: Annotated[Path | None, typer.Option(help="Settings as a JSON file, as the app writes it.")] = None,
    site: Annotated[str | None, typer.Option(help="Name of the site on the broker.")] = None,
    mqtt_host: Annotated[str | None, typer.Option(help="The broker's address.")] = None,
    mqtt_port: Annotated[int | None, typer.Option(help="The broker's port.")] = None,
    mqtt_username: Annotated[str | None, typer.Option()] = None,
    mqtt_password: Annotated[str | None, typer.Option(envvar="FACEGATE_MQTT_PASSWORD")] = None,
    mqtt_tls: Annotated[bool | None, typer.Option(help="Speak TLS with the broker.")] = None,
    mqtt_ca_file: Annotated[
        str | None, typer.Option(help="The authority that signed the broker's certificate.")
    ] = None,
    api_host: Annotated[str | None, typer.Option(help="Address the API listens on.")] = None,
    api_port: Annotated[int | None, typer.Option(help="Port of the API.")] = None,
    api_url: Annotated[str | None, typer.Option(help="The API's address as Home Assistant reaches it.")] = None,
    ingress_port: Annotated[int | None, typer.Option(help="Port of the pages.")] = None,
    residents_port: Annotated[int | None, typer.Option(help="Port of the residents' own pages.")] = None,
    residents_url: Annotated[
        str | None, typer.Option(help="The address of the residents' pages as phones reach it.")
    ] = None,
    residents_certificate: Annotated[
        str | None, typer.Option(help="A PEM file with which the residents' pages speak HTTPS.")
    ] = None,
    residents_key: Annotated[str | None, typer.Option(help="The PEM file with that certificate's key.")] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(help="A file whose first line is the passphrase of the site key.")
    ] = None,
    local_pages: Annotated[
        bool, typer.Option("--local-pages", help="Let this machine see the pages without Home Assistant.")
    ] = False,
    trial_nodes: Annotated[
        bool, typer.Option(help="Run the nodes of trial gates here; without, to try a node that you have compiled.")
    ] = True,
    trust_clock: Annotated[
        bool | None, typer.Option(help="Tell gates the time though the system does not say that its clock is right.")
    ] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
) -> None:
    """Watch the cameras, decide, and open gates until stopped."""
    from facegate.adapters.process import ProcessError, seclude
    from facegate.settings import SettingsError, app_options, inside_app, make_settings, read_options

    with stops_at(ProcessError):
        seclude()
    given: dict[str, Any] = {
        "site": site,
        "mqtt_host": mqtt_host,
        "mqtt_port": mqtt_port,
        "mqtt_username": mqtt_username,
        "mqtt_password": mqtt_password,
        "mqtt_tls": mqtt_tls,
        "mqtt_ca_file": mqtt_ca_file,
        "api_host": api_host,
        "api_port": api_port,
        "api_url": api_url,
        "ingress_port": ingress_port,
        "residents_port": residents_port,
        "residents_url": residents_url,
        "residents_certificate": residents_certificate,
        "residents_key": residents_key,
        "trust_clock": trust_clock,
        "log_level": log_level,
    }
    try:
        file = options or (app_options() if inside_app() else None)
        content = read_options(file) if file else {}
        settings = make_settings(
            content | {key: value for key, value in given.items() if value is not None},
            data=data,
        )
        settings = replace(settings, passphrase=_first_line(passphrase_file) if passphrase_file else "")
    except SettingsError as error:
        stop(str(error))
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)  # at every start it would list its own plug-ins
    raise SystemExit(asyncio.run(_until_stopped(settings, local_pages=local_pages, trial_nodes=trial_nodes)))


async def _until_stopped(settings: Any, *, local_pages: bool, trial_nodes: bool) -> int:
    from facegate.adapters.supervisor import SupervisorError, announce
    from facegate.app import Service, StartError
    from facegate.web import server, waiting

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    ingress_from = server.SUPERVISOR | (server.LOOPBACK if local_pages else frozenset())
    try:
        completed = await waiting.complete(settings, stopped, ingress_from=ingress_from)
        if completed is None:
            return 0
        settings = completed
        passphrase = await _passphrase(settings, stopped, ingress_from)
    except server.WebError as error:
        notes.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    if passphrase is None:
        return 0
    service = Service(replace(settings, passphrase=passphrase), local_pages=local_pages, trial_nodes=trial_nodes)
    try:
        await service.start()
    except StartError as error:
        await service.stop()
        notes.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    try:
        try:
            await announce(settings, service.installation)
        except SupervisorError as error:  # gates work without, and Home Assistant hears of it over MQTT as well
            logging.getLogger(__name__).warning("Home Assistant was not told of this app: %s", error)
        await stopped.wait()
    finally:
        await service.stop()
    return 0


async def _passphrase(settings: Any, stopped: asyncio.Event, ingress_from: frozenset[str]) -> str | None:
    """Return the passphrase that opens the site key, empty where it needs none; ``None`` when told to stop."""
    from facegate.adapters import site_key
    from facegate.adapters.sealing import LockedError
    from facegate.web import locked

    path = settings.data / "keys" / "site.key"

    async def opens(passphrase: str) -> bool:
        try:
            await asyncio.to_thread(site_key.read, path, passphrase)
        except LockedError:
            return False
        return True

    if not site_key.is_locked(path) or (settings.passphrase and await opens(settings.passphrase)):
        return str(settings.passphrase)
    return await locked.wait(settings, opens, stopped, ingress_from=ingress_from)


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        stop(f"{path} cannot be read ({error}): name the file that holds the passphrase, or leave the option out.")
