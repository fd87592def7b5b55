"""One sampling job on the Sampling page: its pace, how its responses end, what is right and what is accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import streamlit as st

from components.chart_style import show
from components.format import clock, duration, number, reader_zone, share, short_number
from components.jobs.buttons import job_buttons, job_reason
from components.jobs.card import progress_bar, state_badge
from components.jobs.seen import SeenJob, started_line
from components.jobs.waiting import model_name
from components.live_index import live_index
from components.palette import STATES, domain_name, kind_icon
from components.problem import problems_in_place
from components.sampling.figures import outcome_bars, sparkline
from components.text import _, inert, plural
from curation.jobs import State
from curation.sampled import Sampled, sampled
from curation.workspace import Workspace

METRIC_PX: Final = 130
_HISTORY: Final = 60  # looks, two seconds apart
_RATES: Final = "sampling-rates"
_CHOSEN: Final = "sampling-job"


def choose_job(seen: Sequence[SeenJob]) -> SeenJob:
    """The job of `seen` (newest first, not empty) that the address names, else the newest that runs, else the newest;
    with more than one, a field to choose another."""
    by_id = {each.job.id: each for each in seen}
    wanted = st.query_params.get("job", "")
    chosen = by_id.get(wanted) or next((each for each in seen if each.is_active), seen[0])
    if wanted and wanted not in by_id:
        st.caption(_(":material/info: The job in the address is no sampling of this workspace; another is shown."))
    if len(seen) > 1:
        st.session_state[_CHOSEN] = chosen.job.id
        st.selectbox(
            _("Sampling job"), list(by_id), key=_CHOSEN, on_change=_choose, label_visibility="collapsed",
            format_func=lambda job_id: _option(by_id[job_id]) if job_id in by_id else job_id,
        )  # fmt: skip
    return chosen


def sampling_job(workspace: Workspace, seen: SeenJob) -> None:
    """Draw the job; its parts keep their height from one look to the next."""
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(inert(_model_name(seen.job.config)), anchor=False, icon=kind_icon("sample"), width="content")
            state_badge(seen)
            st.space("stretch")
            job_buttons(seen)
            st.page_link(
                "pages/jobs.py", label=_("Log"), icon=":material/chevron_right:", icon_position="right",
                query_params={"job": seen.job.id}, help="",
            )  # fmt: skip
        job_reason(seen)
        progress_bar(seen)
        with st.container(horizontal=True, gap="small"):
            st.caption(started_line(seen, reader_zone()), width="content")
            st.space("stretch")
            st.caption(inert(_rest_line(seen)) or " ", width="content")
        st.caption(inert(settings_line(seen.job.config)))
        with problems_in_place(_("The candidates cannot be counted")):
            counts = counted(workspace, seen)
            _metrics(seen, counts)
            outcome_bars(counts)
            if seen.state.name == State.FINISHED:
                _finished(seen, counts)


def counted(workspace: Workspace, seen: SeenJob) -> Sampled:
    """What the index has of the job; before that, what the job itself reports."""
    live = live_index(workspace)
    view = live.view()
    if view.counted is not None:
        thresholds = view.counted.thresholds
        found = live.ask(lambda index: sampled(index, thresholds, seen.job.id))
        if found is not None and found.candidates:
            return found
    extra: Mapping[str, Any] = seen.progress.extra if seen.progress else {}
    endings = extra.get("finish_reasons", {})
    verdicts = {str(name): int(count) for name, count in extra.get("verdicts", {}).items()}
    return Sampled(0, sum(endings.values()), int(endings.get("length", 0)), verdicts, 0)


def settings_line(config: Mapping[str, Any]) -> str:
    """The settings of a job in one line, as far as its record has them."""
    parts = [_("{n} samples a prompt").format(n=config["n"])] if "n" in config else []
    domains = ", ".join(domain_name(str(domain)) for domain in config.get("domains") or ())
    parts += [domains] if domains else []
    parts += [_("held-out prompts")] if config.get("split") == "held_out" else []
    for name, words in (
        ("temperature", _("temperature {value:g}")),
        ("top_p", _("top-p {value:g}")),
        ("max_new_tokens", _("at most {value:,} tokens")),
        ("seed", _("seed {value}")),
    ):
        if isinstance(config.get(name), int | float):
            parts.append(words.format(value=config[name]))
    parts += [str(config["engine"])] if config.get("engine") else []
    return " · ".join(parts) or " "


def _rest_line(seen: SeenJob) -> str:
    """What it is doing besides sampling, and the time that is left."""
    progress = seen.progress
    if progress is None:
        return ""
    parts = [progress.note] if progress.note and (seen.is_active or seen.state.name == State.FINISHED) else []
    if seen.is_active and progress.eta_s is not None and progress.done < progress.total:
        parts.append(_("{time} left").format(time=duration(progress.eta_s)))
    return " · ".join(parts)


def _metrics(seen: SeenJob, counts: Sampled) -> None:
    rates = seen.progress.rates if seen.progress else {}
    history = _rate_history(seen)
    height: Any = METRIC_PX if seen.is_active else "stretch"
    with st.grid(4, min_column_width=150, gap="small"):
        for name, label in (("samples_per_s", _("Samples/s")), ("tokens_per_s", _("Tokens/s"))):
            value = rates.get(name)
            with st.container(border=True, height=height, gap="xxsmall", key=f"sampling-{name}"):
                st.metric(label, "–" if value is None else short_number(round(value) if value >= 10 else value))
                if seen.is_active:
                    line = sparkline([each.get(name, 0.0) for each in history])
                    show(line, key=f"sampling-{name}-line", alt=_("{rate} so far").format(rate=label))
        scored = plural("of {n} scored", "of {n} scored", counts.scored).format(n=number(counts.scored))
        for label, part, help_text in (
            (_("Correct"), counts.correct, _("Of the scored candidates.")),
            (
                _("Accepted"),
                counts.accepted,
                _("Of the scored candidates: correct, and within every default threshold."),
            ),
        ):
            with st.container(border=True, height=height, key=f"sampling-share-{label}"):
                st.metric(
                    label, share(part, counts.scored), scored, delta_color="off", delta_arrow="off", help=help_text
                )


def _rate_history(seen: SeenJob) -> list[Mapping[str, float]]:
    """The rates at the last looks of this session, as many as fit the chart, which always begins at nought."""
    if not seen.is_active or seen.progress is None:
        return [{}] * _HISTORY
    kept: dict[str, list[tuple[str, Mapping[str, float]]]] = st.session_state.setdefault(_RATES, {})
    looks = kept.setdefault(seen.job.id, [])
    if not looks or looks[-1][0] != seen.progress.updated:
        looks.append((seen.progress.updated, seen.progress.rates))
        del looks[: 1 - _HISTORY]
    rates = [each for _when, each in looks]
    return [{}] * (_HISTORY - len(rates)) + rates


def _finished(seen: SeenJob, counts: Sampled) -> None:
    if not counts.candidates:
        return
    words = plural(
        "**{n}** response to **{prompts}** prompts: **{correct}** correct, **{accepted}** accepted.",
        "**{n}** responses to **{prompts}** prompts: **{correct}** correct, **{accepted}** accepted.",
        counts.candidates,
    )
    summary = words.format(
        n=number(counts.candidates),
        prompts=number(counts.prompts),
        correct=number(counts.correct),
        accepted=number(counts.accepted),
    )
    st.markdown(summary)
    st.page_link(
        "pages/filters.py", label=_("See what each threshold rejects, and move it"), icon=":material/tune:"
    )  # fmt: skip


def _model_name(config: Mapping[str, Any]) -> str:
    return model_name(config) or _("Sampling")


def _option(seen: SeenJob) -> str:
    created = clock(datetime.fromisoformat(seen.job.created), reader_zone())
    done = seen.progress.done if seen.progress else 0
    state = _("Not started") if seen.is_unstarted else STATES[seen.state.name].word
    samples = plural("{n} sample", "{n} samples", done).format(n=number(done))
    return " · ".join((_model_name(seen.job.config), created, state, samples))


def _choose() -> None:
    st.query_params["job"] = st.session_state[_CHOSEN]
