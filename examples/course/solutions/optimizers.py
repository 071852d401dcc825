"""Task 3: the optimizers.

Each function makes one step.  It gets a parameter p, its gradient g, and what was kept from the step before, all of the
same shape.  It returns new arrays: the parameter, and what to keep for the next step.
"""

import numpy as np


def sgd(p, g, v, lr, momentum):
    """Stochastic gradient descent with momentum: p, v.

    v ← momentum · v + g
    p ← p - lr · v
    """
    # SOLUTION: two lines.
    v = momentum * v + g
    return p - lr * v, v


def adagrad(p, g, s, lr, eps):
    """Adagrad: p, s.

    s ← s + g²
    p ← p - lr · g / (√s + eps)
    """
    # SOLUTION: two lines.
    s = s + g**2
    return p - lr * g / (np.sqrt(s) + eps), s


def adam(p, g, m, v, t, lr, beta1, beta2, eps):
    """Adam: p, m, v.  This is step number t = 1, 2, 3, …

    m ← beta1 · m + (1 - beta1) · g
    v ← beta2 · v + (1 - beta2) · g²
    p ← p - lr · m̂ / (√v̂ + eps),  m̂ = m / (1 - beta1ᵗ),  v̂ = v / (1 - beta2ᵗ)
    """
    # SOLUTION: m̂ and v̂ are used in this step only; m and v are kept as they are.
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return p - lr * m_hat / (np.sqrt(v_hat) + eps), m, v
