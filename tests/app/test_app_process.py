"""The app process stays light: whatever page is opened or button pressed, it never loads torch, vllm, transformers, trl
or ray."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.serving import CHECKOUT
from curation import Workspace

HEAVY = ("torch", "vllm", "transformers", "trl", "ray", "peft", "accelerate", "datasets")

VISIT = """
import sys
from streamlit.testing.v1 import AppTest

app = AppTest.from_file("app.py", default_timeout=240).run()
assert not app.exception, app.exception
app.switch_page("pages/jobs.py").run()
assert not app.exception, app.exception
from components.overview.demo import start_demo
from curation import Workspace
if sys.argv[2] == "press":
    start_demo(Workspace(sys.argv[1]).open(sys.argv[1]))
print("loaded:", sorted(set(sys.argv[3].split()) & set(sys.modules)))
"""


def loaded_by_a_visit(workspace: Workspace, press: str = "") -> str:
    environment = {**os.environ, "WINNOW_WORKSPACE": str(workspace.folder)}
    done = subprocess.run(
        [sys.executable, "-c", VISIT, str(workspace.folder), press, " ".join(HEAVY)],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_opening_both_pages_loads_nothing_heavy(filled: Workspace) -> None:
    assert loaded_by_a_visit(filled) == "loaded: []"


def test_starting_the_demo_loads_nothing_heavy(empty: Workspace) -> None:
    assert loaded_by_a_visit(empty, "press") == "loaded: []"


def test_no_file_of_the_app_imports_them() -> None:
    files = [CHECKOUT / "app.py", *(CHECKOUT / "pages").glob("*.py"), *(CHECKOUT / "components").rglob("*.py")]
    lines = [line.split() for path in files for line in Path(path).read_text(encoding="utf-8").splitlines()]
    assert not [line for line in lines if line[:1] in (["import"], ["from"]) and line[1].split(".")[0] in HEAVY]


def test_the_library_never_imports_the_app() -> None:
    for folder in ("curation", "training"):
        for path in (CHECKOUT / folder).rglob("*.py"):
            assert "import streamlit" not in path.read_text(encoding="utf-8"), path
