"""What the mix lacks, in words, and the page that helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import streamlit as st

from components.format import number, percent
from components.palette import domain_name
from components.text import N_, _, inert
from curation.funnel import Counts, Funnel
from curation.mix import Quota
from curation.records import Domain

PAGES: Final = {
    "prompts": (N_("Prompts"), ":material/quiz:"),
    "sampling": (N_("Sampling"), ":material/casino:"),
    "filters": (N_("Filters"), ":material/tune:"),
    "rejects": (N_("Rejects"), ":material/rule:"),
}


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence or two that say what is wrong and what to do, and the pages (keys of PAGES) where it is done."""

    words: str
    pages: tuple[str, ...]
    where: Mapping[str, str] = field(default_factory=dict)  # in the address of the page


def state_sentence(name: str, quotas: Sequence[Quota]) -> str:
    """What there is, what the mix wants, and how much of that can be had; Markdown."""
    *reasoning, general = quotas
    wanted = sum(quota.quota for quota in quotas)
    taken = sum(quota.taken for quota in quotas)
    words = (
        _(
            "**{selected}** selected and **{general}** general samples available; the mix “{name}” wants "
            "{reasoning} + {ready}: **{share}** of it can be filled."
        )
        if wanted
        else _("**{selected}** selected and **{general}** general samples available; the mix “{name}” wants none.")
    )
    return words.format(
        selected=number(sum(quota.available for quota in reasoning)),
        general=number(general.available),
        name=inert(name),
        reasoning=number(sum(quota.quota for quota in reasoning)),
        ready=number(general.quota),
        share=percent(taken / max(1, wanted), 0 if taken > 0.1 * wanted else 1),
    )


def shortfalls(quotas: Sequence[Quota], funnel: Funnel) -> list[Advice]:
    """One advice for each domain that falls short, the largest gap first."""
    short = sorted((quota for quota in quotas if quota.shortfall), key=lambda quota: -quota.shortfall)
    return [_shortfall(quota, funnel.by_domain.get(quota.domain)) for quota in short]


def why_nothing(quotas: Sequence[Quota], funnel: Funnel) -> Advice | None:
    """Why there is nothing to export; None where there is something."""
    wants_reasoning = any(quota.quota for quota in quotas if quota.domain != Domain.GENERAL)
    if any(quota.taken for quota in quotas) and not (wants_reasoning and not funnel.selected):
        return None
    if not funnel.prompts and not funnel.candidates:
        return Advice(
            _("There are no prompts yet: import some, and sample responses to them."), ("prompts", "sampling")
        )
    if not funnel.candidates:
        words = _("None of the {n} prompts has been sampled yet.")
        return Advice(words.format(n=number(funnel.prompts)), ("sampling",))
    if not funnel.scored:
        words = _("None of the {n} candidates has a verdict yet.")
        return Advice(words.format(n=number(funnel.candidates)), ("sampling",))
    if not funnel.correct:
        words = _("None of the {n} candidates is correct. See why; if right ones are among them, mend the references.")
        return Advice(words.format(n=number(funnel.candidates)), ("rejects", "sampling"))
    if not funnel.accepted:
        words = _("The thresholds reject all {n} correct candidates. Loosen one, or switch it off.")
        return Advice(words.format(n=number(funnel.correct)), ("filters",))
    return Advice(_("The mix takes nothing of what is there. Raise a total or a quota."), ("filters",))


def draw_advice(*advices: Advice, icon: str = ":material/lightbulb:") -> None:
    """The words of each, and below them links to the pages that they name."""
    if not advices:
        return
    with st.container(gap="xsmall"):
        for advice in advices:
            st.markdown(f":small[{icon} {advice.words}]")
        with st.container(horizontal=True, gap="small"):
            first = {page: advice.where for advice in reversed(advices) for page in reversed(advice.pages)}
            for page in dict.fromkeys(page for advice in advices for page in advice.pages):
                label, page_icon = PAGES[page]
                st.page_link(
                    f"pages/{page}.py", label=_(label), icon=page_icon, width="content", query_params=dict(first[page])
                )


def _shortfall(quota: Quota, counts: Counts | None) -> Advice:
    gap = _("**{domain}**: {wanted} wanted, {available} there.").format(
        domain=domain_name(quota.domain), wanted=number(quota.quota), available=number(quota.available)
    )
    what, pages = _remedy(quota, counts)
    return Advice(f"{gap} {what}", pages, {"domain": quota.domain} if pages == ("rejects",) else {})


def _remedy(quota: Quota, counts: Counts | None) -> tuple[str, tuple[str, ...]]:
    if quota.domain == Domain.GENERAL:
        return _("Import more general samples."), ("prompts",)
    if counts is None or not (counts.prompts or counts.candidates):
        return _("It has no prompts: import some."), ("prompts",)
    if not counts.candidates:
        return _("Its {n} prompts are not sampled yet.").format(n=number(counts.prompts)), ("sampling",)
    if not counts.correct:
        words = _("None of its {n} candidates is correct, {undecided} are undecided: see why.")
        return words.format(n=number(counts.candidates), undecided=number(counts.undecided)), ("rejects",)
    more = ""
    if counts.accepted > counts.selected:
        words = _("A higher cap a prompt would add up to {n}.")
        more = " " + words.format(n=number(counts.accepted - counts.selected))
    rejected = counts.correct - counts.accepted
    if rejected:
        words = _("Sample more of its prompts, or loosen a threshold: {n} correct ones are rejected.")
        return words.format(n=number(rejected)) + more, ("sampling", "filters")
    return _("Sample more of its prompts.") + more, ("sampling",)
