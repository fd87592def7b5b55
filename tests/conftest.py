"""What every test may use: the folder of real data, and a fresh workspace."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from curation import Workspace


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests marked long as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    skip = pytest.mark.skip(reason="long tier; run `make test-full`")
    for item in items:
        if "long" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def real_folder() -> Path:
    """Published data beside the checkout; only tests that need it skip where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "real"
    if not folder.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("the folder of real data is absent, and under CI that is a failure")
        pytest.skip("the folder of real data is absent")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "workspace", name="test")
