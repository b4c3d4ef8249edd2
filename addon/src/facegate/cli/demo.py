"""``facegate demo``: people walk up to a camera; the resident is let in, strangers are not.

Everything is the product's own but the camera's picture, which is composed of stills. There is no way to point it at
another camera: without liveness a photograph would open its gate.
"""

import asyncio
import logging
import os
import signal
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from facegate.cli import local_api
from facegate.cli.console import stop, stops_at
from facegate.cli.people import default_people
from facegate.settings import Broker, Settings, default_models

if TYPE_CHECKING:
    from facegate.adapters.demo_clip import Programme
    from facegate.app import Service
    from facegate.cli.demo_referee import Referee
    from facegate.cli.demo_screen import Screen
    from facegate.core.models import Decision
    from facegate.opening import OpenOutcome

_GATE: Final = "main"
_NODE_SECONDS: Final = 30.0  # until the gate node must be there; it takes one or two
_PATIENCE: Final = 0.1  # how often something is looked at that comes soon
_LEAD: Final = 0.5  # seconds of an empty entrance before the clip begins
_TOLD_WITHIN: Final = 0.5  # seconds for which the line about a pulse waits for that about its decision
_SEEDS: Final = 2**32


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End after one round; 0 only if all was decided rightly.")
    ] = False,
    rounds: Annotated[int, typer.Option(min=0, max=100_000, help="End after so many rounds; 0: at Ctrl-C.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print each event as a line of JSON.")] = False,
    seed: Annotated[
        int | None, typer.Option(min=0, max=_SEEDS - 1, help="Draws who comes in which order; at random by default.")
    ] = None,
    save_picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what was shown as an SVG picture.")
    ] = None,
) -> None:
    """Show FaceGate at work: real recognition, a real gate node, made-up visits.

    Recognition only: the camera's picture is made of stills, which are no proof of life.
    """
    try:
        from facegate.cli.demo_parts import PartError
    except ModuleNotFoundError as error:
        stop(f"The demo needs '{error.name}', which is not installed: run scripts/demo, or install facegate[demo].")
    from facegate.adapters.demo_clip import DemoClipError, Programme
    from facegate.app import StartError
    from facegate.cli.demo_referee import Referee
    from facegate.cli.demo_screen import JsonLines, Terminal

    if as_json and save_picture is not None:
        stop("A picture shows what people see: leave out --json or --save-picture.")
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s: %(message)s")
    terminal = Terminal(record=save_picture is not None)
    drawn = int.from_bytes(os.urandom(4)) if seed is None else seed
    with stops_at(DemoClipError, PartError, StartError), tempfile.TemporaryDirectory(prefix="facegate-demo-") as folder:
        programme = Programme(default_people(), drawn, time.monotonic(), 1 if once else rounds)
        programme.prepare()
        show = _Show(Path(folder), JsonLines() if as_json else terminal, Referee(programme))
        code = asyncio.run(show.run())
    if save_picture is not None:
        try:
            terminal.save(save_picture)
        except OSError as error:
            stop(f"{save_picture} cannot be written ({error.strerror or error}): name another file.")
    raise typer.Exit(code)


