"""A whole house for measures: a real core, a real broker, and the recognizer, whose gates have nodes of its own."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from facegate.adapters.store import Store
from facegate.core.models import Gate
from tests.parts.broker import Mosquitto
from tests.parts.home_assistant import HomeAssistant
from tests.parts.recognizer import PAIRING_CODE, Recognizer, facegate


@dataclass(frozen=True, slots=True)
class House:
    """Everything runs, is paired, and its gates are online."""

    home: HomeAssistant
    broker: Mosquitto
    recognizer: Recognizer
    gates: tuple[str, ...]

    def entity(self, gate: str, key: str) -> str:
        """The entity of one part of a gate, by the key that its unique id ends with."""
        entries = self.home.command("config/entity_registry/list")
        wanted = f"_{gate}_{key}"
        [found] = [e["entity_id"] for e in entries if e["platform"] == "facegate" and e["unique_id"].endswith(wanted)]
        return str(found)


@contextmanager
def house(folder: Path, names: dict[str, str], *, residents: int = 0) -> Iterator[House]:
    """Build one: gates by id and name, and residents who are only names on a list."""
    data = folder / "data"
    with Store.open(data) as store:
        for gate, name in names.items():
            store.add_gate(Gate(gate, name, pulse_ms=200, trial=True))
        for number in range(1, residents + 1):
            store.add_resident(f"Resident {number}")
    with ExitStack() as running:
        broker = running.enter_context(Mosquitto(folder / "broker"))
        recognizer = Recognizer(data, broker.port, extra=("--trial-nodes",))
        recognizer.start()
        running.callback(recognizer.stop)
        home = running.enter_context(HomeAssistant(folder / "core"))
        home.use_broker(broker)
        flow = home.discovered("facegate")
        step = home.fill(flow, code=recognizer.pairing_code())
        assert step["type"] == "create_entry", step  # it has gates already
        [code] = PAIRING_CODE.findall(facegate("pair", "--data", str(data)).stdout)
        recognizer.pair(code=code)
        built = House(home, broker, recognizer, tuple(names))
        home.wait_for(
            lambda: all(gate["node"] == "online" for gate in recognizer.api("GET", "/gates")),
            "the gates' nodes are not there", 60,
        )  # fmt: skip
        yield built
