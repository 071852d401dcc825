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
from optim.adafactor import Adafactor as Adafactor
from optim.adagrad import Adagrad as Adagrad
from optim.adam import Adam as Adam, AdamW as AdamW
from optim.adamax import Adamax as Adamax
from optim.asgd import ASGD as ASGD
from optim.lbfgs import LBFGS as LBFGS
from optim.lion import Lion as Lion
from optim.muon import Muon as Muon
from optim.nadam import NAdam as NAdam
from optim.optimizer import Optimizer as Optimizer
from optim.radam import RAdam as RAdam
from optim.rmsprop import RMSprop as RMSprop
from optim.rprop import Rprop as Rprop
from optim.sgd import SGD as SGD
from optim.sparse_adam import SparseAdam as SparseAdam

__all__: list[str]
_define_all(globals(), "lr_scheduler", "swa_utils")
