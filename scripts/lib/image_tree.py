"""The app's image without Docker: the Dockerfile's own instructions, followed into a folder and run as the image would.

    python scripts/lib/image_tree.py FOLDER [build | run ARGUMENT…]

It reads addon/Dockerfile line by line and knows the few programs that stand there; one that it does not know is an
error, so the two cannot drift apart. What differs from Docker: paths of the image lie under FOLDER, Python and uv are
the project's own, and models come from the cache and are verified instead of fetched. Packages are linked, not copied,
and not compiled ahead, to take seconds. What no later stage copies is deleted, so the result needs nothing of it.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

APP: Final = Path(__file__).parents[2] / "addon"
_CACHE: Final = Path(os.environ.get("FACEGATE_CACHE") or APP.parent / ".cache")
_BASE_PATH: Final = "/usr/local/bin:/usr/bin:/bin"  # of the base image
_OF_THE_IMAGE: Final = ("/opt", "/build", "/data", "/usr/local/bin")
_QUICK: Final = {"UV_COMPILE_BYTECODE": "0", "UV_LINK_MODE": "hardlink"}


class ImageError(Exception):
    """The Dockerfile says something that is not known here; the text says what."""


@dataclass(slots=True)
class Image:
    """A folder that holds what the image would."""

    root: Path
    python: str
    """What stands for the Python that the Dockerfile begins with."""
    env: dict[str, str] = field(default_factory=dict)
    user: int = 0
    """Whom the start script makes the service run as."""
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def place(self, text: str) -> str:
        """Return ``text`` with the image's paths where they lie here."""
        for path in _OF_THE_IMAGE:
            text = re.sub(rf"(?<![\w./]){re.escape(path)}(?![\w.-])", f"{self.root}{path}", text)
        return text

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """What a process in the image sees: the image's own variables and those of ``docker run``, nothing of ours."""
        path = self.env.get("PATH", self.place(_BASE_PATH))
        return {"HOME": "/", **self.env, "PATH": path, **given}

    def start(self, *arguments: str, env: Mapping[str, str], **more: object) -> subprocess.Popen[bytes]:
        """Run the entry point, as ``docker run`` does; without arguments, with the image's own command."""
        environment = self.environment(env)
        program = shutil.which(self.entrypoint[0], path=environment["PATH"])
        if program is None:
            raise ImageError(f"{self.entrypoint[0]} is not in the image")
        words = [program, *self.entrypoint[1:], *(arguments or self.command)]
        return subprocess.Popen(words, env=environment, cwd=self.root, **more)  # type: ignore[call-overload,no-any-return]

    def is_healthy(self, env: Mapping[str, str]) -> bool:
        """Run the image's health check once."""
        environment = self.environment(env)
        program = shutil.which(self.health[0], path=environment["PATH"])
        return (
            program is not None
            and not subprocess.run(
                [program, *self.health[1:]], env=environment, check=False, capture_output=True
            ).returncode
        )


def build(folder: Path, python: str = sys.executable) -> Image:
    """Follow the Dockerfile into an empty folder, for this Python. Raises ImageError, subprocess.CalledProcessError."""
    shutil.rmtree(folder, ignore_errors=True)
    for path in _OF_THE_IMAGE:
        (folder / path.lstrip("/")).mkdir(parents=True)
    image, stage = Image(folder, python), _Stage()
    for instruction, rest in instructions():
        if instruction == "FROM":
            _check_base(rest)
            image.env, stage = {}, _Stage()
        elif instruction in ("ARG", "ENV", "WORKDIR", "COPY", "RUN"):
            _fill(image, stage, instruction, rest)
        else:
            _note(image, instruction, rest)
        image.steps.append(f"{instruction} {rest}")
    for place in (folder / "build", folder / "opt"):
        for made in place.iterdir():
            if f"/{made.relative_to(folder)}" not in stage.kept:
                shutil.rmtree(made) if made.is_dir() else made.unlink()
    return image


def _fill(image: Image, stage: _Stage, instruction: str, rest: str) -> None:
    """What makes files, and what those are made with."""
    match instruction:
        case "ARG":
            name, _, value = rest.partition("=")
            stage.args[name] = value.strip('"')
        case "ENV":
            for word in shlex.split(rest):
                name, _, value = word.partition("=")
                was = image.env.get("PATH", image.place(_BASE_PATH))
                image.env[name] = image.place(value).replace("$PATH", was)
        case "WORKDIR":
            stage.folder = Path(image.place(rest))
            stage.folder.mkdir(parents=True, exist_ok=True)
        case "COPY":
            _copy(image, stage, shlex.split(rest))
        case "RUN":
            for command in rest.split("&&"):
                _run(image, stage, shlex.split(command))


