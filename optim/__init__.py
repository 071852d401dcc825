"""Optimizers: one file each.  Names, arguments, defaults and update rules are PyTorch's."""

from autograd.names import define_all as _define_all
from optim import lr_scheduler as lr_scheduler, swa_utils as swa_utils
from optim.adadelta import Adadelta as Adadelta
from optim.adagrad import Adagrad as Adagrad
from optim.adam import Adam as Adam, AdamW as AdamW
from optim.nadam import NAdam as NAdam
from optim.optimizer import Optimizer as Optimizer
from optim.rmsprop import RMSprop as RMSprop
from optim.sgd import SGD as SGD

_define_all(globals(), "lr_scheduler", "swa_utils")