class _Show:
    """One run of the demo, in a folder that is thrown away."""

    def __init__(self, folder: Path, screen: Screen, referee: Referee) -> None:
        self._folder = folder
        self._screen = screen
        self._referee = referee
        self._interrupted = asyncio.Event()
        self._heard = asyncio.Event()
        self._round = 0

    async def run(self) -> int:
        """Run until it is over or interrupted; returns the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._interrupted.set)
        async with AsyncExitStack() as parts:
            work = asyncio.create_task(self._work(parts))
            interrupted = asyncio.create_task(self._interrupted.wait())
            await asyncio.wait((work, interrupted), return_when=asyncio.FIRST_COMPLETED)
            interrupted.cancel()
            work.cancel()
            ended = await asyncio.gather(work, return_exceptions=True)
        if isinstance(ended[0], Exception):
            raise ended[0]
        summary = self._referee.summary()
        self._screen.ended(summary, self._round)
        complete = not self._interrupted.is_set() or not self._referee.programme.rounds
        return 0 if complete and not summary.wrong and not summary.opens_without_decision else 1

    async def _work(self, parts: AsyncExitStack) -> None:
        """Start everything, then show and judge the visits."""
        node = await self._start(parts)
        programme = self._referee.programme
        self._screen.started(programme, node)
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(self._watch_relay())
            await self._show_rounds(programme)
            watching.cancel()

    async def _start(self, parts: AsyncExitStack) -> str:
        """Broker, recognizer, gate node, camera; each by its own front door. Returns which node it is."""
        from facegate.app import Service
        from facegate.cli import demo_parts
        from facegate.contract.messages import Topics
        from facegate.core.node import NodeConfig

        broker = await parts.enter_async_context(demo_parts.broker())
        settings = self._settings(broker)
        service = Service(settings, pages=False, trial_nodes=False, on_decision=self._decided)
        await service.start()
        parts.push_async_callback(service.stop)
        gate = await self._ask("POST", "/gates", {"id": _GATE, "name": "Main gate", "trial": True})
        await self._enrol()
        config = NodeConfig(_GATE, bytes.fromhex(gate["key"]))
        folder = self._folder / "node"
        folder.mkdir()
        program = os.environ.get("FACEGATE_NODE")
        if program:
            node = demo_parts.native_node(Path(program), folder, broker, Topics(settings.site), config)
        else:
            node = demo_parts.software_gate(folder, broker, Topics(settings.site), config)
        await parts.enter_async_context(node)
        await self._await_node(service)
        await self._add_camera()
        return "native" if program else "software"

    def _settings(self, broker: Broker) -> Settings:
        """A free port of this machine alone, data that is thrown away."""
        return Settings(
            data=self._folder / "data", models=default_models(), site="demo", broker=broker,
            api_host="127.0.0.1", api_port=0,
        )  # fmt: skip

    async def _enrol(self) -> None:
        programme = self._referee.programme
        pictures = [str((programme.people / picture).absolute()) for picture in programme.enrolled]
        wish = {"name": "Resident 1", "pictures": pictures, "language": "en", "channel": "demo: public-domain pictures"}
        answer = await self._ask("POST", "/enrolments", wish)
        if answer["accepted"] != len(pictures):
            stop("The resident's pictures were not accepted: fetch them anew with 'facegate people fetch'.")

    async def _await_node(self, service: Service) -> None:
        for _ in range(round(_NODE_SECONDS / _PATIENCE)):
            if service.health().gates[_GATE].node == "online":
                return
            await asyncio.sleep(_PATIENCE)
        log = self._folder / "node" / "node.log"
        said = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
        stop(f"The gate node did not answer: {said[0] if said else 'it said nothing'}. Try again.")

    async def _add_camera(self) -> None:
        """Without liveness, and without accepting that: the API allows it for no network camera."""
        programme = replace(self._referee.programme, begin=time.monotonic() + _LEAD)
        self._referee.programme = programme
        await self._ask("POST", f"/gates/{_GATE}/cameras", {"source": programme.source, "liveness": "off"})

    async def _ask(self, method: str, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        answer: dict[str, Any] = await asyncio.to_thread(
            local_api.call, self._folder / "data", method, path, dict(body)
        )
        return answer

    # While it runs

    async def _show_rounds(self, programme: Programme) -> None:
        from facegate.cli.demo_referee import SETTLE

        while not programme.rounds or self._round < programme.rounds:
            self._round += 1
            self._screen.round(self._round)
            for visit in programme.visits(self._round):
                await _until(programme.time_of(visit.first))
                self._heard.clear()
                self._screen.shown(visit, visit.first / programme.fps)
                over = programme.time_of(visit.end) + SETTLE
                await _until(over)
                self._screen.ruled(self._referee.rule(visit), over - programme.begin)

    async def _watch_relay(self) -> None:
        from facegate.cli import demo_parts

        programme = self._referee.programme
        async for at, relay in demo_parts.openings(self._folder / "node"):
            visit = self._referee.pulsed(at)
            # The service tells of a decision once its gate has answered, which is a moment after the relay has moved.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._heard.wait(), _TOLD_WITHIN)
            ms = (at - programme.time_of(visit.gate_size)) * 1000 if visit else None
            self._screen.pulsed(relay, at - programme.begin, ms)

    def _decided(self, decision: Decision, outcome: OpenOutcome | None) -> None:
        self._heard.set()
        self._referee.heard(decision, opened=outcome is not None and outcome.opened)
        self._screen.decided(decision, outcome)


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))
