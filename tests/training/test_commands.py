"""`winnow evaluate --model` finds folder and adapter in what was typed, plus signs in their names or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation import Workspace
from curation.errors import InputError
from training.commands import parse_model


def test_folder_and_adapter_are_told_apart(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "w")
    for name in ("base", "base+more", "lora+r8"):
        (tmp_path / name).mkdir()
    saved = workspace.models / "tuned"
    saved.mkdir(parents=True)

    def parse(text: str) -> tuple[str, str | None]:
        found = parse_model(workspace, f"m={tmp_path}/{text}")
        assert found.name == "m"
        return Path(found.model).name, found.adapter

    assert parse("base") == ("base", None)
    assert parse("base+more") == ("base+more", None)
    assert parse("base+tuned") == ("base", str(saved))
    assert parse("base+more+tuned") == ("base+more", str(saved))
    assert parse(f"base+{tmp_path}/lora+r8") == ("base", f"{tmp_path}/lora+r8")


@pytest.mark.parametrize("text", ["base", "=base", "m="])
def test_another_form_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="NAME=FOLDER"):
        parse_model(Workspace.create(tmp_path / "w"), text)
