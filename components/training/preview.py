"""What a fine-tuning needs and sees, shown before it starts: its memory, and one sample as tokens."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Final

import streamlit as st

from components.format import number, short_number, size
from components.model_field import changed_files
from components.palette import ACCENT
from components.problem import problems_in_place
from components.reading_pane import Marking, reading_text
from components.text import N_, _, plural
from curation.measures import Span
from curation.sampling import queue_device
from curation.workspace import Workspace
from training.config import TrainingConfig, template_text
from training.memory import estimate_memory
from training.preview import preview_apart

_PARTS: Final = (("weights", N_("base")), ("adapter", N_("adapter")), ("optimizer", N_("optimiser")),
                 ("activations", N_("activations")))  # fmt: skip


def steps_words(config: TrainingConfig, samples: int | None) -> str:
    """How many steps of how many samples, as far as that is known before the samples are counted in tokens."""
    batch = plural("{n} sample a step", "{n} samples a step", config.batch_size).format(n=number(config.batch_size))
    steps = config.max_steps
    if steps is None and samples is not None and not config.packing:
        kept = samples * (1 - config.eval_fraction)
        steps = max(1, math.ceil(math.ceil(kept / config.batch_size) * config.epochs))
    if steps is None:
        return f"{batch}."
    about = plural("About {n} step", "About {n} steps", steps).format(n=f"**{number(steps)}**")
    return f"{about}, {batch}."


def memory_lines(config: TrainingConfig) -> None:
    """The memory that a process needs at its longest batch, and how it adds up."""
    estimate = estimate_memory(config)
    where = _("of main memory") if queue_device(config.device) == "cpu" else _("of GPU memory")
    st.metric(
        _("Memory at the longest batch"), size(estimate.total), delta=where, delta_arrow="off", delta_color="off",
        help=_("Estimated from the sizes in config.json; every sample is taken to be max_length long."),
    )  # fmt: skip
    installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if queue_device(config.device) == "cpu" and estimate.total > installed:
        words = _("This machine has {memory}: lower the batch size, the longest length or the rank.")
        st.markdown(f":orange[:material/warning:] {words.format(memory=size(installed))}")
    parts = " · ".join(f"{_(name)} {size(getattr(estimate, part))}" for part, name in _PARTS)
    trained = _("{trained} of {parameters} parameters are trained").format(
        trained=short_number(estimate.trained), parameters=short_number(estimate.parameters + estimate.trained)
    )
    st.caption(f"{parts} · {trained}")


def sample_preview(workspace: Workspace, config: TrainingConfig) -> None:
    """On request the first sample of the export as the model will see it; the trained part is marked."""
    asked = repr((config.base, config.export, config.chat_template, config.eos_token, config.added_tokens))
    if st.button(_("Show one sample as tokens"), icon=":material/visibility:", key="training-preview"):
        st.session_state["training-previewed"] = asked
    if st.session_state.get("training-previewed") != asked:
        return
    with problems_in_place(_("The sample cannot be shown")), st.spinner(_("Tokenising it in a process of its own …")):
        template = None if config.chat_template is None else template_text(config.chat_template)
        changed = (changed_files(Path(config.base)), changed_files(workspace.exports / config.export))
        texts, trained = _tokens(workspace, replace(config, chat_template=template), changed)
        text = "".join(texts)
        start = sum(len(piece) for piece, is_trained in zip(texts, trained, strict=True) if not is_trained)
        marked = Marking(_("Trained on"), ACCENT, "solid", (Span(start, len(text)),) if start < len(text) else ())
        st.caption(
            _("{all} tokens, of which {trained} are trained on.").format(
                all=number(len(texts)), trained=number(sum(trained))
            )
        )
        reading_text(text, [marked], key="training-sample", height=360)


@st.cache_data(max_entries=8, show_spinner=False)
def _tokens(
    _workspace: Workspace, config: TrainingConfig, changed: tuple[tuple[int, ...], ...]
) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    (tokens,) = preview_apart(_workspace, config, samples=1)
    return tuple(token.text for token in tokens), tuple(token.trained for token in tokens)
