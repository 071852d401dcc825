"""`hub`: code is not downloaded and run."""

from __future__ import annotations

from typing import Any


def _refuse(*arguments: Any, **options: Any) -> Any:
    """Raise NotImplementedError."""
    raise NotImplementedError(
        "hub: models are not downloaded; define the model here, download its .pt or .safetensors file of weights, and "
        "use model.load_state_dict(autograd.load(path))"
    )


load = list = help = load_state_dict_from_url = download_url_to_file = _refuse
