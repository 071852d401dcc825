"""Training on several processes: `from nn.parallel import DistributedDataParallel`."""

from autograd.names import define_all as _define_all
from nn.parallel.data_parallel import DataParallel as DataParallel
from nn.parallel.distributed import DistributedDataParallel as DistributedDataParallel
from nn.parallel.shards import Shards as Shards

__all__: list[str]
_define_all(globals())
