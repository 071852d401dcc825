"""Graphics processors: none, as `"cuda" if torch.cuda.is_available() else "cpu"` learns here."""


def is_available() -> bool:
    """False."""
    return False
