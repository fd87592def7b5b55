"""Promise: the loss sees exactly the response (think block, answer, end token), or the training is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from curation import Workspace
from curation.errors import InputError
from tests.tiny_model import CHAT_TEMPLATE, build_tiny_model
from tests.training.exports import response, sums, write_export
from training.config import TrainingConfig
from training.dataset import choose_rows, encode, preview, tokenised_export
from training.samples import find_export, iter_samples
from training.tokenizer import TrainingTokenizer, load_tokenizer


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_model(tmp_path_factory.mktemp("models") / "base")


def configured(base: Path, **settings: Any) -> TrainingConfig:
    return TrainingConfig(base=str(base), export="mix", output="tuned", **settings)


def trained_text(tokenizer: TrainingTokenizer, ids: list[int]) -> str:
    return str(tokenizer.tokenizer.decode(ids, skip_special_tokens=False))


@pytest.mark.parametrize("form", ["prompt_completion", "messages", "sharegpt"])
def test_the_trained_tokens_are_the_response_and_its_end_token(workspace: Workspace, base: Path, form: str) -> None:
    pairs = sums(12)
    write_export(workspace, "mix", pairs, form)
    tokenizer = load_tokenizer(configured(base))
    samples = [s for batch in iter_samples(find_export(workspace, "mix"), 5) for s in batch]
    for encoded, (question, text) in zip(encode(tokenizer, samples), pairs, strict=True):
        assert trained_text(tokenizer, encoded.input_ids[encoded.start :]) == f"{text}<|im_end|>"
        assert question in trained_text(tokenizer, encoded.input_ids[: encoded.start])


def test_the_labels_agree_with_those_that_trl_makes(workspace: Workspace, base: Path) -> None:
    from datasets import Dataset
    from transformers import AutoModelForCausalLM
    from trl import SFTConfig, SFTTrainer

    write_export(workspace, "mix", sums(6))
    tokenizer = load_tokenizer(configured(base))
    samples = [s for batch in iter_samples(find_export(workspace, "mix")) for s in batch]
    rows = [
        {
            "prompt": [{"role": turn.role, "content": turn.content} for turn in sample.prompt],
            "completion": [{"role": "assistant", "content": sample.completion}],
        }
        for sample in samples
    ]
    theirs = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(base),
        args=SFTConfig(output_dir=str(workspace.folder / "scratch"), use_cpu=True, bf16=False, report_to="none"),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer.tokenizer,
    ).train_dataset
    for ours, their in zip(encode(tokenizer, samples), theirs, strict=True):
        length = len(ours.input_ids)
        assert their["input_ids"][:length] == ours.input_ids
        assert their["labels"][:length] == [-100] * ours.start + ours.input_ids[ours.start :]
        assert tokenizer.tokenizer.decode(their["input_ids"][length:]) == "\n"  # written after the end, so not trained


def test_a_template_that_opens_the_think_block_leaves_its_inside_trained(tmp_path: Path, workspace: Workspace) -> None:
    opened = build_tiny_model(tmp_path / "opened", opens_think=True)
    write_export(workspace, "mix", [("2 + 2?", response("2 and 2 is 4", "\\boxed{4}"))])
    shown = preview(workspace, configured(opened))[0]
    assert "".join(token.text for token in shown if token.trained) == "2 and 2 is 4\n</think>\n\n\\boxed{4}<|im_end|>"
    assert "".join(token.text for token in shown if not token.trained).endswith("<|im_start|>assistant\n<think>\n")


def test_the_preview_shows_characters_of_several_tokens(workspace: Workspace, base: Path) -> None:
    write_export(workspace, "mix", [("你好", "你好！")])
    shown = preview(workspace, configured(base))[0]
    assert "".join(token.text for token in shown if token.trained) == "你好！<|im_end|>"


DROPS_THINK = CHAT_TEMPLATE.replace("message.content +", "message.content.split('</think>')[-1] +")
DROPS_TAGS = CHAT_TEMPLATE.replace(
    "message.content +", "message.content.replace('<think>', '').replace('</think>', '') +"
)
NEVER_ENDS = CHAT_TEMPLATE.replace(" + '<|im_end|>'", "")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (DROPS_THINK, "drops the think block of a response (train-00000-of-00001.parquet row 2"),
        (DROPS_TAGS, "drops the closing think tag"),
        (NEVER_ENDS, "does not end a response with <|im_end|>"),
        ("/nowhere/template.jinja", "chat_template: /nowhere/template.jinja cannot be read"),
    ],
)
def test_data_that_would_teach_the_wrong_thing_is_refused(
    workspace: Workspace, base: Path, template: str, said: str
) -> None:
    write_export(workspace, "mix", sums(3))
    config = configured(base, chat_template=template)
    with pytest.raises(InputError) as caught:
        tokenised_export(workspace, config, load_tokenizer(config))
    assert said in str(caught.value)
    assert not list((workspace.folder / "cache").glob("tokens/*.arrow"))


def test_an_end_token_outside_the_vocabulary_is_refused(base: Path) -> None:
    with pytest.raises(InputError, match="not in the vocabulary"):
        load_tokenizer(configured(base, eos_token="<|stop|>"))


def test_tokens_are_cached_by_export_and_tokenizer(workspace: Workspace, base: Path) -> None:
    write_export(workspace, "mix", sums(20))
    write_export(workspace, "other", sums(21))
    config = configured(base)
    first = tokenised_export(workspace, config, load_tokenizer(config))
    made = first.stat().st_mtime_ns
    again = configured(base, max_length=64, seed=5)  # what does not change the tokens does not make them anew
    assert tokenised_export(workspace, again, load_tokenizer(again)) == first
    assert first.stat().st_mtime_ns == made
    spaced = configured(base, chat_template=CHAT_TEMPLATE.replace("role + '\\n'", "role + ' \\n'"))
    assert tokenised_export(workspace, spaced, load_tokenizer(spaced)) != first
    other = TrainingConfig(base=str(base), export="other", output="tuned")
    assert tokenised_export(workspace, other, load_tokenizer(other)) != first


def test_long_samples_are_dropped_or_cut_and_an_empty_rest_is_refused(workspace: Workspace, base: Path) -> None:
    write_export(workspace, "mix", sums(40))
    config = configured(base)
    path = tokenised_export(workspace, config, load_tokenizer(config))
    with pa.memory_map(str(path)) as source:
        lengths = np.array([len(ids) for ids in pa.ipc.open_stream(source).read_all()["input_ids"].to_pylist()])
    bound = int(np.median(lengths))
    dropped = choose_rows(path, configured(base, max_length=bound))
    assert dropped.train.tolist() == np.flatnonzero(lengths <= bound).tolist()
    assert dropped.dropped == (lengths > bound).sum()
    cut = choose_rows(path, configured(base, max_length=bound, overlong="truncate"))
    assert (cut.dropped, cut.lengths.max()) == (0, bound)
    with pytest.raises(InputError, match="raise max_length"):
        choose_rows(path, configured(base, max_length=8))


def test_no_prompt_is_both_trained_on_and_evaluated(workspace: Workspace, base: Path) -> None:
    pairs = [(question, f"{text} ({i})") for question, text in sums(15)[1:] for i in range(4)]
    write_export(workspace, "mix", pairs)
    config = configured(base, eval_fraction=0.2, seed=1)
    rows = choose_rows(tokenised_export(workspace, config, load_tokenizer(config)), config)
    asked = [question for question, _ in pairs]
    apart = {asked[i] for i in rows.evaluation}
    assert len(apart) == 3
    assert not apart & {asked[i] for i in rows.train}
    assert len(rows.train) + len(rows.evaluation) == len(pairs)
