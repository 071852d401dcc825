"""Task 1: the layers of a convolutional network, forward and backward, in NumPy.

A backward gets g, the gradient of the loss by the layer's output, and returns the gradients by its inputs.  Results
have the dtype of the inputs.  No function writes to its arguments.
"""

import numpy as np


def relu_forward(x):
    """The positive part of x.

    x (any shape)     y (the same shape) = max(x, 0)
    """
    # SOLUTION: one line of NumPy.
    return np.maximum(x, 0)


def relu_backward(g, x):
    """The gradient by x: g where x > 0, and 0 elsewhere.

    g, x (any shape)     dx (the same shape)
    """
    # SOLUTION: which elements of g pass?
    return np.where(x > 0, g, 0)


def linear_forward(x, w, b):
    """A fully connected layer.

    x (N, I), w (O, I), b (O)     y (N, O) = x wᵀ + b
    """
    # SOLUTION: a matrix product, and a bias that is added to each row.
    return x @ w.T + b


def linear_backward(g, x, w):
    """The gradients of the fully connected layer.

    g (N, O), x (N, I), w (O, I)     dx (N, I), dw (O, I), db (O)
    """
    # SOLUTION: write each gradient as a matrix product or a sum.  The shapes tell which.
    dx = g @ w
    dw = g.T @ x
    db = g.sum(axis=0)
    return dx, dw, db


def conv_forward(x, w, b, stride, padding):
    """A convolution: each filter is laid over each window of the image, without turning it round.

    x (N, C, H, W), w (O, C, k, k), b (O)     y (N, O, H', W')
    H' = (H + 2 padding - k) // stride + 1, and W' likewise.  The padding is a frame of zeros.
    """
    # SOLUTION: pad x with np.pad, then loop over the windows.  np.tensordot multiplies and sums.
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    k = w.shape[2]
    rows = (x.shape[2] + 2 * padding - k) // stride + 1
    columns = (x.shape[3] + 2 * padding - k) // stride + 1
    y = np.zeros((len(x), len(w), rows, columns), x.dtype)
    for i in range(rows):
        for j in range(columns):
            window = padded[:, :, i * stride : i * stride + k, j * stride : j * stride + k]
            y[:, :, i, j] = np.tensordot(window, w, axes=((1, 2, 3), (1, 2, 3))) + b
    return y


def conv_backward(g, x, w, stride, padding):
    """The gradients of the convolution.

    g (N, O, H', W'), x (N, C, H, W), w (O, C, k, k)     dx (N, C, H, W), dw (O, C, k, k), db (O)
    """
    # SOLUTION: each window of x has met each filter; windows overlap, so their gradients add up.
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    k = w.shape[2]
    d_padded = np.zeros_like(padded)
    dw = np.zeros_like(w)
    for i in range(g.shape[2]):
        for j in range(g.shape[3]):
            place = (..., slice(i * stride, i * stride + k), slice(j * stride, j * stride + k))
            d_padded[place] += np.tensordot(g[:, :, i, j], w, axes=1)
            dw += np.tensordot(g[:, :, i, j], padded[place], axes=(0, 0))
    dx = d_padded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    db = g.sum(axis=(0, 2, 3))
    return dx, dw, db


def pool_forward(x, size, stride):
    """The maximum of each window of size × size pixels.

    x (N, C, H, W)     y (N, C, H', W')     H' = (H - size) // stride + 1, and W' likewise
    """
    # SOLUTION: loop over the windows, as in conv_forward.
    rows = (x.shape[2] - size) // stride + 1
    columns = (x.shape[3] - size) // stride + 1
    y = np.zeros((*x.shape[:2], rows, columns), x.dtype)
    for i in range(rows):
        for j in range(columns):
            window = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
            y[:, :, i, j] = window.max(axis=(2, 3))
    return y


def pool_backward(g, x, size, stride):
    """The gradient by x: each g is added to the pixel that was the maximum of its window.

    g (N, C, H', W'), x (N, C, H, W)     dx (N, C, H, W)
    If several pixels of a window are the maximum, the first one in row order gets all of g.
    """
    # SOLUTION: np.argmax finds the first maximum of a flattened window.
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(*g.shape):
        window = x[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        row, column = divmod(int(window.argmax()), size)
        dx[n, c, i * stride + row, j * stride + column] += g[n, c, i, j]
    return dx


def cross_entropy_forward(scores, labels):
    """The mean over the images of -log p, where p is the softmax probability of the image's own class.

    scores (N, K), labels (N) of integers from 0 to K - 1     loss ()
    It must stay finite for scores of 1000, whose exponential is infinite.
    """
    # SOLUTION: subtract each row's maximum first, which changes no probability.
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(labels)), labels].mean()


def cross_entropy_backward(g, scores, labels):
    """The gradient by the scores, where g is the gradient of the whole by the loss, a number.

    g (), scores (N, K), labels (N)     dscores (N, K)
    """
    # SOLUTION: the probabilities, minus 1 at each image's own class.  The mean divides by N.
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    dscores = exponentials / exponentials.sum(axis=1, keepdims=True)
    dscores[np.arange(len(labels)), labels] -= 1
    return g * dscores / len(labels)
