"""Where PyTorch's names are in lucidgrad, and what to use in place of those that are not there.

`MODULES` says which module of ours stands for each of PyTorch's, and `MENDS` what to do where there is none.
`autograd.as_torch` and docs/compatibility.py read both.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any, Final

VERSION: Final = "2.13.0+lucidgrad"  # the PyTorch whose names are followed; programs compare it

# PyTorch's module, and the module of ours that has its names.
MODULES: dict[str, str] = {
    "torch": "autograd",
    "torch.autograd": "autograd",
    "torch.functional": "autograd",
    "torch.tensor": "autograd",
    "torch.nn": "nn",
    "torch.nn.modules": "nn",
    "torch.nn.parallel": "nn.parallel",
    "torch.nn.parallel.data_parallel": "nn.parallel",
    "torch.nn.parallel.distributed": "nn.parallel",
    "torch.distributed.distributed_c10d": "autograd.distributed",
    "torch.nn.parameter": "nn",
    "torch.nn.utils": "nn.utils",
    "torch.optim": "optim",
    "torch.multiprocessing": "multiprocessing",
    "torch.utils.tensorboard": "tensorboardX",
    "torchvision": "autograd.vision",
    "torchvision.transforms": "autograd.vision.transforms",
    "torchvision.transforms.functional": "autograd.vision.functional",
    "torchvision.transforms.transforms": "autograd.vision.transforms",
    "torchvision.datasets": "autograd.vision.datasets",
    "torchvision.utils": "autograd.vision.utils",
}


def _same_name(theirs: str, ours: str, names: str) -> None:
    MODULES.update({f"{theirs}.{name}": f"{ours}.{name}" for name in names.split()})


def _all_in(theirs: str, ours: str, names: str) -> None:
    MODULES.update({f"{theirs}.{name}": ours for name in names.split()})


_same_name(
    "torch",
    "autograd",
    "accelerator amp backends backends.cpu backends.cuda backends.cudnn backends.mkl backends.mkldnn backends.mps "
    "backends.openmp backends.opt_einsum compiler cpu cuda cuda.amp cuda.random distributions "
    "distributions.constraints distributions.kl distributions.transforms distributed fft func linalg mps nested onnx "
    "random serialization signal signal.windows sparse special types utils utils.checkpoint utils.data "
    "utils.data.distributed utils.dlpack version xpu",
)
_same_name("torch.autograd", "autograd", "forward_ad function functional graph grad_mode profiler variable")
_all_in("torch.autograd", "autograd", "anomaly_mode gradcheck")
_same_name("torch.nn", "nn", "attention functional init utils.parametrizations utils.parametrize utils.prune utils.rnn")
_all_in("torch.nn.utils", "nn.utils", "clip_grad convert_parameters fusion spectral_norm weight_norm stateless")
_all_in(
    "torch.nn.modules",
    "nn",
    "activation adaptive batchnorm channelshuffle container conv distance dropout flatten fold instancenorm lazy "
    "linear "
    "loss module normalization padding pixelshuffle pooling rnn sparse transformer upsampling",
)
_same_name("torch.optim", "optim", "lr_scheduler swa_utils")
_all_in(
    "torch.optim",
    "optim",
    "adadelta adagrad adam adamax adamw asgd lbfgs nadam optimizer radam rmsprop rprop sgd sparse_adam",
)
_all_in("torch.utils.data", "autograd.utils.data", "_utils _utils.collate dataloader dataset sampler")
_all_in(
    "torch.distributions",
    "autograd.distributions",
    "bernoulli beta binomial categorical cauchy chi2 continuous_bernoulli dirichlet distribution exponential "
    "exp_family fishersnedecor gamma geometric gumbel half_cauchy half_normal independent inverse_gamma kumaraswamy "
    "laplace lkj_cholesky log_normal logistic_normal lowrank_multivariate_normal mixture_same_family multinomial "
    "multivariate_normal negative_binomial normal one_hot_categorical pareto poisson relaxed_bernoulli "
    "relaxed_categorical studentT transformed_distribution uniform utils von_mises weibull wishart",
)

# What has no name in lucidgrad, and what a program does instead.  A name also stands for all that is below it.
MENDS: dict[str, str] = {
    "torch._dynamo": "lucidgrad compiles its kernels itself; leave the call out",
    "torch._C": "it is PyTorch's own C++ part; use the public names",
    "torch.ao": "lucidgrad has no quantization; train in float32",
    "torch.classes": "it is for classes written in C++; write a Python class",
    "torch.compile": "lucidgrad compiles its kernels itself; leave the call out",
    "torch.cuda": "there is no GPU; guard the call with `if torch.cuda.is_available():`",
    "torch.distributed": "over MPI there are init_process_group, all_reduce, broadcast, all_gather, reduce, barrier, "
    "and torch.nn.parallel.DistributedDataParallel",
    "torch.export": "autograd.onnx exports models to ONNX",
    "torch.fx": "a model is ordinary Python; nn.Module.named_modules() lists its layers",
    "torch.hub": "build the model in Python and read its weights from a file with load_state_dict",
    "torch.jit": "a model runs as Python; leave out script and trace, and save its state_dict()",
    "torch.library": "write an op with autograd.Function (docs: CONTRIBUTING.md, Add an op)",
    "torch.mps": "there is no GPU; guard the call with `if torch.backends.mps.is_available():`",
    "torch.multiprocessing.spawn": "start the processes with torch.multiprocessing.Process",
    "torch.nested": "pad the sequences (nn.utils.rnn.pad_sequence), or pack them",
    "torch.nn.modules.utils": "write (n, n) for _pair(n)",
    "torch.nn.parallel": "use torch.nn.parallel.DistributedDataParallel and start the program with mpirun",
    "torch.nn.qat": "lucidgrad has no quantization; train in float32",
    "torch.nn.quantized": "lucidgrad has no quantization; train in float32",
    "torch.ops": "it is for operators written in C++; use the public names",
    "torch.package": "save the model's state_dict()",
    "torch.profiler": "use torch.autograd.profiler.profile",
    "torch.quantization": "lucidgrad has no quantization; train in float32",
    "torch.quantize_per_tensor": "lucidgrad has no quantization; train in float32",
    "torch.sparse": "use a dense tensor; nn.Embedding and index_add cover the usual cases",
    "torch.sparse_coo_tensor": "use a dense tensor",
    "torch.sparse_csr_tensor": "use a dense tensor",
    "torch.testing": "compare arrays with numpy.testing.assert_allclose(x.numpy(), y.numpy(), rtol, atol)",
    "torch.utils.benchmark": "measure with timeit or autograd.timing",
    "torch.utils.bottleneck": "use torch.autograd.profiler.profile",
    "torch.utils.cpp_extension": "lucidgrad has no C++ extensions; write an op with autograd.Function",
    "torch.utils.mobile_optimizer": "save the model's state_dict()",
    "torch.utils.model_zoo": "read weights from a local file with load_state_dict",
    "torch.utils.tensorboard": "install tensorboardX (pip install tensorboardX), whose SummaryWriter is then used",
    "torch.xpu": "there is no GPU; guard the call with `if torch.xpu.is_available():`",
    "torchvision.io": "read images with Pillow: PIL.Image.open",
    "torchvision.models": "write the model with torch.nn: its architecture is a class of some 50 lines; pretrained "
    "weights are read from a local file with load_state_dict",
    "torchvision.ops": "write the operation with torch's indexing and sorting",
    "torchvision.transforms.v2": "torchvision.transforms has the transforms of version 1",
}
_LIST = "docs/compatibility.md lists what is there and what is not"


def mend(name: str) -> str:
    """What to do instead of a name of PyTorch's that lucidgrad does not have.

    Examples
    --------
    >>> from autograd.torch_names import mend
    >>> mend("torch.jit.script")
    'a model runs as Python; leave out script and trace, and save its state_dict()'
    """
    above = name
    while above:
        if above in MENDS:
            return MENDS[above]
        above = above.rpartition(".")[0]
    return _LIST


def missing(name: str) -> str:
    """The sentence for a name of PyTorch's that lucidgrad does not have."""
    return f"{name} is not in lucidgrad; {mend(name)}"


def source(module: str) -> Any:
    """Our module for one of PyTorch's, or None."""
    if module not in MODULES:
        return None
    path = MODULES[module]
    try:
        return import_module(path)
    except ModuleNotFoundError as error:
        if error.name is None or not (path == error.name or path.startswith(error.name + ".")):
            raise  # something that our module imports
    above, _, name = path.rpartition(".")
    return getattr(source_of(above), name, None) if above else None


def source_of(path: str) -> Any:
    """The object of this dotted name: a module, or an attribute of one; None where there is neither."""
    try:
        return import_module(path)
    except ModuleNotFoundError:
        above, _, name = path.rpartition(".")
        return getattr(source_of(above), name, None) if above else None


def find(module: str, name: str) -> Any:
    """What `module.name` of PyTorch's is in lucidgrad.

    Raises
    ------
    KeyError
        It is not there, or is a module, which has a name of its own in `MODULES`.

    Examples
    --------
    >>> from autograd.torch_names import find
    >>> find("torch.nn.modules.linear", "Linear")
    <class 'nn.linear.Linear'>
    """
    try:
        value = getattr(source(module), name)
    except AttributeError:
        raise KeyError(name) from None
    if isinstance(value, ModuleType):
        raise KeyError(name)
    return value
