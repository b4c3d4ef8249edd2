"""The one file that knows onnxruntime: providers, threads, sessions."""

import ctypes
import importlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from facegate.settings import Inference
from facegate.vision.errors import RuntimeModelError
from facegate.vision.graphs import Graphs

# Nothing leaves the building: from 1.32 on, onnxruntime reports its use to its maker, on Linux too, unless this is set
# before it is loaded; switching that off by its own function comes too late.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime as ort  # after the line above, and so after everything else

type Array = NDArray[np.generic]

_PROVIDERS = {
    "CPU": "CPUExecutionProvider",
    "OpenVINO": "OpenVINOExecutionProvider",
    "CUDA": "CUDAExecutionProvider",
}
_PLUGINS = {"OpenVINO": "onnxruntime_ep_openvino"}
"""Packages that bring a provider to an onnxruntime that was built without it, where they are installed."""
_KINDS = ("GPU", "CPU")  # the best first; what else there is computes in half precision, for which nothing was measured
_MOST_THREADS = 4  # small models gain nothing from more, and every camera runs its own
_QUIET = 4  # fatal only: what goes wrong is raised, and said once by whoever catches it

ort.set_default_logger_severity(_QUIET)


def _threads(wanted: int) -> int:
    return wanted or min(os.process_cpu_count() or 1, _MOST_THREADS)


class Session:
    """One model, ready to run. Safe to call from several threads."""

    def __init__(self, session: Any, name: str) -> None:
        self._session = session
        self.name = name
        self.inputs: tuple[str, ...] = tuple(node.name for node in session.get_inputs())
        self.outputs: tuple[str, ...] = tuple(node.name for node in session.get_outputs())

    def run(self, inputs: Mapping[str, Array]) -> list[NDArray[np.float32]]:
        """Return the outputs in the order of ``outputs``. Raises RuntimeModelError."""
        try:
            answer: Sequence[Any] = self._session.run(None, dict(inputs))
        except Exception as error:  # onnxruntime's own errors share no class but this one
            raise RuntimeModelError(f"The model {self.name} failed on its input ({_first_line(error)}).") from error
        return list(answer)


