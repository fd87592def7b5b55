"""Promise: a fine-tuning leaves one adapter and each step's metrics once, however often it was stopped or killed."""

from __future__ import annotations

import json
import math
import random
import time
from pathlib import Path
from typing import Any

import pytest

from curation import Workspace
from curation.errors import InputError, ModelError
from curation.jobs import Job, State, resume, stop, wait
from tests.deaths import kill
from tests.tiny_model import CHAT_TEMPLATE, build_tiny_model
from tests.training.exports import sums, write_export
from training.config import TrainingConfig
from training.progress import read_metrics
from training.sft import launch_training

PATIENCE = 900.0  # seconds; a busy machine is no failure


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("models") / "base")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def configured(base: Path, **settings: Any) -> TrainingConfig:
    defaults: dict[str, Any] = {
        "export": "mix",
        "output": "tuned",
        "per_device_batch_size": 4,
        "gradient_accumulation": 1,
        "epochs": 3.0,
        "lora_r": 4,
        "lora_dropout": 0.1,
        "learning_rate": 1e-2,
        "device": "cpu",
        "save_steps": 5,
    }
    return TrainingConfig(base=str(base), **{**defaults, **settings})


def finished(job: Job) -> None:
    state = wait(job, PATIENCE)
    assert state.name == State.FINISHED, (state, job.log_tail())


