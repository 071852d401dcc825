"""Data sets, samplers and the DataLoader: `from autograd.utils.data import DataLoader, Dataset`."""

from autograd.names import define_all as _define_all
from autograd.utils.data.collate import default_collate as default_collate, default_convert as default_convert
from autograd.utils.data.dataloader import DataLoader as DataLoader
from autograd.utils.data.dataset import (
    ChainDataset as ChainDataset,
    ConcatDataset as ConcatDataset,
    Dataset as Dataset,
    IterableDataset as IterableDataset,
    StackDataset as StackDataset,
    Subset as Subset,
    TensorDataset as TensorDataset,
    random_split as random_split,
)
from autograd.utils.data.distributed import DistributedSampler as DistributedSampler
from autograd.utils.data.sampler import (
    BatchSampler as BatchSampler,
    RandomSampler as RandomSampler,
    Sampler as Sampler,
    SequentialSampler as SequentialSampler,
    SubsetRandomSampler as SubsetRandomSampler,
    WeightedRandomSampler as WeightedRandomSampler,
)
from autograd.utils.data.worker import WorkerInfo as WorkerInfo, get_worker_info as get_worker_info

__all__: list[str]
_define_all(globals())
