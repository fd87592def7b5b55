"""An export as token ids: which of them are trained on, whether the reasoning survived the template, and a cache."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from curation import Workspace
from curation.errors import InputError
from curation.files import replacing
from curation.responses import CLOSE_TAG, split_response
from training.config import TrainingConfig
from training.samples import Sample, export_fingerprint, find_export, iter_samples
from training.tokenizer import TrainingTokenizer, load_tokenizer

_VERSION: Final = 1  # of the encoding below; a change makes every cached file stale
_SCHEMA: Final = pa.schema(
    [
        pa.field("input_ids", pa.large_list(pa.int32()), nullable=False),
        pa.field("start", pa.int32(), nullable=False),  # the first trained token
        pa.field("prompt", pa.uint64(), nullable=False),  # a hash of the tokens before it
    ]
)


@dataclass(frozen=True, slots=True)
class Encoded:
    """One sample's token ids. Those from `start` on are the response and its end token: they are trained on."""

    input_ids: list[int]
    start: int


@dataclass(frozen=True, slots=True)
class PreviewToken:
    """One token as text, and whether the loss sees it."""

    text: str
    trained: bool


def encode(tokenizer: TrainingTokenizer, samples: list[Sample]) -> list[Encoded]:
    """Samples → token ids and where the trained part begins.

    As in TRL, the trained part begins where prompt and whole conversation part ways. It ends with the end token: what
    a template writes after it (a line break) is left out, since a model that has ended never comes to write it.
    Raises InputError when the template lost the reasoning or the answer, or does not end the response.
    """
    asked, whole = [], []
    for sample in samples:
        turns = [{"role": turn.role, "content": turn.content} for turn in sample.prompt]
        asked.append(tokenizer.render(turns, ask=True))
        whole.append(tokenizer.render([*turns, {"role": "assistant", "content": sample.completion}], ask=False))
        _check_kept(tokenizer, sample, asked[-1], whole[-1])
    encoded = []
    for sample, prompt_ids, ids in zip(samples, tokenizer.encode(asked), tokenizer.encode(whole), strict=True):
        start = _common_prefix(prompt_ids, ids)
        stop = next((i + 1 for i in range(len(ids) - 1, start - 1, -1) if ids[i] in tokenizer.end_ids), 0)
        if not stop or tokenizer.tokenizer.decode(ids[stop:]).strip():
            ends = tokenizer.tokenizer.convert_ids_to_tokens(sorted(tokenizer.end_ids))
            raise InputError(
                f"{tokenizer.base}: its chat template does not end a response with {' or '.join(ends)} "
                f"({sample.place} ends in {whole[-1][-30:]!r}), so the model would never learn to stop. "
                "Set eos_token to the token that the template writes, or chat_template to one that ends with it."
            )
        encoded.append(Encoded(ids[:stop], start))
    return encoded


def _check_kept(tokenizer: TrainingTokenizer, sample: Sample, asked: str, whole: str) -> None:
    response = split_response(sample.completion)
    trained = whole[len(asked) :] if whole.startswith(asked) else whole[_common_prefix(asked, whole) :]
    parts = [("think block", response.reasoning.strip()), ("answer", response.answer.strip())]
    if response.well_formed:
        parts.append(("closing think tag", CLOSE_TAG))
    for part, text in parts:
        if text not in trained:
            raise InputError(
                f"{tokenizer.base}: its chat template drops the {part} of a response ({sample.place} is rendered as "
                f"{trained[:80]!r}), so the model would be trained without it. Set chat_template to a template that "
                "keeps the whole response."
            )


def _common_prefix(left: list[int] | str, right: list[int] | str) -> int:
    length = min(len(left), len(right))
    if left[:length] == right[:length]:
        return length
    return next(i for i in range(length) if left[i] != right[i])


