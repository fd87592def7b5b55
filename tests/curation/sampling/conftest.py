"""The tiny checkpoints, built once a session, and jobs that wait for nobody else's device."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny_model import build_tiny_model


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-layer Llama with random weights."""
    return build_tiny_model(tmp_path_factory.mktemp("models") / "tiny-llama", architecture="llama")


@pytest.fixture
def quiet_jobs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Jobs of a test use one thread, and queue for the device with nobody but each other."""
    locks = tmp_path / "locks"
    locks.mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("TMPDIR", str(locks))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
