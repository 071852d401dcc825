"""e^x, tanh x and the normal distribution function Φ, written so that LLVM vectorizes loops over them.

Those of the C library are calls for one number each, with branches.  These have neither.  There is a version for
float64 and one for float32: a register holds twice as many float32 numbers, and shorter series are exact enough.

    e^x     x = n log 2 + r, |r| <= log 2 / 2: 2^n from its bits, e^r from Taylor's series up to r¹³ (error below 2e-16)
    Φ(-z)   = e^(-z²/2) P(t) / (a + z), t = (z - a) / (z + a), z >= 0, a = 5, with P of degree 22 (error of P
            below 1e-16; the relative error of e^(-z²/2) is z² 1e-16).  Φ(z) = 1 - Φ(-z)
    tanh x  = x Q(x²) for |x| < 1/2, with Q of degree 10 (relative error below 3e-18); beyond, ±(1 - 2 / (e^2|x| + 1)),
            where no digits cancel

In float32 the series ends at r⁷ (error below 6e-9), P has degree 11 (2e-8) and Q degree 4 (2e-8).
P and Q interpolate at Chebyshev points and were computed with 60 digits.  The form of Φ is that of
Shepherd, Laframboise, "Chebyshev Approximation of (1 + 2x) exp(x²) erfc x in 0 <= x < ∞", 1981.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

LOG2_HIGH, LOG2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10  # the first has few bits: n times it is exact
ROUND = 1.5 * 2.0**52  # a number below 2⁵¹ plus this has its nearest integer in the last bits
TAYLOR = tuple(1 / math.factorial(k) for k in range(13, -1, -1))
CENTRE = 5.0
P = (  # from the highest power
    -8.166192624428987e-10, 5.037302126379857e-10, 9.446827519677366e-09, -5.015649939857857e-09,
    -6.782555313291156e-08, 3.581840051543223e-08, 4.340262594829775e-07, -3.310698071526862e-07,
    -2.769337871043854e-06, 3.977912640593242e-06, 1.6681099115863468e-05, -4.976177118979218e-05,
    -5.9375673286488655e-05, 0.00054489883090093, -0.0007978694094808063, -0.00299337673822322,
    0.020795066800941616, -0.06911863870881432, 0.16502036617034282, -0.3135331566712138,
    0.4953056159699768, -0.6653825028900577, 0.769193049750063,
)  # fmt: skip

Q = (  # from the highest power
    5.6635009159111816e-05, -0.00021761442156422376, 0.00058317924000075582, -0.0014544509176344552,
    0.0035919465020130572, -0.008863220134250502, 0.021869487718845707, -0.05396825394287032,
    0.13333333333292815, -0.33333333333333081, 1.0,
)  # fmt: skip


SINGLE = np.float32
LOG2_HIGH_32, LOG2_LOW_32 = SINGLE(0.693359375), SINGLE(-2.12194440e-4)
ROUND_32 = SINGLE(1.5 * 2.0**23)
TAYLOR_32 = tuple(SINGLE(c) for c in TAYLOR[-8:])
P_32 = tuple(
    SINGLE(c)
    for c in (
        -3.9435734e-05, -2.1871772e-05, 0.00053382706, -0.0008359721, -0.0029877631, 0.02081389,
        -0.06911994, 0.16501607, -0.31353304, 0.495306, -0.6653825, 0.76919305,
    )
)  # fmt: skip
Q_32 = tuple(SINGLE(c) for c in (0.017131344, -0.052984239, 0.13324751, -0.33333068, 0.99999999))


def _exponential_64(x):
    z = np.float64(x)
    shifted = z * (1 / math.log(2)) + ROUND
    n = shifted - ROUND
    r = z - n * LOG2_HIGH - n * LOG2_LOW
    y = 0.0
    for c in TAYLOR:
        y = y * r + c
    bits = np.float64(y).view(np.int64) + (np.float64(shifted).view(np.int64) << 52)
    y = np.int64(bits).view(np.float64)
    y = 0.0 if z < -708 else y
    y = np.inf if z > 709.782712893384 else y
    return z if z != z else y


def _exponential_32(x):
    shifted = x * SINGLE(1.44269504) + ROUND_32
    n = shifted - ROUND_32
    r = x - n * LOG2_HIGH_32 - n * LOG2_LOW_32
    y = SINGLE(0)
    for c in TAYLOR_32:
        y = y * r + c
    bits = np.int32(SINGLE(y).view(np.int32) + (SINGLE(shifted).view(np.int32) << 23))
    y = bits.view(np.float32)
    y = SINGLE(0) if x < SINGLE(-87) else y
    y = SINGLE(np.inf) if x > SINGLE(88.72283) else y
    return x if x != x else y


def _normal_cdf_64(x):
    z = abs(np.float64(x))
    z = np.float64(40) if z > 40 else z  # where Φ(-z) is 0
    t = (z - CENTRE) / (z + CENTRE)
    even, odd, square = 0.0, 0.0, t * t  # two polynomials: LLVM unrolls, and so vectorizes, only short ones
    for c in P[::2]:
        even = even * square + c
    for c in P[1::2]:
        odd = odd * square + c
    y = (even + odd * t) * exponential(-0.5 * z * z) / (CENTRE + z)
    return y if x < 0 else 1 - y


def _normal_cdf_32(x):
    z = abs(x)
    z = SINGLE(14) if z > SINGLE(14) else z
    t = (z - SINGLE(CENTRE)) / (z + SINGLE(CENTRE))
    y = SINGLE(0)
    for c in P_32:
        y = y * t + c
    y = y * exponential(SINGLE(-0.5) * z * z) / (SINGLE(CENTRE) + z)
    return y if x < 0 else SINGLE(1) - y


def _tanh_64(x):
    z = abs(np.float64(x))
    square, y = z * z, 0.0
    for c in Q:
        y = y * square + c
    far = 1 - 2 / (exponential(2 * z) + 1)
    return x * y if z < 0.5 else (-far if x < 0 else far)


def _tanh_32(x):
    z = abs(x)
    square, y = z * z, SINGLE(0)
    for c in Q_32:
        y = y * square + c
    far = SINGLE(1) - SINGLE(2) / (exponential(SINGLE(2) * z) + SINGLE(1))
    return x * y if z < SINGLE(0.5) else (-far if x < 0 else far)


def exponential(x: Any) -> Any:
    """e^x in x's dtype, for kernels.  0 below -708 (float32: -87), where the result would be subnormal."""
    raise TypeError("exponential: only kernels can call it; use np.exp")


def normal_cdf(x: Any) -> Any:
    """Φ(x) in x's dtype, for kernels."""
    raise TypeError("normal_cdf: only kernels can call it")


def hyperbolic_tangent(x: Any) -> Any:
    """tanh x in x's dtype, for kernels."""
    raise TypeError("hyperbolic_tangent: only kernels can call it; use np.tanh")


@overload(exponential, inline="always")  # a loop with a call in it is not vectorized
def _choose_exponential(x):
    return _exponential_32 if x == types.float32 else _exponential_64


@overload(normal_cdf, inline="always")
def _choose_normal_cdf(x):
    return _normal_cdf_32 if x == types.float32 else _normal_cdf_64


@overload(hyperbolic_tangent, inline="always")
def _choose_tanh(x):
    return _tanh_32 if x == types.float32 else _tanh_64
