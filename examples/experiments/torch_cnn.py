"""The baseline in PyTorch: ``python -m examples.experiments.torch_cnn --device cpu``.

The same network as `examples.experiments.models.Baseline`, trained in the same way. PyTorch's
conventions are ours, so nothing needs to be adapted.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np

from examples.experiments.support.frameworks.rebuilt import DeviceError, Look, not_installed

try:
    import torch
    from torch import nn
    from torch.nn import functional as F
except ModuleNotFoundError:
    raise not_installed("PyTorch", "torch") from None


def find_device(device: str) -> torch.device:
    """Return the torch.device; nothing else differs between CPU and GPU.

    Parameters
    ----------
    device : "cpu" or "gpu"

    Raises
    ------
    DeviceError
        This PyTorch cannot use a GPU. The text says whether build, driver or card is the reason.
    """
    if device == "cpu":
        return torch.device("cpu")
    if torch.version.cuda is None and torch.version.hip is None:
        raise DeviceError(
            f"PyTorch cannot use a GPU: this build, {torch.__version__}, has no CUDA. Install one that has; "
            "pytorch.org shows the command."
        )
    if not torch.cuda.is_available():
        raise DeviceError(
            "PyTorch cannot use a GPU: there is no card or driver, or the driver is older than this build's CUDA "
            f"{torch.version.cuda}. nvidia-smi says which CUDA the driver knows."
        )
    try:
        ones = torch.ones(8, 8, device="cuda")
        (ones @ ones).sum().item()
    except RuntimeError as error:
        words = str(error).splitlines()[0]
        raise DeviceError(
            f"PyTorch cannot use the GPU: the card does not run this build's kernels ({words}). Install a build "
            "whose CUDA knows this card."
        ) from error
    return torch.device("cuda")


class Net(nn.Module):
    """The baseline and its SGD: a `Resumable`."""

    def __init__(self, device: str, lr: float, momentum: float, seed: int = 0) -> None:
        super().__init__()
        self.device = find_device(device)
        torch.manual_seed(seed)
        self.layers = nn.Sequential(
            OrderedDict(
                conv=nn.Conv2d(3, 32, 7),
                relu1=nn.ReLU(),
                pool=nn.MaxPool2d(2),
                flatten=nn.Flatten(),
                hidden=nn.Linear(32 * 13 * 13, 100),
                relu2=nn.ReLU(),
                scores=nn.Linear(100, 10),
            )
        )
        self.to(self.device)
        self.optimizer = torch.optim.SGD(self.parameters(), lr=lr, momentum=momentum)

    def load(self, weights: Mapping[str, np.ndarray]) -> None:
        self.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})

    def weights(self) -> dict[str, np.ndarray]:
        return {name: parameter.detach().cpu().numpy().copy() for name, parameter in self.named_parameters()}

    def step(self, x: np.ndarray, y: np.ndarray) -> float:
        pictures, labels = self._tensors(x, y)
        loss = F.cross_entropy(self.layers(pictures), labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def look(self, x: np.ndarray, y: np.ndarray) -> Look:
        outputs = {}
        h, labels = self._tensors(x, y)
        for name, layer in self.layers.named_children():
            outputs[name] = h = layer(h)
        parameters = dict(self.named_parameters())
        found = torch.autograd.grad(F.cross_entropy(h, labels), [*outputs.values(), *parameters.values()])
        gradients = [gradient.cpu().numpy() for gradient in found]
        return Look(
            {name: output.detach().cpu().numpy() for name, output in outputs.items()},
            dict(zip(outputs, gradients[: len(outputs)], strict=True)),
            dict(zip(parameters, gradients[len(outputs) :], strict=True)),
        )

    def scores(self, x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return self.layers(torch.from_numpy(x).to(self.device)).cpu().numpy()

    def momenta(self) -> dict[str, np.ndarray]:
        kept = {name: self.optimizer.state[parameter] for name, parameter in self.named_parameters()}
        buffers = {name: state.get("momentum_buffer") for name, state in kept.items()}
        return {name: buffer.cpu().numpy().copy() for name, buffer in buffers.items() if buffer is not None}

    def load_momenta(self, momenta: Mapping[str, np.ndarray]) -> None:
        for name, parameter in self.named_parameters():
            if name in momenta:
                buffer = torch.from_numpy(momenta[name]).to(self.device)
                self.optimizer.state[parameter]["momentum_buffer"] = buffer

    def _tensors(self, x: np.ndarray, y: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.from_numpy(x).to(self.device), torch.from_numpy(y).to(self.device)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    from examples.experiments.support.frameworks.train_rebuilt import (
        main,  # imported here: processes that time PyTorch must not load Numba
    )

    return main("torch_cnn", "PyTorch", Net, {"torch": torch.__version__}, argv)


if __name__ == "__main__":
    sys.exit(main())
