"""Pictures out of sources: what FFmpeg is told, what it answers, and what that means. The only file that knows av.

FFmpeg's errors quote the address with whatever credentials it holds, so none is ever chained to or logged.
"""

import struct
import threading
from collections.abc import Callable, Iterator
from functools import cache, partial

import av
import av.error
import numpy as np
from av.codec.hwaccel import HWAccel, HWDevice, hwdevices_available
from av.container import InputContainer
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from facegate.adapters.camera_state import CameraError, Fault
from facegate.adapters.glance import step
from facegate.core.models import Image, Luma

SOFTWARE, ANY = "software", "auto"
"""What the settings call decoding by this machine's processor, and by any hardware that can."""

_MADE = struct.Struct("<q")  # the wall clock of FFmpeg's AVProducerReferenceTime; the flags behind it say nothing here
_SMALL = 1280 * 720  # pixels up to which one thread decodes a picture as fast as several


class Reports:
    """What the camera has reported of its own clock (RTCP), as FFmpeg hands it on: with packets, in microseconds."""

    def __init__(self) -> None:
        self._epoch: float | None = None

    def read(self, packet: av.Packet[VideoStream]) -> None:
        """Take note of the time at which a packet was made, where it is told."""
        if packet.pts is None or not packet.has_sidedata("prft"):
            return
        (made_us,) = _MADE.unpack_from(bytes(packet.get_sidedata("prft")))
        self._epoch = made_us / 1e6 - float(packet.pts * packet.time_base)

    def sent(self, stream_time: float) -> float | None:
        """The same moment by the camera's clock; ``None`` as long as it has told nothing."""
        return None if self._epoch is None else stream_time + self._epoch


def luma_of(picture: av.VideoFrame) -> Luma:
    """A sample of the first plane's brightness, or of the first of the values that a packed picture has of a pixel."""
    plane, kind = picture.planes[0], picture.format
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    every = step(plane.width)
    if kind.components[0].bits > 8:
        return (rows.view("<u2")[::every, : plane.width : every] >> (kind.components[0].bits - 8)).astype(np.uint8)
    stride = 1 if kind.is_planar else max(1, kind.padded_bits_per_pixel // 8)
    return rows[::every, : plane.width * stride : every * stride].copy()


class Decoder:
    """What decodes, as far as the owner has a say in it; outlives a reconnection."""

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        self.as_asked = True

    def hardware(self) -> HWAccel | None:
        """The first hardware of the wanted kind that answers."""
        kinds = [] if self.wanted == SOFTWARE else hwdevices_available() if self.wanted == ANY else [self.wanted]
        kind = next((kind for kind in kinds if _answers(kind)), None)
        return None if kind is None else HWAccel(kind, allow_software_fallback=True)

    def decoded(self, stream: VideoStream) -> None:
        """Take note of what has decoded a picture: hardware may still find the stream not to its taste."""
        self.as_asked = self.wanted in (SOFTWARE, ANY) or stream.codec_context.is_hwaccel


@cache
def _answers(kind: str) -> bool:
    try:
        HWDevice(kind)
    except av.error.FFmpegError, OSError, ValueError:
        return False
    return True


class Converter:
    """Decoded picture → what converts it to a BGR array when it is wanted, with one scaler for the whole stream.

    The first picture is converted at once: a stream that cannot be is found out here. Raises CameraError.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._turn = threading.Lock()  # pictures are wanted in another thread than they are read in
        self._works = False

    def __call__(self, picture: av.VideoFrame) -> Callable[[], Image]:
        """What converts this picture, from any thread."""
        if not self._works:
            self._convert(picture)
            self._works = True
        return partial(self._convert, picture)

    def _convert(self, picture: av.VideoFrame) -> Image:
        try:
            with self._turn:
                converted = self._reformatter.reformat(picture, format="bgr24").to_ndarray()
        except (av.error.FFmpegError, ValueError) as error:
            raise CameraError(Fault.CODEC) from error
        return np.ascontiguousarray(converted, np.uint8)


def open_source(
    address: str, options: dict[str, str], limits: tuple[float, float] | None, decoder: Decoder
) -> InputContainer:
    """Open a source. FFmpeg's errors quote the address, so none is ever chained to or logged: only its kind counts."""
    fault: Fault
    try:
        return av.open(address, "r", options=options, timeout=limits, hwaccel=decoder.hardware())
    except av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError:
        fault = Fault.CREDENTIALS
    except av.error.HTTPNotFoundError:
        fault = Fault.NO_STREAM
    except av.error.InvalidDataError:
        fault = Fault.NOT_VIDEO
    except av.error.ProtocolNotFoundError:
        fault = Fault.ADDRESS
    except av.error.FFmpegError, OSError, ValueError:
        fault = Fault.UNREACHABLE if limits else Fault.FILE
    raise CameraError(fault)


def video_of(container: InputContainer) -> VideoStream:
    """The first video of a source, set to be decoded without delay. Raises CameraError."""
    if not container.streams.video:
        raise CameraError(Fault.NOT_VIDEO)
    stream = container.streams.video[0]
    if stream.codec_context is None:
        raise CameraError(Fault.CODEC)
    stream.thread_type = "SLICE"  # frame threads would hold back a frame each
    if stream.codec_context.width * stream.codec_context.height <= _SMALL:
        stream.codec_context.thread_count = 1
    return stream


def pictures_of(
    container: InputContainer, stream: VideoStream, decoder: Decoder, reports: Reports | None = None
) -> Iterator[av.VideoFrame | None]:
    """Decoded pictures; ``None`` for each packet that gives none or a damaged one."""
    fault: Fault | None = None
    try:
        for packet in container.demux(stream):
            if reports is not None:
                reports.read(packet)
            try:
                pictures = packet.decode()
            except av.error.InvalidDataError:
                pictures = []
            sound = [picture for picture in pictures if not picture.is_corrupt]
            if pictures:
                decoder.decoded(stream)
            yield from sound or (None,)
    except av.error.ExitError, av.error.TimeoutError:
        fault = Fault.FROZEN
    except av.error.DecoderNotFoundError, av.error.PatchWelcomeError:
        fault = Fault.CODEC
    except av.error.FFmpegError, OSError:
        fault = Fault.LOST
    if fault is not None:
        raise CameraError(fault)
