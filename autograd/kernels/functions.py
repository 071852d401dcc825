"""e^x, tanh x and the normal distribution function Φ, written so that LLVM vectorizes loops over them.

Those of the C library are calls for one number each, with branches.  These have neither.  There is a version for
float64 and one for float32: a register holds twice as many float32 numbers, and shorter series are exact enough.

    e^x     x = n log 2 + r, |r| < 0.37: 2 e^r from a polynomial of degree 11 (error below 5e-18), times 2^(n - 1),
            whose bits are n - 1 + 1023 in the exponent's place
    Φ(-z)   = e^(-z²/2) P(t) / (a + z), t = (z - a) / (z + a), z >= 0, a = 5, with P of degree 22 (error of P below
            1e-16; the relative error of e^(-z²/2) is z² 1e-16).  Φ(z) = 1 - Φ(-z)
    tanh x  = x Q(x²) for |x| < 1/2, with Q of degree 10 (relative error below 3e-18); beyond, ±(1 - 2 / (e^2|x| + 1)),
            where no digits cancel

In float32 the degree for e^r is 6 (error below 4e-9), a is 4, P has degree 9 (2e-8) and Q degree 4 (2e-8).
The polynomials interpolate at Chebyshev points and were computed with 50 digits or more.

n is found without a conversion to integers: x / log 2 plus a large number has n in its last bits.  The large number
is chosen so that these bits are the exponent's, n + 1022, and a shift makes 2^(n - 1) of them.  e^r is computed
twice too large, since 2^n would be inf for the largest finite results.  x is cut off below where n + 1022 = 0: there
2^(n - 1) is 0.  No comparison is needed, and NaN stays NaN.  The form of Φ is that of
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
EXP = (  # of 2 e^r, from the highest power
    5.0220075211927543e-08, 5.5265279278082056e-07, 5.5114481157163795e-06, 4.9602970964656985e-05,
    0.00039682539780094223, 0.0027777777905849505, 0.01666666666663922, 0.08333333333297619,
    0.33333333333333362, 1.0000000000000037, 2.0, 2.0,
)  # fmt: skip
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
PER_LOG2_32 = SINGLE(1.4424)  # less than 1 / log 2, so that n + 126 > 0 for x = -87
ROUND_32 = SINGLE(1.5 * 2.0**23)
EXP_32 = tuple(
    SINGLE(c)
    for c in (0.0027895149, 0.016760608, 0.083332541, 0.33332699, 1.0, 2.0000001, 2.0)
)  # fmt: skip
EXP2_32 = tuple(  # of 2^r, |r| <= 1/2
    SINGLE(c)
    for c in (0.000154614447, 0.00134004282, 0.00961805668, 0.0555032723, 0.240226509, 0.693147207, 1.0)
)  # fmt: skip
CENTRE_32 = SINGLE(4)
P_32 = tuple(
    SINGLE(c)
    for c in (
        -0.000120184401,
        0.00020126173,
        0.00157231788,
        -0.0035261837,
        -0.0075292507,
        0.0604066887,
        -0.186522685,
        0.387136684,
        -0.607896618,
        0.755285138,
    )
)
Q_32 = tuple(SINGLE(c) for c in (0.017131344, -0.052984239, 0.13324751, -0.33333068, 0.99999999))


def _exponential_64(x):
    z = np.float64(x)
    z = np.float64(-708.5) if z < -708.5 else z
    z = np.float64(710) if z > 710 else z
    shifted = z * (1 / math.log(2)) + (ROUND + 1022)
    n = shifted - (ROUND + 1022)
    r = z - n * LOG2_HIGH - n * LOG2_LOW
    y = EXP[0]
    for c in EXP[1:]:
        y = y * r + c
    return y * np.int64(np.float64(shifted).view(np.int64) << 52).view(np.float64)


def _exponential_32(x):
    z = SINGLE(-87.3) if x < SINGLE(-87.3) else x
    z = SINGLE(89) if z > SINGLE(89) else z
    shifted = z * PER_LOG2_32 + (ROUND_32 + SINGLE(126))
    n = shifted - (ROUND_32 + SINGLE(126))
    r = z - n * LOG2_HIGH_32 - n * LOG2_LOW_32
    y = EXP_32[0]
    for c in EXP_32[1:]:
        y = y * r + c
    return y * np.int32(SINGLE(shifted).view(np.int32) << np.int32(23)).view(np.float32)


def _normal_tail_64(x):
    z = abs(np.float64(x))
    z = np.float64(40) if z > 40 else z  # where Φ(-z) is 0
    reciprocal = 1 / (z + CENTRE)
    t = 1 - 2 * CENTRE * reciprocal
    even, odd, square = P[0], P[1], t * t  # two polynomials: LLVM unrolls, and so vectorizes, only short ones
    for c in P[2::2]:
        even = even * square + c
    for c in P[3::2]:
        odd = odd * square + c
    bell = exponential(-0.5 * z * z)
    return z, (even + odd * t) * (bell * reciprocal), bell


def _normal_tail_32(x):
    z = abs(x)
    z = SINGLE(14) if z > SINGLE(14) else z
    reciprocal = SINGLE(1) / (z + CENTRE_32)
    t = SINGLE(1) - SINGLE(2) * CENTRE_32 * reciprocal
    y = P_32[0]
    for c in P_32[1:]:
        y = y * t + c
    square = z * z
    shifted = square * SINGLE(-0.7213) + ROUND_32  # with the exact factor LLVM would round its product, and subtract n
    r = square * SINGLE(-0.5 / math.log(2)) - (shifted - ROUND_32)
    e = EXP2_32[0]
    for c in EXP2_32[1:]:
        e = e * r + c
    bits = np.int32(SINGLE(e).view(np.int32) + (SINGLE(shifted).view(np.int32) << np.int32(23)))
    bell = np.int32(max(bits, np.int32(0))).view(np.float32)
    return z, y * (bell * reciprocal), bell


def _tanh_64(x):
    z = abs(np.float64(x))
    square, y = z * z, Q[0]
    for c in Q[1:]:
        y = y * square + c
    far = 1 - 2 / (exponential(2 * z) + 1)
    return x * y if z < 0.5 else (-far if x < 0 else far)


def _tanh_32(x):
    z = abs(x)
    square, y = z * z, Q_32[0]
    for c in Q_32[1:]:
        y = y * square + c
    far = SINGLE(1) - SINGLE(2) / (exponential(SINGLE(2) * z) + SINGLE(1))
    return x * y if z < SINGLE(0.5) else (-far if x < 0 else far)


def exponential(x: Any) -> Any:
    """e^x in x's dtype, for kernels.  0 below -708 (float32: -87), where the result would be subnormal."""
    raise TypeError("exponential: only kernels can call it; use np.exp")


def normal_tail(x: Any) -> Any:
    """z = |x|, Φ(-z) and e^(-z²/2), of which Φ is made, in x's dtype, for kernels.  z is cut off where Φ(-z) is 0."""
    raise TypeError("normal_tail: only kernels can call it")


def hyperbolic_tangent(x: Any) -> Any:
    """tanh x in x's dtype, for kernels."""
    raise TypeError("hyperbolic_tangent: only kernels can call it; use np.tanh")


@overload(exponential, inline="always")  # a loop with a call in it is not vectorized
def _choose_exponential(x):
    return _exponential_32 if x == types.float32 else _exponential_64


@overload(normal_tail, inline="always")
def _choose_normal_tail(x):
    return _normal_tail_32 if x == types.float32 else _normal_tail_64


@overload(hyperbolic_tangent, inline="always")
def _choose_tanh(x):
    return _tanh_32 if x == types.float32 else _tanh_64
