"""Templates turned by a secret of the site: alike among themselves, unlike everywhere else (ISO/IEC 24745).

An orthogonal matrix leaves every cosine as it is, so a gallery that was turned as a whole matches as before; a template
that was turned by another matrix, or by none, is a random direction to it. Whoever exchanges the key renews all
templates without anybody enrolling again.

It hides who somebody is, not how a gallery is shaped: cosines between its members are the same at every site, and
somebody who holds two whole galleries can find out who is in both (docs/privacy.md has the measure). The wall is the
sealing of templates; this is what stands behind it.
"""

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from facegate.core.models import Vector

type Rotation = NDArray[np.float64]
"""(dimensions, dimensions), orthogonal, read-only."""


@lru_cache(maxsize=8)  # the models of one site under the old and the new key
def rotation(key: bytes, model: str, dimensions: int) -> Rotation:
    """The matrix of one site for the templates of one model, the same on every machine to within rounding.

    Distributed evenly over all orthogonal matrices: the QR decomposition of a Gaussian matrix with the signs of R's
    diagonal moved into Q (Mezzadri, "How to generate random matrices from the classical compact groups", 2007).
    """
    drawn = _gaussian(key, model, dimensions * dimensions).reshape(dimensions, dimensions)
    q, r = np.linalg.qr(drawn)
    matrix: Rotation = q * np.sign(np.diag(r))
    matrix.flags.writeable = False
    return matrix


def turn(matrix: Rotation, vector: Vector) -> Vector:
    """Return the vector as the site keeps it."""
    return _unit(matrix @ vector)


def turn_back(matrix: Rotation, vector: Vector) -> Vector:
    """Return the vector as the model gave it."""
    return _unit(matrix.T @ vector)


def _unit(vector: NDArray[np.float64]) -> Vector:
    """Renewed many times, rounding would add up."""
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def _gaussian(key: bytes, model: str, count: int) -> NDArray[np.float64]:
    """Normal numbers from a key: SHAKE-256 as the stream, Box and Muller's transform of its uniform numbers."""
    stream = hashlib.shake_256(b"facegate/1 rotation\0" + model.encode() + b"\0" + key).digest(16 * count)
    words = np.frombuffer(stream, "<u8").reshape(2, count) >> np.uint64(11)  # 53 bits: what a float holds
    radius, angle = (words.astype(np.float64) + 0.5) / 2**53
    normal: NDArray[np.float64] = np.sqrt(-2.0 * np.log(radius)) * np.cos(2.0 * np.pi * angle)
    return normal
