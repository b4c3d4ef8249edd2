"""How small, blurred and dim a code may be, and what a look for codes costs.

    .cache/environments/product/bin/python scripts/lib/codes_measure.py [--opencv]

Codes are rendered as a phone or paper shows them to a camera of 1280 by 720 (tests/parts/codes.py), four of each kind
at places that differ by parts of a pixel. About one minute; with --opencv, which reads the same with OpenCV's own
detector, three.
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "addon" / "src")]

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from facegate.core.passes import Code, Kind  # noqa: E402
from facegate.vision.codes import read_codes  # noqa: E402
from tests.parts.codes import Held, hold  # noqa: E402
from tests.parts.eyes import scene  # noqa: E402

SIDES = (50, 62, 75, 100, 125, 150, 200)
CONDITIONS = {
    "plain": {},
    "blur of 1.2 pixels": {"blur": 1.2},
    "blur of 1.8 pixels": {"blur": 1.8},
    "35 degrees away": {"tilt": 35},
    "20 degrees turned": {"turn": 20},
    "dim screen (15 to 70)": {"black": 15, "white": 70},
    "reflection (120 to 200)": {"black": 120, "white": 200},
    "noise of 10 levels": {"noise": 10},
    "JPEG quality 35": {"jpeg": 35},
    "dark page": {"dark_around": True},
    "all together": {"blur": 1.2, "tilt": 25, "turn": 12, "black": 60, "white": 190, "noise": 6, "jpeg": 50},
}
TRIES = 4


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--opencv", action="store_true", help="read with OpenCV's detector as well")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    readers = {"FaceGate": lambda image: {seen.text for seen in read_codes(image)}}
    if options.opencv:
        detector = cv2.QRCodeDetector()
        readers["OpenCV"] = lambda image: set(detector.detectAndDecodeMulti(image)[1])
    backdrop = cv2.GaussianBlur(np.random.default_rng(3).integers(60, 190, (720, 1280, 3), np.uint8), (0, 0), 9)
    face = (slice(120, 540), slice(500, 800))
    backdrop[face] = scene("obama2.jpg", height=420, left=500, top=120)[face]
    for kind, length in ((Kind.ROTATING, 10), (Kind.SHARE, 32)):
        text = Code(kind, "0123456789", bytes(range(7, 7 + length))).text
        print(f"\n{kind.name.lower()}: codes read of {TRIES}, by pixels of the code's side")
        print(f"| | {' | '.join(map(str, SIDES))} |")
        for name, changes in CONDITIONS.items():
            cells = []
            for side in SIDES:
                pictures = [
                    hold(backdrop, text, (300 + n * 7.3, 360 + n * 5.7), Held(side=side, **changes), seed=n)
                    for n in range(TRIES)
                ]
                cells.append("/".join(str(sum(text in reads(p) for p in pictures)) for reads in readers.values()))
            print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print("\nmilliseconds of a processor for one look")
    shown = hold(backdrop, text, (300, 360), Held(side=150))
    large = cv2.resize(shown, (1920, 1080))
    for name, picture in (("nothing", backdrop), ("a code", shown), ("a code in 1920 by 1080", large)):
        took = {reader: median(reads, picture) for reader, reads in readers.items()}
        print(f"| {name} | {' | '.join(f'{reader} {ms:.1f}' for reader, ms in took.items())} |")


def median(reads, picture) -> float:
    """The median of some looks, in milliseconds of this thread."""
    spent = []
    for _ in range(21):
        began = time.thread_time()
        reads(picture)
        spent.append(time.thread_time() - began)
    return 1000 * float(np.median(spent))


if __name__ == "__main__":
    main()
