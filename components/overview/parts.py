"""The parts of the Overview, in the order in which it draws them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from components.chart_style import show
from components.evaluation.comparison_chart import comparison_figure
from components.evaluation.figures import headline_columns
from components.evaluation.findings import finding, tuned_and_base
from components.format import number, percent
from components.funnel_chart import funnel_bars, funnel_figure
from components.jobs.seen import SeenJob
from components.live_index import Counted
from components.overview.breakdown_charts import (
    difficulty_figure,
    difficulty_in_words,
    length_figure,
    lengths_in_words,
    target_figure,
)
from components.overview.demo import demo_button
from components.overview.next_step import next_step
from components.overview.verdict_chart import verdict_counts, verdict_figure, verdict_legend
from components.problem import problems_in_place
from components.text import _, inert, plural
from curation.jobs import State
from curation.mix import MixConfig, quotas
from curation.records import Domain
from curation.workspace import Workspace
from training.evaluation.results import read_results

TARGET: Final = MixConfig()


def draw_sentence(counted: Counted, running: int, queued: int = 0) -> None:
    """The state of the workspace in one sentence."""
    funnel = counted.funnel
    parts = [
        _("**{accepted}** accepted of **{candidates}** candidates").format(
            accepted=number(funnel.accepted), candidates=number(funnel.candidates)
        ),
        _("**{share}** of the reasoning target").format(share=percent(funnel.selected / TARGET.reasoning, 1)),
    ]
    if running:
        parts.append(plural("{n} job running", "{n} jobs running", running).format(n=running))
    if queued:
        parts.append(plural("{n} job queued", "{n} jobs queued", queued).format(n=queued))
    st.markdown(", ".join(parts) + ".")


def draw_empty(workspace: Workspace) -> None:
    """What this page will show, and the one thing to do."""
    st.markdown(_("This workspace is empty. Once there is something in it, this page shows how much of it is good."))
    with st.container(border=True, gap="large"):
        with st.grid(4, min_column_width=150, gap="medium"):
            for icon, title, text in (
                ("casino", _("Sample"), _("Many responses to each prompt, from a checkpoint fresh from RL.")),
                ("rule", _("Verify"), _("Which are right, and how readable their reasoning is.")),
                ("filter_alt", _("Filter and mix"), _("Keep the correct and clean ones, in the proportions you set.")),
                ("monitoring", _("Train and compare"), _("Fine-tune a base on them, and see whether it helped.")),
            ):
                with st.container(gap="xxsmall"):
                    st.markdown(f":primary[:material/{icon}:] **{title}**")
                    st.caption(text)
        with st.container(horizontal_alignment="center", gap="xsmall"):
            demo_button(workspace)
            st.caption(_("All of it on small models that come with Winnow: some minutes on a CPU."), width="content")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(_("Or start with prompts of your own:"), width="content")
        st.page_link("pages/prompts.py", label=_("Import prompts"), icon=":material/upload_file:")


def draw_targets(counted: Counted) -> None:
    """How far the selected candidates and the general samples are from the totals of the R1 stage."""
    st.subheader(_("Towards the mix"), anchor=False)
    available = {domain: counts.selected for domain, counts in counted.funnel.by_domain.items()}
    filled = quotas(TARGET, {**available, Domain.GENERAL: counted.general})
    words = _("{have} of {target} reasoning and {general} of {general_target} general samples.").format(
        have=number(counted.funnel.selected),
        target=number(TARGET.reasoning),
        general=number(counted.general),
        general_target=number(TARGET.general),
    )
    show(target_figure(filled), key="targets", alt=words)
    st.caption(words)


def draw_breakdowns(counted: Counted) -> None:
    """Acceptance by difficulty beside response lengths."""
    difficulty, lengths = st.columns([3, 2], gap="large")
    with difficulty:
        st.subheader(_("Acceptance by difficulty"), anchor=False)
        if any(band.prompts for band in counted.difficulty):
            words = difficulty_in_words(counted.difficulty)
            show(difficulty_figure(counted.difficulty), key="difficulty", alt=words)
            st.caption(_("Prompts by how many of their samples are correct; bars: candidates accepted."))
        else:
            st.caption(_("Appears with the first verdicts."))
    with lengths:
        st.subheader(_("Response length"), anchor=False)
        if counted.lengths:
            words = lengths_in_words(counted.lengths)
            show(length_figure(counted.lengths), key="lengths", alt=words or _("Response length"))
            st.caption(words or _("Nothing is accepted yet."))
        else:
            st.caption(_("Appears with the first verdicts."))


def draw_counts(counted: Counted) -> None:
    """The funnel beside the verdicts of each domain."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(_("Funnel"), anchor=False)
        alt = _("Of {n} candidates {correct} are correct and {accepted} accepted").format(
            n=counted.funnel.candidates, correct=counted.funnel.correct, accepted=counted.funnel.accepted
        )
        show(funnel_figure(tuple(funnel_bars(counted))), key="funnel", alt=alt)
        st.caption(
            _("Thresholds “{name}”, in order; percentages are of all candidates.").format(
                name=inert(counted.thresholds.name)
            )
        )
    with right:
        st.subheader(_("Verdicts by domain"), anchor=False)
        verdicts = tuple(verdict_counts(counted))
        if verdicts:
            verdict_legend(verdicts)
            show(verdict_figure(verdicts), key="verdicts", alt=_("Share of each verdict in every domain"))
        else:
            st.caption(_("Appears with the first candidates."))
        draw_targets(counted)


def draw_comparison(seen: Sequence[SeenJob]) -> None:
    """What the latest finished evaluation found; nothing where there is none."""
    done = [each for each in seen if each.job.kind == "evaluate" and each.state.name == State.FINISHED]
    if not done:
        return
    st.subheader(_("Models compared"), anchor=False)
    with problems_in_place(_("The results of the latest evaluation cannot be read")):
        job = done[0].job
        results = read_results(job)
        for tuned, base in tuned_and_base(job):
            st.text(finding(results, tuned, base))
        columns = tuple(headline_columns(results, job.config.get("rules", [])))
        show(
            comparison_figure(tuple(model.name for model in results.models), columns),
            key="models",
            alt=_("Models compared"),
        )
        samples = max((model.overall.samples for model in results.models), default=0)
        words = _(
            "{prompts} held-out prompts, {samples} samples a model; 95 % intervals, clustered by prompt. "
            "The other columns: share of responses that break the rule."
        )
        st.caption(words.format(prompts=number(results.prompts), samples=number(samples)))


def draw_next_step(workspace: Workspace, counted: Counted, seen: Sequence[SeenJob]) -> None:
    """What to do next, with the command that does it."""
    step = next_step(workspace, counted.funnel, seen)
    if step is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":primary[:material/arrow_forward:] **{_('Next')}** · {step.sentence}", width="content")
        st.space("stretch")
        st.page_link(f"pages/{step.page}.py", label=step.label, icon=":material/chevron_right:", icon_position="right")
        with st.popover(_("Command line"), icon=":material/terminal:", type="tertiary"):
            st.code(step.command, language=None, wrap_lines=True)
