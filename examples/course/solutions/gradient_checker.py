"""Task 4: a gradient checker of your own."""

import numpy as np


def numerical_gradient(f, x, h):
    """The gradient of f at x by central differences.

    f: takes an array like x, returns a number     x (any shape) of float64     gradient (the shape of x)
    Entry k is (f(x + h eₖ) - f(x - h eₖ)) / 2h, where eₖ is 1 at entry k and 0 elsewhere.  x is the same afterwards.
    """
    # SOLUTION: change one entry of a copy, call f, change it the other way, call f, and restore the entry.
    moved = x.copy()
    gradient = np.zeros_like(x)
    for k in np.ndindex(*x.shape):
        moved[k] = x[k] + h
        above = f(moved)
        moved[k] = x[k] - h
        below = f(moved)
        moved[k] = x[k]
        gradient[k] = (above - below) / (2 * h)
    return gradient


def relative_error(a, b):
    """How far apart two arrays are, in units of their largest element: max |a - b| / max(max |a|, max |b|).

    a, b (any shape, the same)     error: a number; 0 if all elements of both are 0
    """
    # SOLUTION: do not divide by 0.
    scale = max(np.abs(a).max(), np.abs(b).max())
    return np.abs(a - b).max() / scale if scale > 0 else 0.0


def is_right(f, gradient, x):
    """Whether `gradient` (the shape of x) is the gradient of f at x: True or False.

    Accept what rounding explains, and refuse an error of one percent in a single entry, however small that entry is
    beside the largest one.
    """
    # SOLUTION: choose h, and compare entry by entry.
    numerical = numerical_gradient(f, x, 1e-4)
    return bool(np.all(np.abs(gradient - numerical) <= 1e-5 + 1e-4 * np.abs(numerical)))