class Runtime:
    """Makes sessions on one execution provider. ``provider`` is what is used; ``fallback`` says why if not as asked.

    Args:
        inference: what was asked for.
        cache: a folder in which prepared graphs are kept; none are without it.
    """

    def __init__(self, inference: Inference, cache: Path | None = None) -> None:
        self.threads = _threads(inference.threads)
        self.provider = inference.provider
        self.fallback: str | None = None
        self._cache = cache
        self._devices: list[Any] = []  # of a provider that a plug-in brings
        wanted = _PROVIDERS.get(inference.provider)
        if wanted is None:
            raise RuntimeModelError(f"There is no provider '{inference.provider}': choose {', '.join(_PROVIDERS)}.")
        if wanted not in ort.get_available_providers():
            try:
                self._devices = _plugged_in(inference.provider)
            except Exception as error:  # noqa: BLE001  # a plug-in may fail in any way; the CPU does, and the reason is kept
                self._fall_back(_first_line(error))

    @property
    def at_once(self) -> int:
        """How many inferences fill the machine: more would only take each other's time."""
        return max(1, (os.process_cpu_count() or 1) // self.threads)

    def prepared(self, read: Callable[[], bytes], name: str, prepare: Callable[[bytes], bytes]) -> Session:
        """Return a session for what ``prepare`` makes of a published model: made once, then taken from the cache.

        ``read`` gives the model's bytes, checked; it may be asked twice, so that nobody need hold them meanwhile.
        Raises RuntimeModelError, and whatever ``read`` and ``prepare`` raise.
        """
        if self._cache is None:
            return self.session(prepare(read()), name)
        provider = self.provider
        graphs = Graphs(self._cache, ort.__version__, provider)
        kept = graphs.name(name, read())
        session = self._kept(graphs, kept, name)
        if session is None:
            graphs.forget(kept)
            session = self._made(graphs, kept, name, _unnamed(prepare(read())))
        # Where the CPU had to take over, what was kept is not laid out for it.
        return session if self.provider == provider else self.prepared(read, name, prepare)

    def _kept(self, graphs: Graphs, kept: str, name: str) -> Session | None:
        with suppress(RuntimeModelError), graphs.found(kept) as file:  # one that cannot be started is made anew
            if file is not None:
                return self.session(file, name, optimise=self.provider != "CPU")
        return None

    def _made(self, graphs: Graphs, kept: str, name: str, graph: bytes | BinaryIO) -> Session:
        def write(path: Path) -> None:
            if self.provider == "CPU":
                self._start(graph, [_PROVIDERS["CPU"]], write_to=path)
            else:  # what another provider has compiled cannot be written down
                with _as_source(graph) as source:
                    path.write_bytes(Path(source).read_bytes() if isinstance(source, str) else source)

        try:
            graphs.keep(kept, write)
        except Exception as error:  # as in Session.run
            raise _cannot_start(name, error) from error
        return self._kept(graphs, kept, name) or self.session(graph, name)

    def session(self, model: bytes | Path | BinaryIO, name: str = "", *, optimise: bool = True) -> Session:
        """Return a session for a model's bytes or file, or for a graph of the cache. Raises RuntimeModelError.

        A provider that is there but does not start (no driver, no device) falls back to the CPU, for this and all
        later sessions, and says so in ``fallback``.
        """
        name = name or (model.stem if isinstance(model, Path) else "model")
        if self.provider != "CPU":
            try:
                session = self._start(model, self._provider_options(), optimise=optimise)
            except Exception as error:  # noqa: BLE001  # as in Session.run; the CPU takes over and the reason is kept
                self._fall_back(_first_line(error))
            else:
                if _PROVIDERS[self.provider] in session.get_providers():
                    return Session(session, name)
                self._fall_back("it does not start on this machine")
        try:
            return Session(self._start(model, [_PROVIDERS["CPU"]], optimise=optimise), name)
        except Exception as error:  # as in Session.run
            raise _cannot_start(name, error) from error

    def _fall_back(self, reason: str) -> None:
        self.fallback = f"{self.provider} is not used but the CPU: {reason}."
        self.provider = "CPU"
        self._devices = []

    def _provider_options(self) -> list[Any]:
        options: dict[str, str] = {}
        if self.provider == "OpenVINO":
            options = {"device_type": "AUTO", "num_of_threads": str(self.threads)}
            if self._cache is not None:
                options["cache_dir"] = str(self._cache)
        return [(_PROVIDERS[self.provider], options), _PROVIDERS["CPU"]]

    def _start(
        self,
        model: bytes | Path | BinaryIO,
        providers: list[Any],
        *,
        optimise: bool = True,
        write_to: Path | None = None,
    ) -> Any:
        """``optimise`` unless that was done before; ``write_to`` gets the graph as it is run."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        level = ort.GraphOptimizationLevel
        options.graph_optimization_level = level.ORT_ENABLE_ALL if optimise else level.ORT_DISABLE_ALL
        if write_to is not None:
            options.optimized_model_filepath = str(write_to)
        options.log_severity_level = _QUIET
        # Spinning threads would burn a core between frames; a gate waits for people most of its life.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if self._devices and providers[0] != _PROVIDERS["CPU"]:
            # A plug-in's devices are chosen by themselves, and it sizes its threads to them.
            options.add_provider_for_devices(self._devices, {"cache_dir": str(self._cache)} if self._cache else {})
            providers = []
        with _as_source(model) as source:
            return ort.InferenceSession(source, options, providers=providers or None)


@contextmanager
def _as_source(model: bytes | Path | BinaryIO) -> Iterator[str | bytes]:
    """Something onnxruntime can read ``model`` from: given bytes, it would hold them as long as the session lives."""
    if isinstance(model, Path):
        yield str(model)
        return
    with ExitStack() as opened:
        file = _unnamed(model) if isinstance(model, bytes) else model
        if isinstance(file, bytes):
            yield file
            return
        if file is not model:
            opened.enter_context(file)
        path = f"/proc/self/fd/{file.fileno()}"  # of what was checked: nobody can exchange it by its name
        if Path(path).exists():
            yield path
        else:
            file.seek(0)
            yield file.read()


def _unnamed(content: bytes) -> bytes | BinaryIO:
    """A file without a name that holds ``content``; where there can be none, the bytes: it costs memory, no more."""
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115  # it is gone once nobody holds it
        file.write(content)
        file.flush()
    except OSError:
        return content
    return file


def _plugged_in(provider: str) -> list[Any]:
    """The devices of a provider that a package of its own brings. Raises whatever goes wrong in it."""
    absent = RuntimeError(f"this onnxruntime is built without {provider}")
    if provider not in _PLUGINS:
        raise absent
    try:
        package = importlib.import_module(_PLUGINS[provider])
    except ImportError:
        raise absent from None
    if provider not in _registered:
        ort.register_execution_provider_library(provider, package.get_library_path())
        _registered.add(provider)
    devices = {str(d.device.type): d for d in ort.get_ep_devices() if d.ep_name == _PROVIDERS[provider]}
    found = [device for kind in _KINDS for name, device in devices.items() if name.endswith(kind)]
    if not found:
        raise RuntimeError("it finds no device on this machine")
    return found[:1]


_registered: set[str] = set()  # onnxruntime takes a library once in a process


def _cannot_start(name: str, error: Exception) -> RuntimeModelError:
    return RuntimeModelError(
        f"The model {name} cannot be started ({_first_line(error)}): fetch it with 'facegate models fetch'."
    )


def give_back_memory() -> None:
    """Return freed memory to the system: starting a model takes three times its size, and glibc would keep that."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # glibc has it, others give back by themselves
        trim(0)


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__).rstrip(".")
