"""Write an optimizer of your own, as one would for PyTorch: Lion.

Run ``python -m examples.own_optimizer`` (about 3 seconds).

You will see Lion and SGD with momentum train the same network from the same initial weights, to tell apart two
spirals that wind around each other.  Both get every point right, and Lion's loss is far lower.
"""

import autograd
import nn
import nn.functional as F
import optim


class Lion(optim.Optimizer):
    """Step by the sign of a mean of gradients, so that each weight moves by lr: Chen et al. 2023, arXiv:2302.06675.

    c = beta1 m + (1 - beta1) g,   p = p - lr (sign(c) + weight_decay p),   m = beta2 m + (1 - beta2) g
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.99), weight_decay=0.0):
        defaults = {"lr": lr, "betas": betas, "weight_decay": weight_decay}
        super().__init__(params, defaults)  # each group of parameters has these, unless it sets its own

    @autograd.no_grad()  # the update itself must not be recorded
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with autograd.enable_grad():
                loss = closure()
        for group in self.param_groups:
            lr, (beta1, beta2) = group["lr"], group["betas"]
            for p in group["params"]:
                if p.grad is None:  # not used in this loss
                    continue
                state = self.state[p]  # a dict for each parameter, empty at first; state_dict() saves it
                if not state:
                    state["exp_avg"] = autograd.zeros_like(p)
                m = state["exp_avg"]
                p.mul_(1 - lr * group["weight_decay"])
                p.add_((beta1 * m + (1 - beta1) * p.grad).sign(), alpha=-lr)
                m.mul_(beta2).add_(p.grad, alpha=1 - beta2)
        return loss


# Two spirals of 200 points each.  The second is the first, turned by 180 degrees.
autograd.manual_seed(0)
angle = autograd.linspace(0.5, 9.0, 200)
spiral = autograd.stack([angle * angle.cos(), angle * angle.sin()], 1) / 9
points = autograd.cat([spiral, -spiral]) + 0.01 * autograd.randn(400, 2)
labels = autograd.cat([autograd.zeros(200), autograd.ones(200)]).long()


def train(make_optimizer):
    autograd.manual_seed(1)  # the same initial weights for each optimizer
    model = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    optimizer = make_optimizer(model.parameters())
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, 500)  # schedulers work with any optimizer
    losses = []
    for _ in range(501):
        loss = F.cross_entropy(model(points), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses, (model(points).argmax(1) == labels).float().mean().item()


# Each has a good learning rate for this problem.  Lion's is smaller, since it moves every weight by lr in every step.
sgd, sgd_accuracy = train(lambda params: optim.SGD(params, lr=0.3, momentum=0.9))
lion, lion_accuracy = train(lambda params: Lion(params, lr=0.01))
print("  step       SGD      Lion")
for step in range(0, 501, 50):
    print(f"  {step:4d}{sgd[step]:10.1e}{lion[step]:10.1e}")
print(f"Accuracy: SGD {sgd_accuracy:.1%}, Lion {lion_accuracy:.1%}")
