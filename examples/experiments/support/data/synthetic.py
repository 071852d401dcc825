"""Ten classes of generated images with the shapes and dtypes of CIFAR-10, for machines without the real data.

Each image shows a shape or a texture in one random colour on a random two-colour background. The
shape is rotated, shifted and scaled at random, partly hidden by a bar, and covered with noise.

The bytes depend only on the seed. Random numbers are raw PCG64 output, a stream that NumPy
guarantees never to change. Pixels are computed with + - * / sqrt, floor and comparisons only,
which IEEE 754 rounds identically everywhere; sin and cos differ between machines in the last bit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from examples.experiments.support.data.cifar10 import Cifar10, Split

F32 = NDArray[np.float32]
Figure = Callable[[F32, F32, F32, F32], F32]

SIDE = 32
BLOCK = 128  # images generated at once: the arrays of a block fit into the cache
NOISE = 120.0  # range of the noise in grey levels
PARAMETERS = 24  # random numbers per image


def make(train: int = 50_000, test: int = 10_000, seed: int = 0) -> Cifar10:
    """Generate ``train`` and ``test`` images with equally frequent classes in random order.

    Raises
    ------
    ValueError
        A count is below 1, or the seed is negative.
    """
    if train < 1 or test < 1 or seed < 0:
        given = f"not {train}, {test} and {seed}"
        raise ValueError(f"synthetic.make: train and test must be at least 1, seed at least 0, {given}.")
    return Cifar10(
        train=_draw_split(train, seed, 0),
        test=_draw_split(test, seed, 1),
        classes=tuple(_FIGURES),
        source=f"The built-in synthetic set, not real images: {train:,} training, {test:,} test",
        real=False,
    )


def _draw_split(count: int, seed: int, which: int) -> Split:
    order = np.argsort(_generator(seed, which).random_raw(count), kind="stable")
    labels = order.astype(np.int64) % 10
    images = np.empty((count, 3, SIDE, SIDE), np.uint8)
    for label, figure in enumerate(_FIGURES.values()):
        members = np.flatnonzero(labels == label)
        for first in range(0, len(members), BLOCK):
            block = members[first : first + BLOCK]
            images[block] = _draw(figure, len(block), _generator(seed, which, label, first))
    return Split(images, labels)


def _draw(figure: Figure, count: int, bits: np.random.PCG64) -> NDArray[np.uint8]:
    """Generate ``count`` images of one class: (count, 3, 32, 32)."""
    r = iter(_uniform(bits, (PARAMETERS, count, 1, 1)))
    cosine, sine = _direction(next(r), next(r))
    size = 6 + 7 * next(r)  # radius of the shape in pixels
    x, y = _grid(7 * (2 * next(r) - 1), 7 * (2 * next(r) - 1))
    outside = figure(x * cosine + y * sine, y * cosine - x * sine, size, next(r))  # a signed distance
    inside = np.clip(0.5 - outside, 0, 1)  # (count, 32, 32): 1 inside the shape, with a soft edge

    cosine, sine = _direction(next(r), next(r))
    ramp = np.clip(0.5 + (x * cosine + y * sine) / SIDE, 0, 1)
    cosine, sine = _direction(next(r), next(r))
    bar = np.clip(2 - np.abs(x * cosine + y * sine + (16 * next(r) - 8)), 0, 1)  # hides a width of 3 pixels

    dark = next(r) < 0.5  # whether the shape is darker than the background
    grain = bits.random_raw(count * 3 * SIDE * SIDE // 8).astype("<u8").view(np.uint8)
    noise = grain.reshape(3, count, SIDE, SIDE).astype(np.float32) * np.float32(NOISE / 255) - np.float32(NOISE / 2)
    pictures = np.empty((count, 3, SIDE, SIDE), np.uint8)
    for channel in range(3):
        low, high, third = 110 * next(r), 145 + 110 * next(r), 255 * next(r)
        ground, ink = np.where(dark, high, low), np.where(dark, low, high)
        value = ground + (third - ground) * ramp * np.float32(0.6)
        value += (ink - value) * inside
        value += (third - value) * bar
        value += noise[channel]
        pictures[:, channel] = np.clip(value, 0, 255).astype(np.uint8)
    return pictures


def _radius(u: F32, v: F32) -> F32:
    radius: F32 = np.sqrt(u * u + v * v)
    return radius


def _larger(u: F32, v: F32) -> F32:
    larger: F32 = np.maximum(np.abs(u), np.abs(v))
    return larger


def _smaller(u: F32, v: F32) -> F32:
    smaller: F32 = np.minimum(np.abs(u), np.abs(v))
    return smaller


def _centred(u: F32, period: F32, phase: F32) -> F32:
    """Return ``u`` modulo ``period``, in -period/2 .. period/2."""
    turns = u / period + phase
    centred: F32 = (turns - np.floor(turns) - 0.5) * period
    return centred


def _wave(u: F32, period: F32, phase: F32) -> F32:
    """Return a triangle wave of slope ±1: the distance to the edges of stripes that are half a period wide."""
    wave: F32 = np.abs(_centred(u, period, phase)) - 0.25 * period
    return wave


def _dots(u: F32, v: F32, period: F32, phase: F32) -> F32:
    dots: F32 = _radius(_centred(u, period, phase), _centred(v, period, phase)) - 0.36 * period
    return dots


def _one_of(a: F32, b: F32) -> F32:
    """Combine two distances: inside where exactly one of them is inside."""
    either: F32 = np.maximum(np.minimum(a, b), -np.maximum(a, b))
    return either


# The ten classes: the signed distance to the edge in pixels, negative inside, at (u, v) in the rotated frame of
# the shape. r is its radius, (N, 1, 1), and q in [0, 1) is another random number per image.
_FIGURES: dict[str, Figure] = {
    "disc": lambda u, v, r, q: _radius(u, v) - r,
    "ring": lambda u, v, r, q: np.abs(_radius(u, v) - r * (0.7 + 0.1 * q)) - 0.22 * r,
    "square": lambda u, v, r, q: _larger(u, v) - 0.88 * r,
    "frame": lambda u, v, r, q: np.abs(_larger(u, v) - r * (0.65 + 0.1 * q)) - 0.2 * r,
    "triangle": lambda u, v, r, q: np.maximum(0.866 * np.abs(u) + 0.5 * v, -v) - 0.6 * r,
    "cross": lambda u, v, r, q: np.maximum(_larger(u, v) - r, _smaller(u, v) - r * (0.2 + 0.12 * q)),
    "stripes": lambda u, v, r, q: _wave(u, 0.45 * r + 1, q),
    "checkerboard": lambda u, v, r, q: _one_of(_wave(u, 0.6 * r + 2, q), _wave(v, 0.6 * r + 2, q)),
    "dots": lambda u, v, r, q: _dots(u, v, 0.5 * r + 2, q),
    "zigzag": lambda u, v, r, q: _wave(v + _wave(u, r + 2, q), 0.45 * r + 2, q),
}


def _direction(a: F32, b: F32) -> tuple[F32, F32]:
    """Return a random direction (cosine, sine) from two uniform numbers, by the rational form of the circle."""
    t = 2 * a - 1
    cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)  # the right half of the circle
    sign = np.where(b < 0.5, np.float32(-1), np.float32(1))
    return cosine * sign, sine * sign


def _grid(x: F32, y: F32) -> tuple[F32, F32]:
    """Return pixel coordinates (N, 1, 32) and (N, 32, 1) relative to points (x, y) from the image centre."""
    axis = np.arange(SIDE, dtype=np.float32) - np.float32((SIDE - 1) / 2)
    return axis[None, None, :] - x, axis[None, :, None] - y


def _uniform(bits: np.random.PCG64, shape: tuple[int, ...]) -> F32:
    """Return uniform float32 numbers in [0, 1) from the upper 24 bits of raw 64-bit output."""
    raw = bits.random_raw(int(np.prod(shape))) >> np.uint64(40)
    return raw.astype(np.float32).reshape(shape) * np.float32(2**-24)


def _generator(seed: int, *stream: int) -> np.random.PCG64:
    return np.random.PCG64(np.random.SeedSequence(seed, spawn_key=stream))
