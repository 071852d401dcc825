"""Torch and Numba in one process slow each other down; what is compared here are numbers, not times."""

import torch

torch.set_num_threads(1)
