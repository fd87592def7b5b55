"""A workspace whose files hold prompts, general samples, and sampled and scored candidates, ready for an export."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation import Workspace
from curation.prompts import ImportOptions, import_general, import_prompts
from tests.curation.export.sampled_workspace import sample_job, write_lines


@pytest.fixture
def prompted(workspace: Workspace, tmp_path: Path) -> Workspace:
    """30 prompts of three domains, one of them with a conversation before it, and 12 general samples."""
    sums = [{"question": f"What is {n} + 1?", "reference": str(n + 1)} for n in range(12)]
    logic = [{"question": f"如果 {n} 大于 1，那么？", "reference": "是", "domain": "logic"} for n in range(12)]
    talk = [
        {"role": "system", "content": "Answer with a letter."},
        {"role": "user", "content": "Ready?"},
        {"role": "assistant", "content": "Yes."},
    ]
    stem = [
        {"messages": [*talk, {"role": "user", "content": f"{n}: A or B?"}], "reference": "A", "domain": "stem"}
        for n in range(6)
    ]
    import_prompts(workspace, write_lines(tmp_path / "sums.jsonl", sums), ImportOptions(domain="math"))
    import_prompts(workspace, write_lines(tmp_path / "rest.jsonl", [*logic, *stem]))
    general = [{"prompt": f"Write {n} words.", "response": "word " * n, "task": "writing"} for n in range(1, 9)]
    chats = [{"messages": [*talk, {"role": "user", "content": str(n)}, talk[2]], "task": "chat"} for n in range(4)]
    import_general(workspace, write_lines(tmp_path / "general.jsonl", [*general, *chats]))
    return workspace


@pytest.fixture
def sampled(prompted: Workspace) -> Workspace:
    sample_job(prompted)
    return prompted
