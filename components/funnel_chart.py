"""The funnel as a picture: what each step leaves, and what it takes away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from components.chart_style import FAINT
from components.format import number, share
from components.live_index import Counted
from components.measure_words import rule_in_words, rule_title
from components.palette import ACCENT, CORRECT, NEUTRAL, tint
from components.row_bars import bars, row_layout, words_beside
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
    steps = [
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
        steps.append(
            FunnelBar(rule_title(step.rule), step.remaining, before - step.remaining, CORRECT, whole, definition)
        )
        before = step.remaining
    steps.append(FunnelBar(_("Accepted"), funnel.accepted, 0, CORRECT, whole, _("correct, and within every threshold")))
    steps.append(
        FunnelBar(
            _("Selected"),
            funnel.selected,
            funnel.accepted - funnel.selected,
            ACCENT,
            whole,
            _("after de-duplication and the cap per prompt"),
        )
    )
    return steps


@per_language(maxsize=16)
def funnel_figure(steps: tuple[FunnelBar, ...]) -> go.Figure:
    """Horizontal bars, widest first: what each step leaves (solid) and what it takes away (faint)."""
    rows = [bar.label for bar in steps]
    traces = [
        bars(
            rows,
            [0 if bar.is_apart else getattr(bar, part) for bar in steps],
            colours,
            [[bar.definition, number(getattr(bar, part))] for bar in steps],
            "%{customdata[1]} " + word + "<br>%{customdata[0]}",
        )
        for part, colours, word in (
            ("left", [bar.colour for bar in steps], _("left")),
            ("removed", [FAINT] * len(steps), _("removed")),
        )
    ]
    ends = [0 if bar.is_apart else bar.left + bar.removed for bar in steps]
    whole = row_layout(len(steps), max([1, *ends]), room=_LABEL_ROOM)
    labels = words_beside(rows, ends, [_funnel_label(bar) for bar in steps])
    return go.Figure({"data": [*traces, labels], "layout": whole})


def _funnel_label(bar: FunnelBar) -> str:
    text = f"<b>{number(bar.left)}</b>"
    if bar.share_of is not None:
        text += f"  {share(bar.left, bar.share_of)}"
    if bar.removed:
        text += f"  <span style='opacity:.65'>−{number(bar.removed)}</span>"
    return text
