"""The images: CIFAR-10 (`download`, `cifar10`), a drawn substitute (`synthetic`), and their batches (`loader`)."""