def tokenised_export(workspace: Workspace, config: TrainingConfig, tokenizer: TrainingTokenizer) -> Path:
    """The Arrow stream file of the export's token ids, made when the cache has none for this tokenizer.

    Columns: input_ids (list of int32), start (int32). Length limits and the evaluation split are not applied. Files
    in `cache/` can be deleted at any time. Raises InputError as `encode` does.
    """
    export = find_export(workspace, config.export)
    key = hashlib.sha256()
    backend = tokenizer.tokenizer.backend_tokenizer.to_str()
    for part in (_VERSION, export_fingerprint(export), backend, tokenizer.tokenizer.chat_template, tokenizer.end_ids):
        key.update(f"{sorted(part) if isinstance(part, frozenset) else part}\0".encode())
    folder = workspace.folder / "cache" / "tokens"
    path = folder / f"{key.hexdigest()[:32]}.arrow"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            _write(temporary, (encode(tokenizer, samples) for samples in iter_samples(export)))
    return path


def _write(path: Path, batches: Iterator[list[Encoded]]) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, _SCHEMA) as writer:
        for batch in batches:
            columns = {
                "input_ids": [each.input_ids for each in batch],
                "start": [each.start for each in batch],
                "prompt": [xxhash.xxh3_64_intdigest(str(each.input_ids[: each.start]).encode()) for each in batch],
            }
            writer.write_table(pa.table(columns, schema=_SCHEMA))


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows of a tokenised export are used: indices to train on, indices apart for the evaluation loss."""

    train: npt.NDArray[np.int64]
    evaluation: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]  # tokens of every row of the file, cut at max_length
    dropped: int


def choose_rows(path: Path, config: TrainingConfig) -> Rows:
    """Apply max_length, and set eval_fraction apart by prompt, so that no prompt is on both sides.

    Raises InputError when nothing is left to train on.
    """
    with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as reader:
        table = reader.read_all()
        lengths = pc.list_value_length(table["input_ids"]).to_numpy().astype(np.int64)
        starts, prompts = table["start"].to_numpy(), table["prompt"].to_numpy()
    kept = starts < config.max_length if config.overlong == "truncate" else lengths <= config.max_length
    groups, group = np.unique(prompts, return_inverse=True)
    apart = round(config.eval_fraction * len(groups))
    if config.eval_fraction and len(groups) > 1:
        apart = max(apart, 1)
    chosen = np.zeros(len(groups), dtype=bool)
    chosen[np.random.default_rng(config.seed).permutation(len(groups))[:apart]] = True
    rows = np.arange(len(lengths))
    train, evaluation = rows[kept & ~chosen[group]], rows[kept & chosen[group]]
    if not len(train):
        raise InputError(
            f"the export {config.export!r} has {len(lengths):,} samples, none of at most {config.max_length:,} tokens; "
            "raise max_length."
            if len(lengths)
            else f"the export {config.export!r} has no samples."
        )
    # the evaluation goes through its rows in order: neighbours of like length pad less
    evaluation = evaluation[np.argsort(lengths[evaluation], kind="stable")]
    return Rows(train, evaluation, np.minimum(lengths, config.max_length), int((~kept).sum()))


def preview(workspace: Workspace, config: TrainingConfig, samples: int = 3) -> list[list[PreviewToken]]:
    """The first samples of the export, token by token, as a training with these settings would see them.

    Imports transformers: call it from a helper process, never from the app's. Raises InputError as `encode` does.
    """
    tokenizer = load_tokenizer(config)
    first = list(islice((s for batch in iter_samples(find_export(workspace, config.export)) for s in batch), samples))
    shown = []
    for encoded in encode(tokenizer, first):
        ids = encoded.input_ids[: config.max_length]
        texts = _pieces(tokenizer, ids)
        shown.append([PreviewToken(text, i >= encoded.start) for i, text in enumerate(texts)])
    return shown


def _pieces(tokenizer: TrainingTokenizer, ids: list[int]) -> list[str]:
    """The text of each token. A character of several tokens is shown with the last of them, the others are empty."""
    pieces, pending = [], []
    for token in ids:
        pending.append(token)
        text = tokenizer.tokenizer.decode(pending, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        whole = not text.endswith("�") or len(pending) > 4
        pieces.append(text if whole else "")
        pending = [] if whole else pending
    return pieces
