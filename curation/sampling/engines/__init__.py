"""The engines that can sample a model, behind one interface; the heavy ones are imported only when opened."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from curation.errors import InputError
from curation.sampling.engines.base import Completion, Engine, SamplingParameters, SamplingRequest

ENGINES: Final = ("transformers", "replay")

__all__ = ["ENGINES", "Completion", "Engine", "SamplingParameters", "SamplingRequest", "open_engine"]


def open_engine(
    name: str, model: Path | str, adapter: Path | str | None = None, parameters: SamplingParameters | None = None
) -> Engine:
    """Load `model` (a folder; for `replay` a file of responses), with a PEFT `adapter` merged into it.

    Raises InputError for a name that is no engine and ModelError when the model cannot be loaded. Only for processes
    that may hold a model: the app never calls this.
    """
    parameters = parameters or SamplingParameters()
    if name == "transformers":
        from curation.sampling.engines.slots import SlotEngine

        return SlotEngine.open(Path(model), Path(adapter) if adapter else None, parameters)
    if name == "replay":
        from curation.sampling.engines.replay import ReplayEngine

        return ReplayEngine(Path(model))
    raise InputError(f"{name!r} is not an engine; choose one of: {', '.join(ENGINES)}.")
