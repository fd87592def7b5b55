"""The Sampling page starts real jobs from checked settings, shows them truthfully, and says what is wrong in place."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from components.jobs.seen import look
from components.sampling.form import first_values, samples_wanted
from components.sampling.responses import first_lines, first_words
from curation import Workspace
from curation.index import Index
from curation.jobs import Job, ShardWriter, State, create_job, launch, list_jobs, stop, wait
from curation.jobs.locks import device_locks
from curation.prompts import ImportOptions, import_prompts, read_prompts
from curation.records import CANDIDATE_SCHEMA, candidate_id, response_hash
from curation.sampled import latest_responses, prompt_counts, sampled
from curation.thresholds import ThresholdRule, ThresholdSet, default_thresholds
from tests.app.filled_workspace import HOSTILE, STAGE, ended, running
from tests.app.words import shown

OpenPage = Callable[..., AppTest]


@pytest.fixture
def sampling_page(open_app: Callable[[Path], AppTest]) -> OpenPage:
    def go(workspace: Workspace, **parameters: str) -> AppTest:
        app = open_app(workspace.folder)
        for name, value in parameters.items():
            app.query_params[name] = value
        return app.switch_page("pages/sampling.py").run()

    return go


@pytest.fixture
def responses(filled: Workspace) -> Path:
    """A file that the replay engine reads, in place of a model."""
    path = filled.folder / "responses.jsonl"
    path.write_text("\n".join(json.dumps({"text": f"<think>\nsay {each}\n</think>\n\n42"}) for each in range(7)))
    return path


def test_without_prompts_the_page_leads_to_them(empty: Workspace, sampling_page: OpenPage) -> None:
    app = sampling_page(empty)
    assert not app.exception
    assert "There are no prompts to ask it yet" in shown(app)
    assert "sampling-start" not in {each.key for each in app.button}


def test_a_finished_job_is_summed_up(filled: Workspace, sampling_page: OpenPage) -> None:
    app = sampling_page(filled)
    assert not app.exception
    words = shown(app)
    job = next(job for job in list_jobs(filled) if job.kind == "sample")
    with Index.open(filled) as index:
        index.refresh()
        counts = sampled(index, default_thresholds(), job.id)
    assert counts.candidates == 160 and counts.prompts == 40
    assert f"**{counts.correct}** correct, **{counts.accepted}** accepted" in words
    assert "**40** prompts × 4 = **160** samples" in words
    assert "Some of its responses" in words


def test_a_replayed_sampling_is_started_and_shown(filled: Workspace, responses: Path, sampling_page: OpenPage) -> None:
    app = sampling_page(filled)
    app.selectbox(key="sampling-engine").set_value("replay").run()
    app.text_input(key="sampling-file").set_value(str(responses)).run()
    app.number_input(key="sampling-n").set_value(2).run()
    assert not app.exception
    command = next(code.value for code in app.code if code.value.startswith("winnow sample"))
    assert f"--model {responses}" in command and "--engine replay" in command and "-n 2" in command
    before = {job.id for job in list_jobs(filled)}
    app.button(key="sampling-start").click().run()
    assert not app.exception
    (job,) = [job for job in list_jobs(filled) if job.id not in before]
    assert app.query_params["job"] in ([job.id], job.id)
    assert wait(job, timeout_s=240).name == State.FINISHED
    assert app.number_input(key="sampling-seed").value == job.config["seed"] + 1
    app.run()
    assert "**80** responses to **40** prompts" in shown(app)


def test_a_model_is_checked_before_anything_starts(
    filled: Workspace, tiny_model: Path, sampling_page: OpenPage
) -> None:
    model = Path(shutil.copytree(tiny_model, filled.models / "policy"))
    app = sampling_page(filled)
    app.selectbox(key="sampling-model").select("models/policy").run()
    assert "Qwen3ForCausalLM" in shown(app) and "float32" in shown(app)
    assert not app.button(key="sampling-start").disabled
    config = model / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"auto_map": {"AutoConfig": "own.Own"}}))
    app.run()
    assert not app.exception
    assert "auto_map" in shown(app)
    assert app.button(key="sampling-start").disabled


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("/etc", "outside the folders that this app may read"),
        ("../..", "outside the folders"),
        ("models/none", "does not exist"),
        ("jobs", "config.json is missing"),
        ("workspace.toml", "is not a folder"),
    ],
)
def test_a_typed_path_is_told_what_is_wrong_with_it(empty: Workspace, typed: str, words: str) -> None:
    app = AppTest.from_function(_only_the_field, args=(str(empty.folder),))
    app.session_state["model"] = typed
    app.run()
    assert not app.exception
    assert words in shown(app)
    assert app.json[0].value == "[null]"


def test_an_adapter_is_offered_and_may_stay_empty(empty: Workspace, tiny_model: Path) -> None:
    adapter = empty.models / "tuned"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 8}))
    shutil.copy(tiny_model / "model.safetensors", adapter / "adapter_model.safetensors")
    app = AppTest.from_function(_only_the_field, args=(str(empty.folder), True)).run()
    assert not app.exception
    assert app.json[0].value == "[null]"
    app.selectbox(key="model").select("models/tuned").run()
    assert "rank 8" in shown(app)
    assert json.loads(app.json[0].value) == [str(adapter)]


def test_settings_that_make_no_sense_are_refused_next_to_the_form(
    filled: Workspace, responses: Path, sampling_page: OpenPage
) -> None:
    app = sampling_page(filled)
    app.selectbox(key="sampling-engine").set_value("replay").run()
    app.text_input(key="sampling-file").set_value("responses.jsonl").run()
    assert not app.button(key="sampling-start").disabled
    for name, value, words in (
        ("temperature", 0.0, "temperature 0 gives 4 equal samples"),
        ("n", 0, "“Samples a prompt” is 0"),
        ("top_p", 1.5, "“Top-p” is 1.5"),
    ):
        field = app.number_input(key=f"sampling-{name}")
        good = field.value
        field.set_value(value).run()
        assert not app.exception
        assert words in shown(app)
        assert app.button(key="sampling-start").disabled
        app.number_input(key=f"sampling-{name}").set_value(good).run()
    app.text_input(key="sampling-device").set_value("tpu").run()
    assert "“Device” is 'tpu'" in shown(app)


def test_the_same_draws_again_are_pointed_out(filled: Workspace, responses: Path, sampling_page: OpenPage) -> None:
    settings = {"model": str(responses), "engine": "replay", "seed": 7, "n": 2, "adapter": None}
    defaults = {"temperature": 1.0, "top_p": 1.0, "max_new_tokens": 1024}
    ended(create_job(filled, "sample", STAGE, settings | defaults))
    app = sampling_page(filled)  # it starts from that job's settings, with the next seed
    assert app.text_input(key="sampling-file").value == str(responses)
    assert app.number_input(key="sampling-seed").value == 8
    assert "it replaces none" in shown(app)
    app.number_input(key="sampling-seed").set_value(7).run()
    assert "Choose another seed" in shown(app)


def test_a_running_job_is_stopped_and_resumed_here(filled: Workspace, sampling_page: OpenPage) -> None:
    job = running(filled)
    app = sampling_page(filled, job=job.id)
    assert not app.exception
    assert "Running" in shown(app)
    assert "1,200 samples" in app.selectbox(key="sampling-job").options[0]
    assert [metric.value for metric in app.metric if metric.label == "Samples/s"] == ["263"]
    app.button(key=f"stop-now-{job.id}").click().run()
    assert wait(job, timeout_s=240).name == State.STOPPED
    app.run()
    assert "Stopped" in shown(app)
    app.button(key=f"resume-{job.id}").click().run()
    assert not app.exception
    assert look(job).state.name in (State.QUEUED, State.RUNNING)


def test_a_queued_job_shows_no_pace_and_no_time_at_work(filled: Workspace, sampling_page: OpenPage) -> None:
    device = f"test-{time.time_ns()}"
    settings = {"model": "/m/policy", "lasts_s": 600.0, "done": 1200, "total": 4800}
    job = create_job(filled, "sample", STAGE, settings, device=device)
    launch(job)
    until(lambda: bool((seen := job.progress()) and seen.rates))
    assert stop(job).name == State.STOPPED
    (lock,) = device_locks(device)
    with lock:
        assert lock.acquire("20200101-000000-000-sft-0a1b")
        launch(job)
        until(lambda: job.state().holder is not None)
        app = sampling_page(filled, job=job.id)
        assert not app.exception
        words = shown(app)
        assert "sampling jobs, **1** queued." in words
        assert "\nQueued " in words and "Waits until a job of another workspace (Training)" in words
        assert [metric.value for metric in app.metric if metric.label in ("Samples/s", "Tokens/s")] == ["–", "–"]


def test_an_unknown_job_in_the_address_is_no_error(filled: Workspace, sampling_page: OpenPage) -> None:
    app = sampling_page(filled, job="20200101-000000-000-sample-<b>")
    assert not app.exception
    assert "no sampling of this workspace" in shown(app)


def test_a_damaged_prompt_file_is_named_in_place(filled: Workspace, sampling_page: OpenPage) -> None:
    app = sampling_page(filled)
    (filled.prompts / "made.parquet").write_bytes(b"no parquet")
    app.run()
    assert not app.exception
    assert "made.parquet" in shown(app)


def test_what_a_model_wrote_is_shown_as_it_is(filled: Workspace, sampling_page: OpenPage) -> None:
    job = ended(create_job(filled, "sample", STAGE, {"model": "/m/<b>x", "n": 1, "done": 1, "total": 1}))
    _write_hostile(filled, job)
    app = sampling_page(filled, job=job.id)
    assert not app.exception
    assert any("<script>" in text.value for text in app.text)
    assert not any("<script>" in each.value for each in (*app.markdown, *app.caption))
    assert not app.html
    assert any("\\<b\\>" in each.value for each in app.subheader)


def test_counts_of_a_job_follow_the_thresholds(filled: Workspace) -> None:
    job = next(job for job in list_jobs(filled) if job.kind == "sample")
    with Index.open(filled) as index:
        index.refresh()
        everything = sampled(index, ThresholdSet("none", ()), job.id)
        nothing = sampled(index, ThresholdSet("all", (ThresholdRule("none", "reasoning_tokens", max=-1),)), job.id)
        assert everything.accepted == everything.correct > nothing.accepted == 0
        assert everything.scored == everything.candidates == 160
        absent = sampled(index, default_thresholds(), "20200101-000000-000-sample-0000")
        assert (absent.candidates, absent.accepted, absent.by_verdict) == (0, 0, {})
        counts = prompt_counts(index)
        assert sum(counts.values()) == 60 and counts["train", "math"] == 10
        few = latest_responses(index, job.id, 3, of_different_prompts=True)
        assert len({each.question for each in few}) == 3
        assert few[0].answer == "<b>42</b>" and few[0].reasoning.startswith("because")


def test_prompts_are_counted_as_the_job_will_choose_them() -> None:
    counts = {("train", "math"): 10, ("train", "code"): 4, ("held_out", "math"): 3}
    for split, domains, limit, wanted in (
        ("train", (), None, 14),
        ("train", ("math",), None, 10),
        ("all", ("math",), None, 13),
        ("held_out", ("code",), None, 0),
        ("all", (), 5, 5),
        ("train", (), 0, 0),
    ):
        assert samples_wanted(counts, {"split": split, "domains": domains, "limit": limit}) == wanted


def test_what_was_just_imported_is_what_is_sampled(
    filled: Workspace, tmp_path: Path, responses: Path, sampling_page: OpenPage
) -> None:
    (tmp_path / "mine.jsonl").write_text('{"question": "1?", "reference": "1"}\n{"question": "2?", "reference": "2"}\n')
    import_prompts(filled, tmp_path / "mine.jsonl", ImportOptions(domain="math"))
    app = sampling_page(filled, **{"import": "mine"})
    assert not app.exception
    assert "**2** prompts ×" in shown(app)
    (field,) = [each for each in app.multiselect if each.label == "Imports"]
    assert field.value == ["mine"]
    field.set_value([]).run()
    assert "**2** prompts ×" not in shown(app)


def test_a_form_starts_from_the_latest_job_where_its_record_can_be_read(empty: Workspace) -> None:
    assert first_values([]) == {}
    good = look(create_job(empty, "sample", STAGE, {"model": "/m", "n": 8, "seed": 3, "other": 1}))
    assert (first_values([good])["n"], first_values([good])["seed"]) == (8, 4)
    bad = look(create_job(empty, "sample", STAGE, {"model": "/m", "n": "many"}))
    assert first_values([bad, good]) == {}


def test_a_long_text_is_cut_before_it_is_shown() -> None:
    assert first_words("a\n b") == "a b"
    assert len(first_words("x" * 10_000)) == 200
    assert first_lines("\n\n one\n\n two \nthree", 2) == ["one", "two"]


def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + 240
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _only_the_field(folder: str, is_adapter: bool = False) -> None:
    import streamlit as st

    from components.model_field import model_choice
    from curation import Workspace

    choice = model_choice(Workspace.open(folder), "Model", key="model", is_adapter=is_adapter)
    st.json([str(choice.path) if choice.path else None])


def _write_hostile(workspace: Workspace, job: Job) -> None:
    prompt = read_prompts(workspace, columns=["prompt_id"])["prompt_id"][0].as_py()
    text = f"<think>\n{HOSTILE}\n</think>\n\n{HOSTILE}"
    row = {
        "candidate_id": candidate_id(job.id, prompt, 0),
        "prompt_id": prompt,
        "sample": 0,
        "text": text,
        "response_hash": response_hash(text),
        "finish_reason": "length",
        "prompt_tokens": 1,
        "reasoning_tokens": 1,
        "answer_tokens": 1,
        "seed": None,
        "engine": "made",
        "model": "made",
    }
    with ShardWriter(job.shards, "candidates", CANDIDATE_SCHEMA) as writer:
        writer.write(pa.Table.from_pylist([row], schema=CANDIDATE_SCHEMA))
