"""Layers: modules that hold parameters, built from the ops.  Names, arguments and defaults are PyTorch's."""

from importlib.util import module_from_spec as _module_from_spec, spec_from_file_location as _spec_from_file_location
from os import path as _path

# The file is loaded by its path, because another package named autograd may come first on Python's path.
_root = _path.dirname(_path.dirname(__file__))
_spec = _spec_from_file_location("startup", _path.join(_root, "autograd", "startup.py"))
assert _spec and _spec.loader
_startup = _module_from_spec(_spec)
_spec.loader.exec_module(_startup)
_startup.check("nn")

from autograd.names import define_all as _define_all
from nn import functional as functional, init as init, utils as utils
from nn.activation import (
    ELU as ELU,
    GELU as GELU,
    LeakyReLU as LeakyReLU,
    LogSigmoid as LogSigmoid,
    LogSoftmax as LogSoftmax,
    Mish as Mish,
    ReLU as ReLU,
    Sigmoid as Sigmoid,
    SiLU as SiLU,
    Softmax as Softmax,
    Softplus as Softplus,
    Tanh as Tanh,
)
from nn.container import ModuleDict as ModuleDict, ModuleList as ModuleList, Sequential as Sequential
from nn.conv import Conv1d as Conv1d, Conv2d as Conv2d, ConvTranspose2d as ConvTranspose2d
from nn.dropout import (
    AlphaDropout as AlphaDropout,
    Dropout as Dropout,
    Dropout1d as Dropout1d,
    Dropout2d as Dropout2d,
    Dropout3d as Dropout3d,
    FeatureAlphaDropout as FeatureAlphaDropout,
)
from nn.fusion import is_fusion_enabled as is_fusion_enabled, set_fusion_enabled as set_fusion_enabled
from nn.linear import Embedding as Embedding, Identity as Identity, Linear as Linear
from nn.loss import (
    BCELoss as BCELoss,
    BCEWithLogitsLoss as BCEWithLogitsLoss,
    CrossEntropyLoss as CrossEntropyLoss,
    HuberLoss as HuberLoss,
    KLDivLoss as KLDivLoss,
    L1Loss as L1Loss,
    MSELoss as MSELoss,
    NLLLoss as NLLLoss,
    SmoothL1Loss as SmoothL1Loss,
)
from nn.module import Module as Module, Parameter as Parameter
from nn.norm import (
    BatchNorm1d as BatchNorm1d,
    BatchNorm2d as BatchNorm2d,
    GroupNorm as GroupNorm,
    LayerNorm as LayerNorm,
)
from nn.pooling import AdaptiveAvgPool2d as AdaptiveAvgPool2d, AvgPool2d as AvgPool2d, MaxPool2d as MaxPool2d
from nn.shape import Flatten as Flatten, Unflatten as Unflatten
from nn.summary import summary as summary

__all__: list[str]
_define_all(globals(), "functional", "init", "utils")