def _note(image: Image, instruction: str, rest: str) -> None:
    """What is said about running it."""
    match instruction:
        case "ENTRYPOINT":
            image.entrypoint = json.loads(rest)
        case "CMD":
            image.command = json.loads(rest)
        case "HEALTHCHECK":
            image.health = json.loads(rest[rest.index("CMD") + 3 :])
        case "EXPOSE":
            image.ports = [int(port) for port in rest.split()]
        case "LABEL" | "VOLUME":
            pass
        case _:
            raise ImageError(f"the Dockerfile says {instruction}, which scripts/lib/image_tree.py does not know")


def instructions() -> Iterator[tuple[str, str]]:
    """The Dockerfile's, each on one line."""
    lines = (APP / "Dockerfile").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        word, _, rest = line.partition(" ")
        if word:
            yield word.upper(), rest.strip()


@dataclass(slots=True)
class _Stage:
    args: dict[str, str] = field(default_factory=dict)
    folder: Path = APP
    kept: set[str] = field(default_factory=set)
    """What this stage has taken from the one before."""


def _check_base(rest: str) -> None:
    base = rest.split(maxsplit=1)[0]
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not re.fullmatch(rf"python:{re.escape(here)}-slim-\w+", base):
        raise ImageError(f"the image stands on {base}, and this is Python {here}")


def _copy(image: Image, stage: _Stage, words: list[str]) -> None:
    """Copy from the app folder; what is copied from another stage lies in its place already and is kept."""
    options = dict(word[2:].partition("=")[::2] for word in words if word.startswith("--"))
    *sources, target = (word for word in words if not word.startswith("--"))
    if "from" in options:
        if sources != [target]:
            raise ImageError(f"COPY --from changes the place of {sources}, which is not known here")
        if not Path(image.place(target)).exists():
            raise ImageError(f"{target} was not made by the stage before")
        stage.kept.add(target)
        return
    for source in sources:
        path = Path(image.place(target)) if target.startswith("/") else stage.folder / target
        goal = path / Path(source).name if target.endswith("/") else path
        if (APP / source).is_dir():
            shutil.copytree(APP / source, goal, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(APP / source, goal)
            goal.chmod(int(options.get("chmod", "0644"), 8))


def _run(image: Image, stage: _Stage, words: list[str]) -> None:
    words = [part for word in words for part in _expanded(word, stage.args)]
    match words:
        case ["pip", "install", *rest] if any(word.startswith("uv==") for word in rest):
            return
        case ["groupadd", *_]:
            return
        case ["useradd", *rest]:
            image.user = int(rest[rest.index("--uid") + 1])
        case ["install", "--directory", *rest]:
            mode = next(word.partition("=")[2] for word in rest if word.startswith("--mode="))
            Path(image.place(rest[-1])).chmod(int(mode, 8))
            if os.geteuid() == 0:
                os.chown(image.place(rest[-1]), image.user, image.user)
        case ["uv", *rest]:
            _do(image, stage, [_uv(), *rest, "--quiet", "--python", image.python])
        case [program, "models", "fetch", "--folder", folder]:
            place = Path(image.place(folder))
            shutil.copytree(os.environ.get("FACEGATE_MODELS") or _CACHE / "models", place, dirs_exist_ok=True)
            _do(image, stage, [image.place(program), "models", "fetch", "--folder", str(place), "--quiet"])
        case _:
            raise ImageError(f"the Dockerfile runs {shlex.join(words)}, which scripts/lib/image_tree.py does not know")


def _do(image: Image, stage: _Stage, words: list[str]) -> None:
    ours = {name: os.environ[name] for name in ("HOME", "PATH", "UV_CACHE_DIR", "SSL_CERT_FILE") if name in os.environ}
    ours |= {name: value for name, value in os.environ.items() if name.startswith(("UV_INDEX", "UV_DEFAULT", "PIP_"))}
    environment = ours | image.env | _QUICK | {"PATH": os.environ["PATH"]}
    subprocess.run(words, cwd=stage.folder, env=environment, check=True)


def _expanded(word: str, args: Mapping[str, str]) -> list[str]:
    """A variable of the build becomes the words in it, none where it is empty."""
    found = re.fullmatch(r"\$\{(\w+)\}", word)
    return [word] if found is None else shlex.split(args[found[1]])


def _uv() -> str:
    found = shutil.which("uv") or str(_CACHE / "uv" / "bin" / "uv")
    if not Path(found).exists():
        raise ImageError("uv is missing: run scripts/setup")
    return found


def main() -> None:
    """Build, and run with what follows."""
    folder, *words = sys.argv[1:]
    image = build(Path(folder).absolute())
    print("\n".join(f"· {step}" for step in image.steps), file=sys.stderr)
    if words[:1] == ["run"]:
        process = image.start(
            *words, env={name: v for name, v in os.environ.items() if name.startswith("FACEGATE_MQTT")}
        )
        try:
            raise SystemExit(process.wait())
        except KeyboardInterrupt:
            process.terminate()
            raise SystemExit(process.wait()) from None


if __name__ == "__main__":
    main()
