"""How training scales from one rank to many, measured and predicted: ``python -m examples.benchmark.scaling``."""
