"""What every test may use: the folder of real data, a fresh workspace, tiny checkpoints, and a device queue apart."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation import Workspace
from tests.tiny_model import build_tiny_model


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


@pytest.fixture(scope="session", autouse=True)
def own_device_queue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Jobs of the tests queue for a device with nobody but each other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("queue")))
        patch.setattr("tempfile.tempdir", None)
        yield


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-layer Qwen3 with random weights."""
    return build_tiny_model(tmp_path_factory.mktemp("models") / "tiny-qwen3")
