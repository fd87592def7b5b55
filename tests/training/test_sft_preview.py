"""Promise: a page can show what is trained on without importing a model library, and gets the refusal as a message."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from curation import Workspace
from curation.errors import InputError
from tests.tiny_model import CHAT_TEMPLATE, build_tiny_model
from tests.training.exports import response, write_export
from training.config import TrainingConfig
from training.preview import preview_apart


def test_the_preview_of_a_helper_process(tmp_path: Path, workspace: Workspace) -> None:
    base = build_tiny_model(tmp_path / "base")
    text = response("1 + 1 = 2", "二 \\boxed{2}")
    write_export(workspace, "mix", [("1 + 1?", text)])
    shown = preview_apart(workspace, TrainingConfig(base=str(base), export="mix", output="tuned"))
    assert len(shown) == 1
    assert "".join(token.text for token in shown[0] if token.trained) == f"{text}<|im_end|>"
    dropping = CHAT_TEMPLATE.replace("message.content +", "message.content.split('</think>')[-1] +")
    with pytest.raises(InputError, match="drops the think block"):
        preview_apart(workspace, TrainingConfig(base=str(base), export="mix", output="tuned", chat_template=dropping))


def test_launching_and_reading_import_no_model_library() -> None:
    code = (
        "import sys, training.sft, training.evaluation, training.progress, training.presets, training.memory, "
        "training.preview\n"
        "heavy = {'torch', 'transformers', 'trl', 'peft', 'datasets', 'vllm', 'ray', 'streamlit'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"
