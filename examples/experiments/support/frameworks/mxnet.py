"""MXNet 1.9.1, made to import beside today's NumPy: ``from …frameworks.mxnet import mxnet``."""

from __future__ import annotations

import warnings

import numpy

from examples.experiments.support.frameworks.rebuilt import DeviceError, not_installed

# MXNet 1.9.1 names numpy.bool when it is imported, which NumPy 1.24 took away and NumPy 2 gave another meaning.
if "bool" not in vars(numpy):
    numpy.bool = bool  # type: ignore[attr-defined, assignment, misc]

with warnings.catch_warnings():
    # It compares versions with distutils, and looks for what NumPy 1.20 took away: no news to whoever imports it.
    warnings.simplefilter("ignore", DeprecationWarning)
    try:
        import mxnet
    except ModuleNotFoundError:
        raise not_installed("MXNet", "mxnet", "python3.11") from None

__all__ = ["context", "mxnet"]

_BUILDS = "mxnet-cu102, mxnet-cu112 or mxnet-cu117 (for CUDA 10.2, 11.2, 11.7)"


def context(device: str) -> mxnet.Context:
    """Where arrays are to live: the one thing that differs between CPU and GPU.

    Parameters
    ----------
    device : "cpu" or "gpu"

    Raises
    ------
    DeviceError
        There is no GPU that this MXNet can use: whether the build, the driver or the card is why.
    """
    if device == "cpu":
        return mxnet.cpu()
    if not mxnet.runtime.Features().is_enabled("CUDA"):
        raise DeviceError(
            "MXNet cannot use a GPU: this build has no CUDA. Install one that has, in place of the package mxnet: "
            f"{_BUILDS}, whichever the driver knows."
        )
    try:
        count = mxnet.context.num_gpus()
    except mxnet.MXNetError as error:
        raise DeviceError(
            f"MXNet cannot use a GPU: the driver is missing, or older than this build's CUDA ({_last_line(error)}). "
            "nvidia-smi says which CUDA the driver knows; install that build or the driver."
        ) from error
    if count == 0:
        raise DeviceError("MXNet cannot use a GPU: it sees none. Is there a card, and is CUDA_VISIBLE_DEVICES right?")
    gpu = mxnet.gpu()
    try:
        ones = mxnet.nd.ones((8, 8), ctx=gpu)
        right = float(mxnet.nd.dot(ones, ones).sum().asscalar()) == 512
    except mxnet.MXNetError as error:
        raise DeviceError(
            f"MXNet cannot use the GPU: the card does not run this build's kernels ({_last_line(error)}). It is likely "
            f"newer than the build's CUDA: of {_BUILDS}, none knows the cards after 2021; compare with PyTorch there."
        ) from error
    if not right:
        raise DeviceError("MXNet cannot use the GPU: the card adds wrongly, as one newer than the build's CUDA may.")
    return gpu


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1].removeprefix("MXNetError: ")
