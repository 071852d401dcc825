"""e^x and the normal distribution function Φ, for loops that LLVM is to make vector instructions of.

The C library's are calls, number by number, and branch.  These do neither, and work in float64
for float32 too.

    e^x     x = n log 2 + r, |r| <= log 2 / 2: 2^n by its bits, e^r by Taylor's series to r¹³ (error below 2e-16)
    Φ(-z)   = e^(-z²/2) P(t) / (a + z), t = (z - a) / (z + a), z >= 0, a = 5, with P of degree 22 (error of P
            below 1e-16; e^(-z²/2) rounds to z² 1e-16 of itself).  Φ(z) = 1 - Φ(-z)

P interpolates at Chebyshev's points, computed with 60 digits; the form is that of
Shepherd, Laframboise, "Chebyshev Approximation of (1 + 2x) exp(x²) erfc x in 0 <= x < ∞", 1981.
"""

from __future__ import annotations

import math

import numpy as np

from autograd.kernels.jit import kernel

LOG2_HIGH, LOG2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10  # the first has few bits: n times it is exact
ROUND = 1.5 * 2.0**52  # added to a number below 2⁵¹, it leaves its nearest integer in the last bits
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


@kernel(inline=True)  # what is called is not vectorized
def exponential(x):
    """e^x in float64; 0 below -708, where it would be less than the least number of full precision."""
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


@kernel(inline=True)
def normal_cdf(x):
    """Φ(x) in float64."""
    z = abs(np.float64(x))
    z = np.float64(40) if z > 40 else z  # where Φ(-z) is 0
    t = (z - CENTRE) / (z + CENTRE)
    even, odd, square = 0.0, 0.0, t * t  # in two: LLVM unrolls, and so vectorizes, short polynomials only
    for c in P[::2]:
        even = even * square + c
    for c in P[1::2]:
        odd = odd * square + c
    y = (even + odd * t) * exponential(-0.5 * z * z) / (CENTRE + z)
    return y if x < 0 else 1 - y
