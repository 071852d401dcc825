"""oneDNN is not used; its settings are kept, and change nothing."""

enabled = True
allow_tf32 = True


def is_available() -> bool:
    """Return False."""
    return False