def wait_for_step(job: Job, step: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not job.state().has_ended:
        if any(row.step >= step for row in read_metrics(job.folder)):
            return
        time.sleep(0.02)
    raise AssertionError(f"step {step} was not reached: {job.state()} {job.log_tail()}")


def assert_whole(job: Job, workspace: Workspace, steps: int) -> None:
    rows = read_metrics(job.folder)
    lines = [json.loads(line) for line in (job.folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == list(range(1, steps + 1))
    assert [row.step for row in rows] == list(range(1, steps + 1))
    assert all(row.loss is not None and math.isfinite(row.loss) for row in rows)
    assert [path.name for path in workspace.models.iterdir()] == ["tuned"]
    files = {path.name for path in (workspace.models / "tuned").iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json", "model.json"} <= files
    assert not [name for name in files if name.endswith((".pt", ".pth", ".bin"))]
    assert not (job.folder / "checkpoints").exists()


def adapter_weights(workspace: Workspace) -> dict[str, Any]:
    from safetensors.numpy import load_file

    return dict(load_file(workspace.models / "tuned" / "adapter_model.safetensors"))


def test_a_run_that_was_stopped_and_killed_ends_as_an_undisturbed_one(tmp_path: Path, base: Path) -> None:
    calm, disturbed = (Workspace.create(tmp_path / name) for name in ("calm", "disturbed"))
    for workspace in (calm, disturbed):
        write_export(workspace, "mix", sums(42))
    config = configured(base, eval_fraction=0.1, eval_steps=8)
    undisturbed = launch_training(calm, config)
    finished(undisturbed)

    job = launch_training(disturbed, config)
    wait_for_step(job, 3)
    assert stop(job).name == State.STOPPED
    resume(job)
    wait_for_step(job, 12)
    kill(job)
    resume(job)
    finished(job)

    steps = 3 * math.ceil(38 / 4)
    assert_whole(undisturbed, calm, steps)
    assert_whole(job, disturbed, steps)
    for left, right in zip(read_metrics(undisturbed.folder), read_metrics(job.folder), strict=True):
        assert (left.tokens, left.learning_rate) == (right.tokens, right.learning_rate)
        assert left.loss == pytest.approx(right.loss, rel=1e-5)
        assert (left.eval_loss is None) == (right.eval_loss is None), (left, right)
        assert left.eval_loss is None or left.eval_loss == pytest.approx(right.eval_loss, rel=1e-5)
    ours, theirs = adapter_weights(calm), adapter_weights(disturbed)
    assert ours.keys() == theirs.keys()
    assert all(abs(ours[name] - theirs[name]).max() < 1e-5 for name in ours)
    card = json.loads((disturbed.models / "tuned" / "model.json").read_text())
    assert (card["job"], card["steps"], card["export"]) == (job.id, steps, "mix")
    assert card["eval_loss"] is not None
    assert read_metrics(job.folder)[-1].loss < 0.8 * read_metrics(job.folder)[0].loss  # type: ignore[operator]


def test_a_raw_base_learns_its_template_end_token_and_added_tokens(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = build_tiny_model(tmp_path / "raw")
    tokenizer = json.loads((raw / "tokenizer_config.json").read_text())
    tokenizer.pop("chat_template", None)
    (raw / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    (raw / "chat_template.jinja").unlink(missing_ok=True)
    template = CHAT_TEMPLATE.replace("<|im_end|>", "<|eot|>")
    (tmp_path / "template.jinja").write_text(template)
    (tmp_path / "empty.jinja").write_text("")
    monkeypatch.chdir(tmp_path)  # a job runs elsewhere: what the file said when it was launched is what counts
    write_export(workspace, "mix", sums(8))
    with pytest.raises(ModelError, match="chat template"):
        launch_training(workspace, configured(raw))
    for name in ("absent.jinja", "empty.jinja"):
        with pytest.raises(InputError, match=f"chat_template: {name}"):
            launch_training(workspace, configured(raw, chat_template=name))
    settings = {"chat_template": "template.jinja", "eos_token": "<|eot|>", "added_tokens": ("<|eot|>",)}
    job = launch_training(workspace, configured(raw, epochs=1.0, **settings))
    (tmp_path / "template.jinja").unlink()
    finished(job)

    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    saved = AutoTokenizer.from_pretrained(workspace.models / "tuned")
    assert (saved.eos_token, saved.chat_template) == ("<|eot|>", template)
    model = AutoModelForCausalLM.from_pretrained(raw)
    before = model.get_output_embeddings().weight.detach().clone()
    model.resize_token_embeddings(len(saved))
    tuned = PeftModel.from_pretrained(model, workspace.models / "tuned").merge_and_unload()
    after = tuned.get_output_embeddings().weight.detach()
    assert (after[: len(before)] - before).abs().max() == 0  # only the added token's row was trained
    trained = [name for name in adapter_weights(workspace) if "trainable_tokens" in name]
    assert len(trained) == 2, list(adapter_weights(workspace))  # one for the embedding, one for the head


def test_what_cannot_be_trained_is_refused_before_anything_starts(
    tmp_path: Path, workspace: Workspace, base: Path
) -> None:
    with pytest.raises(InputError, match=r"no export is called 'mix'.*write one first"):
        launch_training(workspace, configured(base))
    write_export(workspace, "mix", sums(3))
    with pytest.raises(InputError, match="there are mix"):
        launch_training(workspace, configured(base, export="mxi"))
    with pytest.raises(ModelError, match="nowhere"):
        launch_training(workspace, configured(tmp_path / "nowhere"))
    (workspace.models / "tuned").mkdir()
    with pytest.raises(InputError, match="choose another output"):
        launch_training(workspace, configured(base))
    with pytest.raises(InputError, match="cannot name a model"):
        launch_training(workspace, configured(base, output="../tuned"))
    with pytest.raises(InputError, match="adamw_8bit needs"):
        launch_training(workspace, configured(base, output="other", optimizer="adamw_8bit"))
    assert not list(workspace.jobs.iterdir())


DROPS_THINK = CHAT_TEMPLATE.replace("message.content +", "message.content.split('</think>')[-1] +")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"target_modules": ("q_proj", "w_proj")}, "has no w_proj; it has"),
        ({"chat_template": DROPS_THINK}, "drops the think block"),
    ],
)
def test_a_job_that_cannot_go_on_fails_with_what_to_do(
    workspace: Workspace, base: Path, settings: dict[str, Any], said: str
) -> None:
    write_export(workspace, "mix", sums(9))
    assert_fails(launch_training(workspace, configured(base, **settings)), workspace, said)


def test_a_loss_that_is_no_number_ends_the_job(tmp_path: Path, workspace: Workspace) -> None:
    from safetensors.torch import load_file, save_file

    broken = build_tiny_model(tmp_path / "broken")
    weights = load_file(broken / "model.safetensors")
    weights["model.norm.weight"][0] = math.nan
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    write_export(workspace, "mix", sums(9))
    assert_fails(launch_training(workspace, configured(broken)), workspace, "the loss became nan at step 1: lower")


def assert_fails(job: Job, workspace: Workspace, said: str) -> None:
    state = wait(job, PATIENCE)
    assert state.name == State.FAILED, job.log_tail()
    assert said in state.detail
    assert not list(workspace.models.iterdir())


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_kills_at_any_moment_leave_no_trace(workspace: Workspace, base: Path, seed: int) -> None:
    write_export(workspace, "mix", sums(42))
    job = launch_training(workspace, configured(base, save_steps=3))
    random_moment = random.Random(seed)
    for _ in range(4):
        time.sleep(random_moment.uniform(0.5, 14.0))
        if job.state().has_ended:
            break
        kill(job)
        resume(job)
    finished(job)
    assert_whole(job, workspace, 3 * math.ceil(42 / 4))
