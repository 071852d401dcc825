"""Torch and Numba in one process slow each other down, but these tests compare numbers, not times."""

import torch

torch.set_num_threads(1)
