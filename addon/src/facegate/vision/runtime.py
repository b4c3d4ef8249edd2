"""The one file that knows onnxruntime: providers, threads, sessions."""

import ctypes
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facegate.settings import Inference
from facegate.vision.errors import RuntimeModelError

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
    """Makes sessions on one execution provider. ``provider`` is what is used; ``fallback`` says why if not as asked."""

    def __init__(self, inference: Inference, cache: Path | None = None) -> None:
        self.threads = _threads(inference.threads)
        self.provider = inference.provider
        self.fallback: str | None = None
        self._cache = cache
        wanted = _PROVIDERS.get(inference.provider)
        if wanted is None:
            raise RuntimeModelError(f"There is no provider '{inference.provider}': choose {', '.join(_PROVIDERS)}.")
        if wanted not in ort.get_available_providers():
            self._fall_back(f"this onnxruntime is built without {inference.provider}")

    def session(self, model: bytes | Path, name: str = "") -> Session:
        """Return a session for a model's bytes or file. Raises RuntimeModelError.

        A provider that is there but does not start (no driver, no device) falls back to the CPU, for this and all
        later sessions, and says so in ``fallback``.
        """
        name = name or (model.stem if isinstance(model, Path) else "model")
        if self.provider != "CPU":
            try:
                session = self._start(model, self._provider_options())
            except Exception as error:  # noqa: BLE001  # as in Session.run; the CPU takes over and the reason is kept
                self._fall_back(_first_line(error))
            else:
                if _PROVIDERS[self.provider] in session.get_providers():
                    return Session(session, name)
                self._fall_back("it does not start on this machine")
        try:
            return Session(self._start(model, [_PROVIDERS["CPU"]]), name)
        except Exception as error:  # as in Session.run
            raise RuntimeModelError(
                f"The model {name} cannot be started ({_first_line(error)}): fetch it with 'facegate models fetch'."
            ) from error

    def _fall_back(self, reason: str) -> None:
        self.fallback = f"{self.provider} is not used but the CPU: {reason}."
        self.provider = "CPU"

    def _provider_options(self) -> list[Any]:
        options: dict[str, str] = {}
        if self.provider == "OpenVINO":
            options = {"device_type": "AUTO", "num_of_threads": str(self.threads)}
            if self._cache is not None:
                options["cache_dir"] = str(self._cache)
        return [(_PROVIDERS[self.provider], options), _PROVIDERS["CPU"]]

    def _start(self, model: bytes | Path, providers: list[Any]) -> Any:
        options = ort.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = _QUIET
        # Spinning threads would burn a core between frames; a gate waits for people most of its life.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if isinstance(model, Path):
            return ort.InferenceSession(str(model), options, providers=providers)
        with _as_file(model) as source:
            return ort.InferenceSession(source, options, providers=providers)


@contextmanager
def _as_file(content: bytes) -> Iterator[str | bytes]:
    """A path under which onnxruntime can read ``content``: bytes it would hold as long as the session lives.

    The file has no name, so nobody can exchange what was checked. Where there can be no such file, the bytes.
    """
    with ExitStack() as opened:
        source: str | bytes = content
        with suppress(OSError):  # no room, or no such folder: it costs memory, nothing else
            file = opened.enter_context(tempfile.TemporaryFile())
            file.write(content)
            file.flush()
            path = f"/proc/self/fd/{file.fileno()}"
            source = path if Path(path).exists() else content
        yield source


def give_back_memory() -> None:
    """Return freed memory to the system: starting a model takes three times its size, and glibc would keep that."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # glibc has it, others give back by themselves
        trim(0)


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__).rstrip(".")
