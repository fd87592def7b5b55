"""The verdicts by domain as a picture, with the legend of their colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from components.chart_style import FAINT, TEXT_PX
from components.format import number, percent, short_number
from components.live_index import Counted
from components.palette import NOT_SCORED, VERDICTS, Mark, domain_name
from components.row_bars import bars, row_label, row_layout, words_beside
from components.text import per_language


@dataclass(frozen=True, slots=True)
class VerdictCounts:
    """How many candidates of one domain got each verdict; those in none of the four are not scored yet."""

    domain: str
    candidates: int
    by_verdict: tuple[tuple[str, int], ...]  # (verdict, count)


def verdict_counts(counted: Counted) -> list[VerdictCounts]:
    """Every domain that has candidates, in the order of the design."""
    return [
        VerdictCounts(domain_name(domain), counts.candidates, tuple((name, getattr(counts, name)) for name in VERDICTS))
        for domain, counts in counted.funnel.by_domain.items()
        if counts.candidates
    ]


def verdicts_present(domains: Sequence[VerdictCounts]) -> list[tuple[str, Mark]]:
    """The verdicts that a legend has to name: the usual three, and the exceptions where they occur."""
    marks = [*VERDICTS.items(), ("", NOT_SCORED)]
    return [
        (name, mark)
        for name, mark in marks
        if name not in ("", "error") or any(_count(counts, name) for counts in domains)
    ]


def verdict_legend(domains: Sequence[VerdictCounts]) -> None:
    """The colours of `verdict_figure` with their icons and words; wraps where there is little room."""
    marks = [mark for _name, mark in verdicts_present(domains)]
    st.markdown(" ".join(f":{mark.badge}-badge[{mark.icon} {mark.word}]" for mark in marks))


@per_language(maxsize=16)
def verdict_figure(domains: tuple[VerdictCounts, ...]) -> go.Figure:
    """One bar a domain, cut into the shares of its verdicts; the number of candidates stands at its end."""
    rows = [row_label(counts.domain) for counts in domains]
    traces: list[dict[str, Any]] = []
    for name, mark in verdicts_present(domains):
        counted = [_count(counts, name) for counts in domains]
        shares = [count / max(counts.candidates, 1) for count, counts in zip(counted, domains, strict=True)]
        trace = bars(
            rows,
            shares,
            [FAINT if mark is NOT_SCORED else mark.colour] * len(rows),
            [[mark.word, number(count), percent(part, 1)] for count, part in zip(counted, shares, strict=True)],
            "%{customdata[0]}: %{customdata[1]} (%{customdata[2]})",
        )
        trace["text"] = [percent(part) if part >= 0.09 and mark is not NOT_SCORED else "" for part in shares]
        trace |= {"textposition": "inside", "insidetextanchor": "middle", "textangle": 0}
        trace["textfont"] = {"color": "#FFFFFF", "size": TEXT_PX}
        traces.append(trace)
    totals = words_beside(rows, [1.0] * len(rows), [short_number(counts.candidates) for counts in domains])
    whole = row_layout(len(rows), 1.0, room=1.26) | {"uniformtext": {"minsize": TEXT_PX - 1, "mode": "hide"}}
    return go.Figure({"data": [*traces, totals], "layout": whole})


def _count(counts: VerdictCounts, verdict: str) -> int:
    by_verdict = dict(counts.by_verdict)
    return by_verdict.get(verdict, 0) if verdict else counts.candidates - sum(by_verdict.values())
