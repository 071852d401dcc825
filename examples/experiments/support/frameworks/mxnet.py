"""Make MXNet 1.9.1 importable with current NumPy: ``from …frameworks.mxnet import mxnet``."""

from __future__ import annotations

import warnings

import numpy

from examples.experiments.support.frameworks.rebuilt import DeviceError, not_installed

# MXNet 1.9.1 uses numpy.bool at import, which NumPy 1.24 removed and NumPy 2 gave another meaning.
if "bool" not in vars(numpy):
    numpy.bool = bool  # type: ignore[attr-defined, assignment, misc]

with warnings.catch_warnings():
    # It uses distutils and names that NumPy 1.20 deprecated; users of this module need no warning.
    warnings.simplefilter("ignore", DeprecationWarning)
    try:
        import mxnet
    except ModuleNotFoundError:
        raise not_installed("MXNet", "mxnet", "python3.11") from None

__all__ = ["context", "mxnet"]

_BUILDS = "mxnet-cu102, mxnet-cu112 or mxnet-cu117 (for CUDA 10.2, 11.2, 11.7)"


def context(device: str) -> mxnet.Context:
    """Return the context; nothing else differs between CPU and GPU.

    Parameters
    ----------
    device : "cpu" or "gpu"

    Raises
    ------
    DeviceError
        This MXNet cannot use a GPU. The text says whether build, driver or card is the reason.
    """
    if device == "cpu":
        return mxnet.cpu()
    if not mxnet.runtime.Features().is_enabled("CUDA"):
        raise DeviceError(
            "MXNet cannot use a GPU: this build has no CUDA. Replace the package mxnet with one that has: "
            f"{_BUILDS}, whichever the driver supports."
        )
    try:
        count = mxnet.context.num_gpus()
    except mxnet.MXNetError as error:
        raise DeviceError(
            f"MXNet cannot use a GPU: the driver is missing, or older than this build's CUDA ({_last_line(error)}). "
            "nvidia-smi shows the CUDA version of the driver; install that build or a newer driver."
        ) from error
    if count == 0:
        raise DeviceError("MXNet cannot use a GPU: it finds none. Check the card and CUDA_VISIBLE_DEVICES.")
    gpu = mxnet.gpu()
    try:
        ones = mxnet.nd.ones((8, 8), ctx=gpu)
        right = float(mxnet.nd.dot(ones, ones).sum().asscalar()) == 512
    except mxnet.MXNetError as error:
        raise DeviceError(
            f"MXNet cannot use the GPU: the card does not run this build's kernels ({_last_line(error)}). It is "
            f"probably newer than the build's CUDA: none of {_BUILDS} supports cards after 2021. Compare with PyTorch "
            "there."
        ) from error
    if not right:
        raise DeviceError(
            "MXNet cannot use the GPU: the card computes wrong sums, which can happen if it is newer than the build's "
            "CUDA."
        )
    return gpu


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1].removeprefix("MXNetError: ")
