"""Task 5: the slow layers once more, compiled by Numba.

Results are those of layers.py for a convolution of stride 1 without padding, and for the maximum of 2 × 2 pixels with
stride 2.  The arrays are C-contiguous and of float32.  Each function must be several times as fast as NumPy with
a loop over the windows.
"""

import numpy as np
from numba import njit


@njit
def conv_forward(x, w, b):
    """x (N, C, H, W), w (O, C, k, k), b (O)     y (N, O, H - k + 1, W - k + 1)"""
    # SOLUTION: plain loops.  Let the innermost one run along a row, so that it reads neighbours in memory.
    images, channels, height, width = x.shape
    filters, k = len(w), w.shape[2]
    rows, columns = height - k + 1, width - k + 1
    y = np.empty((images, filters, rows, columns), x.dtype)
    for n in range(images):
        for o in range(filters):
            y[n, o] = b[o]
            for c in range(channels):
                for i in range(rows):
                    for u in range(k):
                        for v in range(k):
                            factor = w[o, c, u, v]
                            out, row = y[n, o, i], x[n, c, i + u, v : v + columns]
                            for j in range(len(out)):
                                out[j] += factor * row[j]
    return y


@njit
def conv_backward(g, x, w):
    """g (N, O, H - k + 1, W - k + 1), x (N, C, H, W), w (O, C, k, k)     dx, dw, db like x, w and (O)"""
    # SOLUTION: the same loops.  One pass can make dx and dw.
    images, filters, rows, columns = g.shape
    channels, k = w.shape[1], w.shape[2]
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros(filters, w.dtype)
    for n in range(images):
        for o in range(filters):
            for i in range(rows):
                gs = g[n, o, i]
                for j in range(columns):
                    db[o] += gs[j]
                for c in range(channels):
                    for u in range(k):
                        for v in range(k):
                            row, d_row = x[n, c, i + u, v : v + columns], dx[n, c, i + u, v : v + columns]
                            factor = w[o, c, u, v]
                            total = x.dtype.type(0)
                            for j in range(len(gs)):
                                d_row[j] += factor * gs[j]
                                total += gs[j] * row[j]
                            dw[o, c, u, v] += total
    return dx, dw, db


@njit
def pool_forward(x):
    """x (N, C, H, W)     y (N, C, H // 2, W // 2)"""
    # SOLUTION: the maximum of four numbers.
    images, channels, height, width = x.shape
    y = np.empty((images, channels, height // 2, width // 2), x.dtype)
    for n in range(images):
        for c in range(channels):
            for i in range(height // 2):
                above, below = x[n, c, 2 * i], x[n, c, 2 * i + 1]
                for j in range(width // 2):
                    y[n, c, i, j] = max(above[2 * j], above[2 * j + 1], below[2 * j], below[2 * j + 1])
    return y


@njit
def pool_backward(g, x):
    """g (N, C, H // 2, W // 2), x (N, C, H, W)     dx (N, C, H, W); the first of equal pixels gets g"""
    # SOLUTION: find the maximum of each window again.
    dx = np.zeros_like(x)
    for n in range(g.shape[0]):
        for c in range(g.shape[1]):
            for i in range(g.shape[2]):
                for j in range(g.shape[3]):
                    row, column = 2 * i, 2 * j
                    for u in range(2 * i, 2 * i + 2):
                        for v in range(2 * j, 2 * j + 2):
                            if x[n, c, u, v] > x[n, c, row, column]:
                                row, column = u, v
                    dx[n, c, row, column] = g[n, c, i, j]
    return dx
