"""The baseline in PyTorch and MXNet, and its comparison with lucidgrad."""
