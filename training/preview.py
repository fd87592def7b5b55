"""`python -m training.preview WORKSPACE < config.json`: a helper process that shows a page which tokens are trained on.

The app may not import transformers; `preview_apart` runs this module for it and reads what it prints.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

from curation import Workspace
from curation.errors import InputError, WinnowError
from curation.settings import config_from_mapping, config_to_mapping
from training.config import TrainingConfig
from training.dataset import PreviewToken, preview

_CHECKOUT: Final = Path(__file__).resolve().parents[1]
_TIMEOUT_S: Final = 300.0


def preview_apart(workspace: Workspace, config: TrainingConfig, samples: int = 3) -> list[list[PreviewToken]]:
    """`training.dataset.preview` in a process of its own, which takes a few seconds.

    Raises InputError with what is wrong, as a training with these settings would.
    """
    command = [sys.executable, "-m", "training.preview", str(workspace.folder), str(samples)]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(config_to_mapping(config)),
            capture_output=True,
            text=True,
            cwd=_CHECKOUT,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InputError(f"the preview took longer than {_TIMEOUT_S:.0f} s; the machine is busy, try again.") from None
    if done.returncode == 2:
        raise InputError(done.stderr.strip().splitlines()[-1])
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return [[PreviewToken(**token) for token in sample] for sample in json.loads(done.stdout)]


def main() -> None:
    """Read settings from standard input, print the preview as JSON; exits with 2 and a message where it is refused."""
    config = config_from_mapping(TrainingConfig, json.load(sys.stdin))
    try:
        shown = preview(Workspace.open(sys.argv[1]), config, int(sys.argv[2]))
    except WinnowError as error:
        print(str(error).replace("\n", " "), file=sys.stderr)
        sys.exit(2)
    json.dump([[asdict(token) for token in sample] for sample in shown], sys.stdout)


if __name__ == "__main__":
    main()
