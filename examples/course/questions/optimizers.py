"""Task 3: one step of each optimizer.  Right is what `optim`'s plain rules compute."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

import optim
from autograd.op import Sample
from autograd.testing import Draw, check_forward
from autograd.types import Array
from examples.course.question import Mistake, Question
from examples.course.solutions import optimizers as right


def _arrays(draw: Draw, *lows: float) -> tuple[Array, ...]:
    """Arrays of one shape, with numbers from each of `lows` to 2."""
    shape = draw.shape(1, 2)
    return tuple(draw.tensor(*shape, low=low) for low in lows)


def _sgd(draw: Draw) -> Sample:
    return Sample(_arrays(draw, -2, -2, -2), {"lr": draw.choice(0.5, 0.1), "momentum": draw.choice(0.75, 0.9, 0.0)})


def _adagrad(draw: Draw) -> Sample:
    return Sample(_arrays(draw, -2, -2, 0), {"lr": draw.choice(0.5, 0.1), "eps": draw.choice(0.125, 1e-8)})


def _adam(draw: Draw) -> Sample:
    return Sample(
        _arrays(draw, -2, -2, -2, 0.01),
        {
            "t": draw.choice(1, 2, 3, 10, 100),
            "lr": draw.choice(0.5, 0.1),
            "beta1": draw.choice(0.75, 0.9),
            "beta2": draw.choice(0.875, 0.999),
            "eps": draw.choice(0.125, 1e-8),
        },
    )


def _sgd_reference(p: Array, g: Array, v: Array, *, lr: float, momentum: float) -> Any:
    if not momentum:  # the rule of optim keeps no v then
        return p - lr * g, g
    state: dict[str, Any] = {"momentum_buffer": v}
    group = {"lr": lr, "momentum": momentum, "dampening": 0, "weight_decay": 0, "nesterov": False, "maximize": False}
    return optim.SGD.reference(p, g, state, group), state["momentum_buffer"]


def _adagrad_reference(p: Array, g: Array, s: Array, *, lr: float, eps: float) -> Any:
    state: dict[str, Any] = {"sum": s}
    group = {"lr": lr, "eps": eps, "lr_decay": 0, "weight_decay": 0, "maximize": False, "initial_accumulator_value": 0}
    return optim.Adagrad.reference(p, g, state, group), state["sum"]


def _adam_reference(
    p: Array, g: Array, m: Array, v: Array, *, t: int, lr: float, beta1: float, beta2: float, eps: float
) -> Any:
    state: dict[str, Any] = {"step": t - 1, "exp_avg": m, "exp_avg_sq": v}
    group = {"lr": lr, "betas": (beta1, beta2), "eps": eps, "weight_decay": 0, "maximize": False,
             "decoupled_weight_decay": False, "amsgrad": False}  # fmt: skip
    return optim.Adam.reference(p, g, state, group), state["exp_avg"], state["exp_avg_sq"]


def _adam_with(
    p: Array, g: Array, m: Array, v: Array, t: int, lr: float, beta1: float, beta2: float, eps: float, *,
    correct: tuple[bool, bool] = (True, True), eps_inside: bool = False, root: bool = True, square: bool = True,
    kept: bool = False, sign: int = 1, summed: tuple[bool, bool] = (False, False),
    exchanged: tuple[bool, bool] = (False, False),
) -> Any:  # fmt: skip
    """Adam without some part of it."""
    old1, old2 = (1 - beta1 if exchanged[0] else beta1), (1 - beta2 if exchanged[1] else beta2)
    m = old1 * m + (1 if summed[0] else 1 - old1) * g
    v = old2 * v + (1 if summed[1] else 1 - old2) * (g**2 if square else np.abs(g))
    m_hat = m / (1 - beta1**t) if correct[0] else m
    v_hat = v / (1 - beta2**t) if correct[1] else v
    below = np.sqrt(v_hat + eps) if eps_inside else (np.sqrt(v_hat) if root else v_hat) + eps
    return p - sign * lr * m_hat / below, *((m_hat, v_hat) if kept else (m, v))


def _adam_mistake(key: str, hint: str, **parts: Any) -> Mistake:
    return Mistake(key, hint, functools.partial(_adam_with, **parts))


ALTERED = "p has the right values, but what is kept for the next step has not: "

QUESTIONS = (
    Question(
        name="sgd", points=4, inputs=("p", "g", "v"), outputs=("p", "v"), sample=_sgd, kind="smooth",
        right=right.sgd, reference=_sgd_reference, check=check_forward,
        mistakes=(
            Mistake("momentum without gradient", "The gradient is not in v: v ← momentum · v + g.",
                    lambda p, g, v, lr, momentum: (p - lr * momentum * v, momentum * v)),
            Mistake("no momentum", "The step is along g alone. It has to be along v.",
                    lambda p, g, v, lr, momentum: (p - lr * g, momentum * v + g)),
            Mistake("no momentum", "v is the gradient alone: v ← momentum · v + g.",
                    lambda p, g, v, lr, momentum: (p - lr * g, g)),
            Mistake("dampened", "The gradient is multiplied by 1 - momentum. Here it is not: v ← momentum · v + g.",
                    lambda p, g, v, lr, momentum: (
                        p - lr * (momentum * v + (1 - momentum) * g), momentum * v + (1 - momentum) * g)),
            Mistake("sign", "The step is uphill: it is subtracted from p.",
                    lambda p, g, v, lr, momentum: (p + lr * (momentum * v + g), momentum * v + g)),
            Mistake("no learning rate", "The learning rate is missing in the step.",
                    lambda p, g, v, lr, momentum: (p - (momentum * v + g), momentum * v + g)),
            Mistake("old state", "The step is along the old v. Update v first.",
                    lambda p, g, v, lr, momentum: (p - lr * v, momentum * v + g)),
            Mistake("nesterov", "This is Nesterov's momentum, which adds the gradient once more.",
                    lambda p, g, v, lr, momentum: (
                        p - lr * (g + momentum * (momentum * v + g)), momentum * v + g)),
            Mistake("learning rate in v", "The learning rate is in v. Here it multiplies v in the step only.",
                    lambda p, g, v, lr, momentum: (p - (momentum * v + lr * g), momentum * v + lr * g)),
            Mistake("learning rate in v", "The sign and the learning rate are in v. Here v is a sum of gradients.",
                    lambda p, g, v, lr, momentum: (p + (momentum * v - lr * g), momentum * v - lr * g)),
            Mistake("state not kept", f"{ALTERED}return the new v.",
                    lambda p, g, v, lr, momentum: (p - lr * (momentum * v + g), v)),
        ),
    ),
    Question(
        name="adagrad", points=4, inputs=("p", "g", "s"), outputs=("p", "s"), sample=_adagrad, kind="smooth",
        right=right.adagrad, reference=_adagrad_reference, check=check_forward,
        mistakes=(
            Mistake("assigned", "s is the square of this gradient alone. It is the sum over all steps: s ← s + g².",
                    lambda p, g, s, lr, eps: (p - lr * g / (np.abs(g) + eps), g**2)),
            Mistake("no root", "The root is missing: divide by √s + eps.",
                    lambda p, g, s, lr, eps: (p - lr * g / (s + g**2 + eps), s + g**2)),
            Mistake("eps inside", "eps is inside the root. It is added to the root.",
                    lambda p, g, s, lr, eps: (p - lr * g / np.sqrt(s + g**2 + eps), s + g**2)),
            Mistake("no square", "s has to be the sum of squares, g².",
                    lambda p, g, s, lr, eps: (p - lr * g / (np.sqrt(s + np.abs(g)) + eps), s + np.abs(g))),
            Mistake("no square", "s has to be the sum of squares, g².",
                    lambda p, g, s, lr, eps: (p - lr * g / (np.sqrt(s + g) + eps), s + g)),
            Mistake("old state", "The step uses the old s. Update s first.",
                    lambda p, g, s, lr, eps: (p - lr * g / (np.sqrt(s) + eps), s + g**2)),
            Mistake("sign", "The step is uphill: it is subtracted from p.",
                    lambda p, g, s, lr, eps: (p + lr * g / (np.sqrt(s + g**2) + eps), s + g**2)),
            Mistake("no learning rate", "The learning rate is missing in the step.",
                    lambda p, g, s, lr, eps: (p - g / (np.sqrt(s + g**2) + eps), s + g**2)),
            Mistake("state not kept", f"{ALTERED}return the new s.",
                    lambda p, g, s, lr, eps: (p - lr * g / (np.sqrt(s + g**2) + eps), s)),
            Mistake("running mean", "s is a mean of two. Here it is a sum: s ← s + g².",
                    lambda p, g, s, lr, eps: (
                        p - lr * g / (np.sqrt((s + g**2) / 2) + eps), (s + g**2) / 2)),
        ),
    ),
    Question(
        name="adam", points=7, inputs=("p", "g", "m", "v"), outputs=("p", "m", "v"), sample=_adam, kind="smooth",
        right=right.adam, reference=_adam_reference, check=check_forward,
        mistakes=(
            _adam_mistake("no correction", "The bias correction is missing: divide m by 1 - beta1ᵗ and v by "
                          "1 - beta2ᵗ.", correct=(False, False)),
            _adam_mistake("no correction", "The bias correction of m is missing: divide it by 1 - beta1ᵗ.",
                          correct=(False, True)),
            _adam_mistake("no correction", "The bias correction of v is missing: divide it by 1 - beta2ᵗ.",
                          correct=(True, False)),
            _adam_mistake("eps inside", "eps is inside the root. It is added to the root.", eps_inside=True),
            _adam_mistake("no root", "The root is missing: divide by √v̂ + eps.", root=False),
            _adam_mistake("no square", "v is the running mean of the squares, g².", square=False),
            Mistake("no square", "v is the running mean of the squares, g².",
                    lambda p, g, m, v, t, lr, beta1, beta2, eps: (
                        p - lr * (beta1 * m + (1 - beta1) * g) / (1 - beta1**t) / (
                            np.sqrt((beta2 * v + (1 - beta2) * g) / (1 - beta2**t)) + eps),
                        beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g)),
            _adam_mistake("state not kept", f"{ALTERED}m and v are kept without the bias correction.", kept=True),
            _adam_mistake("sign", "The step is uphill: it is subtracted from p.", sign=-1),
            Mistake("state not kept", f"{ALTERED}return the new m and v.",
                    lambda p, g, m, v, **params: (right.adam(p, g, m, v, **params)[0], m, v)),
            Mistake("step off by one", "The bias correction uses the wrong step: t counts from 1, and is this step's "
                    "number already.",
                    lambda p, g, m, v, t, **params: right.adam(p, g, m, v, t + 1, **params)),
            Mistake("step off by one", "The bias correction does not use t: divide by 1 - beta1 to the power of t.",
                    lambda p, g, m, v, t, **params: right.adam(p, g, m, v, 1, **params)),
            *(_adam_mistake("weights exchanged", f"{which} are exchanged: the old mean has the weight beta.",
                            exchanged=both)
              for which, both in (("beta1 and 1 - beta1", (True, False)), ("beta2 and 1 - beta2", (False, True)),
                                  ("beta and 1 - beta", (True, True)))),
            Mistake("weights exchanged", "beta1 and beta2 are exchanged: m has beta1, and v has beta2.",
                    lambda p, g, m, v, t, lr, beta1, beta2, eps: right.adam(p, g, m, v, t, lr, beta2, beta1, eps)),
            *(_adam_mistake("running sum", f"{which} a mean, not a sum: the new gradient is multiplied by 1 - beta.",
                            summed=both)
              for which, both in (("m and v are each", (True, True)), ("m is", (True, False)),
                                  ("v is", (False, True)))),
            Mistake("no momentum", "The step is along g. It has to be along m̂.",
                    lambda p, g, m, v, t, lr, beta1, beta2, eps: (
                        p - lr * g / (np.sqrt((beta2 * v + (1 - beta2) * g**2) / (1 - beta2**t)) + eps),
                        beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2)),
            Mistake("no learning rate", "The learning rate is missing in the step.",
                    lambda p, g, m, v, t, lr, beta1, beta2, eps: right.adam(
                        p, g, m, v, t, 1.0, beta1, beta2, eps)),
        ),
    ),
)  # fmt: skip
