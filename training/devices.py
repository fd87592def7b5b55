"""Which device a job names in the queue, found without importing torch."""

from __future__ import annotations

import os
from pathlib import Path


def queue_device(device: str) -> str:
    """The device that a job waits for: "cpu" or "cuda:N"; "auto" is the first GPU where there is one."""
    if device == "auto":
        return "cuda:0" if _has_gpu() else "cpu"
    return "cuda:0" if device == "cuda" else device


def restrict_devices(device: str) -> None:
    """Show torch only the chosen GPU; call it before torch is imported."""
    chosen = queue_device(device)
    if not chosen.startswith("cuda:"):
        return
    number = int(chosen.removeprefix("cuda:"))
    visible = [each for each in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if each]
    os.environ["CUDA_VISIBLE_DEVICES"] = visible[number] if number < len(visible) else str(number)


def _has_gpu() -> bool:
    if os.environ.get("CUDA_VISIBLE_DEVICES") in {"", "-1"}:
        return False
    return Path("/dev/nvidia0").exists()
