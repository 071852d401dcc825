"""The images: CIFAR-10 (`download`, `cifar10`), a generated substitute (`synthetic`), and their batches (`loader`)."""
