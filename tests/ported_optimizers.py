"""Optimizers and a training loop as users of PyTorch write them.  Tests also run this text with lucidgrad's imports."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

# imports
import torch
from torch.optim import Optimizer, lr_scheduler

# end of imports


class Lion(Optimizer):
    """Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, algorithm 2."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-4,
        betas: Any = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        if lr < 0.0:
            raise ValueError(f"invalid learning rate: {lr}")
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay, "maximize": maximize})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                grad = p.grad.data
                if grad.is_sparse:
                    raise RuntimeError("Lion does not support sparse gradients")
                grad = -grad if group["maximize"] else grad
                state = self.state[p]
                if len(state) == 0:
                    state["exp_avg"] = torch.zeros_like(p, memory_format=torch.preserve_format)
                exp_avg = state["exp_avg"]
                p.data.mul_(1 - group["lr"] * group["weight_decay"])
                update = exp_avg.clone().mul_(beta1).add_(grad, alpha=1 - beta1).sign_()
                p.add_(update, alpha=-group["lr"])
                exp_avg.mul_(beta2).add_(grad, alpha=1 - beta2)
        return loss


class MomentumSGD(Optimizer):
    """Gradient descent with momentum as in textbooks, optionally Nesterov's."""

    def __init__(self, params: Any, lr: float, momentum: float = 0.9, nesterov: bool = False) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "nesterov": nesterov})

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("nesterov", False)

    def step(self, closure: Any = None) -> Any:
        loss = closure() if closure is not None else None
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        if "velocity" not in self.state[p]:
                            self.state[p]["velocity"] = torch.zeros_like(p.data)
                            self.state[p]["steps"] = 0
                        velocity = self.state[p]["velocity"]
                        velocity.mul_(group["momentum"]).add_(p.grad)
                        direction = p.grad + group["momentum"] * velocity if group["nesterov"] else velocity
                        p -= group["lr"] * group.get("scale", 1.0) * direction
                        self.state[p]["steps"] += 1
        return loss


class AMSGrad(Optimizer):
    """Reddi, Kale and Kumar, "On the Convergence of Adam and Beyond", 2018, written with PyTorch's in-place methods."""

    def __init__(self, params: Any, lr: float = 1e-3, betas: Any = (0.9, 0.999), eps: float = 1e-8) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in filter(lambda p: p.grad is not None, group["params"]):
                state = self.state[p]
                if not state:
                    state["step"] = torch.tensor(0.0)
                    for name in ("mean", "square", "largest"):
                        state[name] = torch.zeros_like(p)
                state["step"] += 1
                t = state["step"].item()
                state["mean"].lerp_(p.grad, 1 - beta1)
                state["square"].mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)
                state["largest"].copy_(torch.maximum(state["largest"], state["square"]))
                denominator = state["largest"].clone().sqrt_().div_((1 - beta2**t) ** 0.5).add_(group["eps"])
                p.addcdiv_(state["mean"], denominator, value=-group["lr"] / (1 - beta1**t))
        return loss


PROGRAMS: dict[str, tuple[Any, dict[str, Any]]] = {
    "Lion": (Lion, {"lr": 0.03, "weight_decay": 0.1}),
    "MomentumSGD": (MomentumSGD, {"lr": 0.1}),
    "Nesterov": (MomentumSGD, {"lr": 0.1, "nesterov": True}),
    "AMSGrad": (AMSGrad, {"lr": 0.05}),
}


def train(name: str, steps: int = 20) -> tuple[dict[str, Any], list[float], list[str]]:
    """Fit a small network, with groups, names, hooks, a schedule, and a state that is saved and loaded half-way.

    Returns the parameters by name, the losses, and what the hooks saw.
    """
    kind, options = PROGRAMS[name]
    rng = np.random.default_rng(0)
    x, y = (torch.tensor(rng.standard_normal(shape)) for shape in ((16, 4), (16, 3)))
    w = torch.tensor(rng.standard_normal((4, 3)), requires_grad=True)
    b = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    c = torch.ones(3, dtype=torch.float64, requires_grad=True)
    seen: list[str] = []

    def make() -> tuple[Any, Any]:
        optimizer = kind([{"params": [("w", w)], "scale": 0.5}], **options)
        optimizer.add_param_group({"params": [("b", b), ("c", c)], "lr": 0.02})
        optimizer.register_step_pre_hook(lambda optimizer, args, kwargs: seen.append(f"before {len(args)}"))
        optimizer.register_step_post_hook(lambda optimizer, args, kwargs: seen.append(f"after {len(kwargs)}"))
        return optimizer, lr_scheduler.StepLR(optimizer, 5, 0.5)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = ((torch.tanh(x @ w + b) * c - y) ** 2).mean()
        loss.backward()
        return loss

    optimizer, scheduler = make()
    losses = []
    for step in range(steps):
        losses.append(optimizer.step(closure).item())
        scheduler.step()
        if step == steps // 2:
            state = copy.deepcopy([optimizer.state_dict(), scheduler.state_dict()])
            optimizer, scheduler = make()
            optimizer.load_state_dict(state[0])
            scheduler.load_state_dict(state[1])
    return {"w": w, "b": b, "c": c}, losses, seen
