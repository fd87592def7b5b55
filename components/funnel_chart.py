"""The funnel as a picture: what each step leaves, and what it takes away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from components.chart_style import FAINT, ROW_AXIS, ROW_PX, bars_of, layout, words_beside
from components.format import number, share
from components.live_index import Counted
from components.measure_words import rule_in_words, rule_title
from components.palette import ACCENT, CORRECT, NEUTRAL, tint
from components.text import _, per_language

_LABEL_ROOM: Final = 1.75  # the longest bar leaves this share of the width to the numbers beside it


@dataclass(frozen=True, slots=True)
class FunnelBar:
    """One step of the funnel: `left` candidates after it, `removed` by it, and the words for the label's hover."""

    label: str
    left: int
    removed: int
    colour: str
    share_of: int | None = None  # whole that the label's percentage refers to; None for no percentage
    definition: str = ""
    is_apart: bool = False  # counts something else than candidates: its number is written, without a bar


def funnel_bars(counted: Counted) -> list[FunnelBar]:
    """Prompts, candidates, correct, one bar a rule, accepted, selected."""
    funnel = counted.funnel
    rules = {rule.name: rule for rule in counted.thresholds.rules}
    whole = funnel.candidates
    quiet = tint(NEUTRAL, 0.8)
    bars = [
        FunnelBar(
            _("Prompts"), funnel.prompts, 0, quiet, definition=_("to sample from; none held out"), is_apart=True
        ),
        FunnelBar(_("Candidates"), whole, 0, quiet, definition=_("sampled responses")),
        FunnelBar(
            _("Correct"), funnel.correct, whole - funnel.correct, CORRECT, whole,
            _("the others are incorrect, undecided or not scored yet"),
        ),
    ]  # fmt: skip
    before = funnel.correct
    for step in funnel.steps:
        definition = rule_in_words(rules[step.rule]) if step.rule in rules else ""
        bars.append(
            FunnelBar(rule_title(step.rule), step.remaining, before - step.remaining, CORRECT, whole, definition)
        )
        before = step.remaining
    bars.append(FunnelBar(_("Accepted"), funnel.accepted, 0, CORRECT, whole, _("correct, and within every threshold")))
    bars.append(
        FunnelBar(
            _("Selected"),
            funnel.selected,
            funnel.accepted - funnel.selected,
            ACCENT,
            whole,
            _("after de-duplication and the cap per prompt"),
        )
    )
    return bars


@per_language(maxsize=16)
def funnel_figure(bars: tuple[FunnelBar, ...]) -> go.Figure:
    """Horizontal bars, widest first: what each step leaves (solid) and what it takes away (faint)."""
    rows = [bar.label for bar in bars]
    traces = [
        bars_of(
            rows,
            [0 if bar.is_apart else getattr(bar, part) for bar in bars],
            colours,
            [[bar.definition, number(getattr(bar, part))] for bar in bars],
            "<b>%{y}</b><br>%{customdata[1]} " + word + "<br>%{customdata[0]}<extra></extra>",
        )
        for part, colours, word in (
            ("left", [bar.colour for bar in bars], _("left")),
            ("removed", [FAINT] * len(bars), _("removed")),
        )
    ]
    ends = [0 if bar.is_apart else bar.left + bar.removed for bar in bars]
    whole = {
        **layout(),
        "xaxis": {"visible": False, "fixedrange": True, "range": [0, max([1, *ends]) * _LABEL_ROOM]},
        "yaxis": ROW_AXIS,
        "barmode": "stack",
        "bargap": 0.28,
        "showlegend": False,
        "height": ROW_PX * len(bars) + 12,
    }
    labels = words_beside(rows, ends, [_funnel_label(bar) for bar in bars])
    return go.Figure({"data": [*traces, labels], "layout": whole})


def _funnel_label(bar: FunnelBar) -> str:
    text = f"<b>{number(bar.left)}</b>"
    if bar.share_of is not None:
        text += f"  {share(bar.left, bar.share_of)}"
    if bar.removed:
        text += f"  <span style='opacity:.65'>−{number(bar.removed)}</span>"
    return text
