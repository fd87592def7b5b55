"""The runs of the Training page: what is known of each, their cards, and which are chosen and laid over one another.

The chosen run lives in the URL as `?run=`, those laid over it as `?runs=a,b`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import streamlit as st

from components.format import clock, reader_zone
from components.jobs.card import state_badge
from components.jobs.seen import SeenJob, amount_line
from components.palette import ACCENT, NEUTRAL
from components.setting_form import setting_label
from components.text import _, inert
from components.training.curves import MOST_RUNS, show_sparkline
from curation.settings import settings_of
from training.config import TrainingConfig
from training.metric_history import MetricCurves, MetricHistory

PER_PAGE: Final = 4
CARD_PX: Final = 202
_UNTOLD: Final = ("output", "preset", "device", "save_steps", "logging_steps", "eval_steps")
_MOST_TOLD: Final = 3
_CARD_NAME: Final = 22


@dataclass(frozen=True, slots=True)
class Run:
    """A training job, and its metrics as far as they were written."""

    seen: SeenJob
    curves: MetricCurves

    @property
    def id(self) -> str:
        """Of its job."""
        return self.seen.job.id

    @property
    def name(self) -> str:
        """What its adapter is called."""
        return str(self.seen.job.config.get("output") or self.id)


@st.cache_resource(max_entries=64, show_spinner=False)
def _history(folder: Path) -> MetricHistory:
    return MetricHistory(folder)


def look_at_run(seen: SeenJob) -> Run:
    """The run with what its metrics say now."""
    return Run(seen, _history(seen.job.folder).look())


def chosen_run(jobs: Sequence[SeenJob]) -> tuple[SeenJob, bool]:
    """Of `jobs` (newest first, not empty): the one in the URL, else one that runs, else the newest; and whether the
    URL named one that is not there."""
    wanted = st.query_params.get("run", "")
    found = next((each for each in jobs if each.job.id == wanted), None)
    if found is None:
        found = next((each for each in jobs if each.is_active), jobs[0])
    return found, bool(wanted) and found.job.id != wanted


def overlaid_runs(jobs: Sequence[SeenJob], chosen: SeenJob) -> list[SeenJob]:
    """The runs that the URL lays over the chosen one, in its order, at most as many as can be told apart."""
    by_id = {each.job.id: each for each in jobs}
    named = dict.fromkeys(_named())
    return [by_id[name] for name in named if name in by_id and name != chosen.job.id][: MOST_RUNS - 1]


def run_cards(jobs: Sequence[SeenJob], chosen: SeenJob, overlaid: Sequence[SeenJob]) -> None:
    """One page of cards, newest first."""
    pages = -(-len(jobs) // PER_PAGE)
    key, first = "training-page", jobs.index(chosen) // PER_PAGE + 1
    page = min(int(st.session_state.get(key, first)), pages)
    with st.grid(PER_PAGE, min_column_width=185, gap="small"):
        for each in jobs[(page - 1) * PER_PAGE : page * PER_PAGE]:
            _card(look_at_run(each), is_chosen=each is chosen, is_overlaid=each in overlaid, room=len(overlaid))
    if pages > 1:
        with st.container(horizontal_alignment="right"):
            st.pagination(pages, default=first, key=key)


def differences(runs: Sequence[Run]) -> list[str]:
    """For each run, the settings in which it differs from another one: "Learning rate 0.0001 · Epochs 3"."""
    names = [each.name for each in settings_of(TrainingConfig) if each.name not in _UNTOLD]
    configs = [run.seen.job.config for run in runs]
    apart = [name for name in names if len({str(config.get(name)) for config in configs}) > 1]
    texts = []
    for config in configs:
        told = [f"{setting_label(name)} {setting_words(name, config.get(name))}" for name in apart[:_MOST_TOLD]]
        texts.append(" · ".join(told))
    return texts


def legend_names(runs: Sequence[Run]) -> list[str]:
    """What the chart calls each run: its name and what sets it apart, or when it was started."""
    names = []
    for run, words in zip(runs, differences(runs), strict=True):
        started = clock(datetime.fromisoformat(run.seen.job.created), reader_zone())
        names.append(f"{run.name} · {words or started}")
    return names


def setting_words(name: str, value: Any) -> str:
    """The value of a setting as a reader writes it."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "–"
    return Path(str(value)).name if name == "base" else str(value)


def loss_words(value: float | None) -> str:
    """A loss in three digits."""
    return "–" if value is None else f"{value:.3g}"


def _card(run: Run, *, is_chosen: bool, is_overlaid: bool, room: int) -> None:
    with st.container(border=True, height=CARD_PX, gap="xxsmall", key=f"training-card-{run.id}"):
        name = inert(run.name if len(run.name) <= _CARD_NAME else f"{run.name[: _CARD_NAME - 1]}…")
        st.button(
            f":primary[**{name}**]" if is_chosen else f"**{name}**",
            key=f"training-choose-{run.id}", type="tertiary", on_click=_choose, args=(run.id,),
        )  # fmt: skip
        left, right = st.columns([4, 5], gap="small", vertical_alignment="center")
        left.subheader(loss_words(run.curves.last("loss")), anchor=False)
        with right:
            show_sparkline(
                run.curves, ACCENT if is_chosen else NEUTRAL,
                key=f"training-spark-{run.id}", alt=_("Loss of {run}").format(run=run.name),
            )  # fmt: skip
        created = clock(datetime.fromisoformat(run.seen.job.created), reader_zone())
        st.caption(" · ".join((created, amount_line(run.seen.progress))), wrap=False)
        state_badge(run.seen)
        if is_chosen:
            st.caption(_(":primary[:material/visibility:] Shown below"))
        else:
            key = f"training-overlay-{run.id}"
            st.session_state[key] = is_overlaid
            st.checkbox(
                _("Lay over"), key=key, on_change=_overlay, args=(run.id,),
                disabled=not is_overlaid and room >= MOST_RUNS - 1,
            )  # fmt: skip


def _named() -> list[str]:
    return [part for part in st.query_params.get("runs", "").split(",") if part]


def _choose(run: str) -> None:
    st.query_params["run"] = run


def _overlay(run: str) -> None:
    named = [each for each in _named() if each != run]
    if st.session_state[f"training-overlay-{run}"]:
        named.append(run)
    if named:
        st.query_params["runs"] = ",".join(named)
    else:
        st.query_params.pop("runs", None)
