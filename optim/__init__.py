"""Optimizers: one file each.  Names, arguments, defaults and update rules are PyTorch's; Lion's are the paper's."""

from importlib.util import module_from_spec as _module_from_spec, spec_from_file_location as _spec_from_file_location
from os import path as _path

# The file is loaded by its path, because another package named autograd may come first on Python's path.
_root = _path.dirname(_path.dirname(__file__))
_spec = _spec_from_file_location("startup", _path.join(_root, "autograd", "startup.py"))
assert _spec and _spec.loader
_startup = _module_from_spec(_spec)
_spec.loader.exec_module(_startup)
_startup.check("optim")

from autograd.names import define_all as _define_all
from optim import lr_scheduler as lr_scheduler, swa_utils as swa_utils
from optim.adadelta import Adadelta as Adadelta
from optim.adagrad import Adagrad as Adagrad
from optim.adam import Adam as Adam, AdamW as AdamW
from optim.lion import Lion as Lion
from optim.nadam import NAdam as NAdam
from optim.optimizer import Optimizer as Optimizer
from optim.rmsprop import RMSprop as RMSprop
from optim.sgd import SGD as SGD

__all__: list[str]
_define_all(globals(), "lr_scheduler", "swa_utils")
