"""Which GPU a job may see, said before torch is imported."""

from __future__ import annotations

import os

from curation.sampling import queue_device


def restrict_devices(device: str) -> None:
    """Show torch only the chosen GPU; call it before torch is imported."""
    chosen = queue_device(device)
    if not chosen.startswith("cuda:"):
        return
    number = int(chosen.removeprefix("cuda:"))
    visible = [each for each in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if each]
    os.environ["CUDA_VISIBLE_DEVICES"] = visible[number] if number < len(visible) else str(number)
