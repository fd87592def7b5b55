"""Promise: batches hold samples of like length, in an order that a resume repeats, and packing changes no loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from curation import Workspace
from curation.jobs import JobContext, create_job
from curation.settings import config_to_mapping
from tests.tiny_model import build_tiny_model
from tests.training.exports import sums, write_export
from training.batches import CompletionCollator, LengthBucketSampler
from training.config import TrainingConfig
from training.dataset import choose_rows, tokenised_export
from training.tokenizer import load_tokenizer


def order(lengths: np.ndarray, epoch: int, batch: int = 8, seed: int = 3) -> list[int]:  # type: ignore[type-arg]
    sampler = LengthBucketSampler(lengths, batch, seed)
    sampler.set_epoch(epoch)
    return list(sampler)


@pytest.mark.parametrize("count", [1, 7, 8, 1000, 1003])
def test_every_sample_comes_once_an_epoch(count: int) -> None:
    lengths = np.random.default_rng(0).integers(10, 500, count)
    for epoch in range(3):
        assert sorted(order(lengths, epoch)) == list(range(count))


def test_the_order_is_that_of_seed_and_epoch() -> None:
    lengths = np.random.default_rng(0).integers(10, 500, 1000)
    torch.manual_seed(1)
    first = order(lengths, 1)
    torch.manual_seed(2)
    assert order(lengths, 1) == first
    assert order(lengths, 2) != first
    assert order(lengths, 1, seed=4) != first


def test_little_is_padded_and_the_lengths_come_mixed() -> None:
    lengths = np.random.default_rng(0).integers(10, 500, 1000)
    batches = lengths[np.array(order(lengths, 1))].reshape(-1, 8)
    assert lengths.sum() / (batches.max(axis=1).sum() * 8) > 0.9
    assert abs(np.corrcoef(np.arange(len(batches)), batches.mean(axis=1))[0, 1]) < 0.3
    assert lengths[order(lengths, 0)[:8]].max() == lengths.max()  # memory that is too small shows at the first step


def test_labels_are_the_tokens_from_the_start_of_the_response() -> None:
    rows = [{"input_ids": [5, 6, 7, 8], "start": 2}, {"input_ids": [9, 10], "start": 1}]
    batch = CompletionCollator(pad_id=0)(rows)
    assert batch["input_ids"].tolist() == [[5, 6, 7, 8], [9, 10, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert batch["labels"].tolist() == [[-100, -100, 7, 8], [-100, 10, -100, -100]]


def test_packing_changes_no_loss(tmp_path: Path, workspace: Workspace) -> None:
    from training.trainer import JobCallback, build_trainer, steps_of

    base = build_tiny_model(tmp_path / "base")
    write_export(workspace, "mix", sums(12))
    losses, rows_of = {}, {}
    for packing in (False, True):
        config = TrainingConfig(
            base=str(base),
            export="mix",
            output="tuned",
            packing=packing,
            max_length=400,
            per_device_batch_size=12,
            gradient_accumulation=1,
            device="cpu",
        )
        tokenizer = load_tokenizer(config)
        tokens = tokenised_export(workspace, config, tokenizer)
        rows = choose_rows(tokens, config)
        job = create_job(workspace, "sft", "training.sft", config_to_mapping(config))
        callback = JobCallback(JobContext(job, "attempt"), "", None)
        trainer = build_trainer(config, job.folder, tokens, rows, tokenizer, callback)
        batch = next(iter(trainer.get_train_dataloader()))
        losses[packing] = trainer.compute_loss(trainer.model, batch).item()
        rows_of[packing] = len(trainer.train_dataset)
        assert trainer.args.max_steps == steps_of(config, rows_of[packing])
    assert rows_of[True] < rows_of[False] == 12
    assert losses[True] == pytest.approx(losses[False], rel=1e-4)
