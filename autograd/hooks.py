"""What `register_hook` and its kin return."""

from __future__ import annotations

from typing import Any


class RemovableHandle:
    """Removes a hook.

    Parameters
    ----------
    hooks : list
        The list that the hook is in.
    hook : the hook
    """

    def __init__(self, hooks: list[Any], hook: object) -> None:
        self.hooks, self.hook = hooks, hook

    def remove(self) -> None:
        """Remove the hook; a second call does nothing."""
        if self.hook in self.hooks:
            self.hooks.remove(self.hook)
            self.hooks = []  # the list may hold the same function for another handle
