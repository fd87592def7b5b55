"""What changed between two models: the prompts that became right or wrong, and both models' responses to one of them.

The pair lives in the URL as `?a=&b=`, the kind of change as `?part=`, the prompt as `?prompt=<id>`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st

from components.evaluation.findings import finding, tuned_and_base
from components.evaluation.responses import draw_responses
from components.format import number
from components.pager import pager
from components.palette import domain_name
from components.text import N_, _, inert
from components.url_choice import url_segments, url_select
from curation.errors import InputError
from curation.jobs import Job, live_shards
from curation.prompts.reading import iter_prompts
from curation.records import format_id, parse_id
from curation.workspace import Workspace
from training.evaluation.changes import Outcome, PromptChange, change_of, count_changes, page_of_changes
from training.evaluation.results import EvaluationResults

PER_PAGE: Final = 14
_ROW_PX: Final = 35
_WORDS: Final = {
    Outcome.RIGHT: N_(":green[:material/trending_up:] Became right"),
    Outcome.WRONG: N_(":red[:material/trending_down:] Became wrong"),
    Outcome.SAME: N_(":gray[:material/trending_flat:] Stayed"),
}
_FIRST_WORDS: Final = 90


def draw_changes(workspace: Workspace, job: Job, results: EvaluationResults) -> None:
    """The section; nothing where there is one model only."""
    names = [model.name for model in results.models]
    if len(names) < 2:
        return
    st.subheader(_("What changed"), anchor=False)
    left, right = _pair(job, names)
    if left == right:
        st.caption(_("Choose two different models."))
        return
    st.text(finding(results, right, left))
    stamp = tuple(path.name for path in live_shards(job.folder, "evaluations"))
    counts = _counts(job, job.folder, stamp, left, right)
    chosen = _prompt_in_url()
    outcome = _part(counts, _change(job, job.folder, stamp, left, right, chosen) if chosen is not None else None)
    listed, read = st.columns([2, 3], gap="medium")
    with listed:
        chosen = _list(workspace, job, stamp, (left, right), outcome, counts[outcome], chosen)
    with read:
        if chosen is None:
            st.caption(_("No prompt is in this part."))
        else:
            draw_responses(workspace, job, left, right, chosen)
    st.caption(
        _(
            "A prompt became right where more of its samples are correct with {right} than with {left}. Prompts whose "
            "verifier cannot decide are left out."
        ).format(left=_quoted(left), right=_quoted(right))
    )


def _pair(job: Job, names: Sequence[str]) -> tuple[str, str]:
    tuned, base = next(iter(tuned_and_base(job)), (names[1], names[0]))
    columns = st.columns([2, 2, 3], gap="small")
    with columns[0]:
        left = url_select(_("From"), names, "a", chosen=base, forget=("page", "prompt"))
    with columns[1]:
        right = url_select(_("To"), names, "b", chosen=tuned, forget=("page", "prompt"))
    return left, right


def _part(counts: dict[Outcome, int], of_prompt: PromptChange | None) -> Outcome:
    first = next((outcome for outcome in Outcome if counts[outcome]), Outcome.RIGHT)
    named = url_segments(
        _("What became of the prompts"), [outcome.value for outcome in Outcome], "part",
        words=lambda name: f"{_(_WORDS[Outcome(name)])} **{number(counts[Outcome(name)])}**",
        chosen=(of_prompt.outcome if of_prompt is not None else first).value, forget=("page", "prompt"),
    )  # fmt: skip
    return Outcome(named)


def _list(
    workspace: Workspace,
    job: Job,
    stamp: tuple[str, ...],
    pair: tuple[str, str],
    outcome: Outcome,
    total: int,
    chosen: int | None,
) -> int | None:
    """One page of prompts; returns the prompt to read: the one in the URL, else the first of the page."""
    if not total:
        return chosen
    pages = -(-total // PER_PAGE)
    page = min(_page_in_url(), pages - 1)
    rows = _page(job, job.folder, stamp, *pair, outcome.value, page)
    questions = _questions(workspace, workspace.folder, tuple(row.prompt_id for row in rows))
    ids = [row.prompt_id for row in rows]
    at = ids.index(chosen) if chosen in ids else (0 if chosen is None else None)
    key = f"evaluation-list-{job.id}-{pair[0]}-{pair[1]}-{outcome.value}-{page}"

    def choose() -> None:
        picked = st.session_state[key].selection.rows
        if picked:
            st.query_params["prompt"] = format_id(ids[picked[0]])

    frame = pd.DataFrame(
        {
            _("Domain"): [domain_name(row.domain) for row in rows],
            _("Correct"): [
                f"{row.left_correct}/{row.left_samples} → {row.right_correct}/{row.right_samples}" for row in rows
            ],
            _("Prompt"): [questions.get(row.prompt_id, format_id(row.prompt_id)) for row in rows],
        }
    )
    st.dataframe(
        frame, hide_index=True, height=_ROW_PX * (PER_PAGE + 1) + 3, row_height=_ROW_PX, key=key, on_select=choose,
        selection_mode="single-row", alt=_("Prompts that changed"),
        selection_default=None if at is None else {"selection": {"rows": [at]}},
        column_config={_("Domain"): st.column_config.TextColumn(width=70),
                       _("Correct"): st.column_config.TextColumn(width=90),
                       _("Prompt"): st.column_config.TextColumn(width=None)},
    )  # fmt: skip
    first = page * PER_PAGE
    pager(
        first + 1, min(first + PER_PAGE, total), total, key="evaluation-changes",
        back=(lambda: _turn_to(page - 1)) if page else None,
        on=(lambda: _turn_to(page + 1)) if page + 1 < pages else None,
    )  # fmt: skip
    return chosen if chosen is not None or at is None else ids[at]


def _turn_to(page: int) -> None:
    st.query_params["page"] = str(page + 1)
    st.query_params.pop("prompt", None)


def _page_in_url() -> int:
    try:
        return max(0, int(st.query_params["page"]) - 1)
    except (KeyError, ValueError):
        return 0


def _prompt_in_url() -> int | None:
    try:
        return parse_id(st.query_params["prompt"])
    except (KeyError, InputError):
        return None


def _quoted(name: str) -> str:
    return f"“{inert(name)}”"


@st.cache_data(max_entries=64, show_spinner=False)
def _counts(_job: Job, folder: Path, stamp: tuple[str, ...], left: str, right: str) -> dict[Outcome, int]:
    return count_changes(_job, left, right)


@st.cache_data(max_entries=128, show_spinner=False)
def _change(_job: Job, folder: Path, stamp: tuple[str, ...], left: str, right: str, prompt: int) -> PromptChange | None:
    return change_of(_job, left, right, prompt)


@st.cache_data(max_entries=128, show_spinner=False)
def _page(
    _job: Job, folder: Path, stamp: tuple[str, ...], left: str, right: str, outcome: str, page: int
) -> list[PromptChange]:
    return page_of_changes(_job, left, right, Outcome(outcome), limit=PER_PAGE, offset=page * PER_PAGE)


@st.cache_data(max_entries=128, show_spinner=False)
def _questions(_workspace: Workspace, folder: Path, prompts: tuple[int, ...]) -> dict[int, str]:
    """The first words of each question, for those that are still in the workspace."""
    found: dict[int, str] = {}
    for table in iter_prompts(_workspace, np.array(prompts, np.uint64), ["prompt_id", "messages"]):
        rows: list[dict[str, Any]] = table.to_pylist()
        found |= {row["prompt_id"]: " ".join(row["messages"][-1]["content"].split())[:_FIRST_WORDS] for row in rows}
    return found
