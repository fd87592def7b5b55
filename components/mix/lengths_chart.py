"""How long the responses of the mix are: a histogram, and a table by domain beside R1's averages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go
import streamlit as st

from components.chart_style import layout, show
from components.format import number, short_number
from components.palette import ACCENT, domain_name
from components.small_table import show_table
from components.text import _, per_language
from curation.mix_lengths import BINS_PER_DOUBLING, DomainLengths

R1_TOKENS: Final = {"math": 6094, "code": 7436, "stem": 4929, "logic": 2739}
"""Average tokens of the R1 stage by domain (arXiv 2501.12948 v2, Table 5)."""

HEIGHT_PX: Final = 190


def draw_lengths(lengths: Sequence[DomainLengths]) -> None:
    """The token total, the histogram and the table; what will appear where nothing is in the mix."""
    if not lengths:
        st.caption(_("Appears when reasoning samples are in the mix."))
        return
    tokens = sum(each.tokens for each in lengths)
    samples = sum(each.samples for each in lengths)
    words = _("**{tokens}** tokens in {samples} responses, {mean} on average.").format(
        tokens=number(tokens), samples=number(samples), mean=number(tokens / samples)
    )
    st.markdown(words)
    show(lengths_figure(tuple(lengths)), key="mix-lengths", alt=_("Samples by length in tokens"))
    counts = {
        _("Samples"): [each.samples for each in lengths],
        _("Tokens"): [each.tokens for each in lengths],
        _("Average"): [round(each.mean) for each in lengths],
        _("Median"): [each.median for each in lengths],
        _("90 % below"): [each.p90 for each in lengths],
        _("R1’s average"): [R1_TOKENS[each.domain] for each in lengths],
    }
    show_table(
        {_("Domain"): [domain_name(each.domain) for each in lengths], **counts},
        key="mix-lengths-table",
        alt=_("Tokens by domain"),
    )
    st.caption(_("In tokens of the model that was sampled; general samples are not counted."))


@per_language(maxsize=16)
def lengths_figure(lengths: tuple[DomainLengths, ...]) -> go.Figure:
    """Samples by length, a quarter of a doubling a bar."""
    counts: Counter[int] = Counter()
    for each in lengths:
        for number_, count in each.bins:
            counts[number_] += count
    bins = range(min(counts), max(counts) + 1)
    edges = [(2 ** (each / BINS_PER_DOUBLING), 2 ** ((each + 1) / BINS_PER_DOUBLING)) for each in bins]
    apart = BINS_PER_DOUBLING if len(bins) > 6 * BINS_PER_DOUBLING else BINS_PER_DOUBLING // 2
    ticks = [each for each in bins if each % apart == 0]
    bars = {
        "type": "bar",
        "x": [each + 0.5 for each in bins],
        "y": [counts[each] for each in bins],
        "width": 0.9,
        "marker": {"color": ACCENT, "line": {"width": 0}},
        "customdata": [
            [number(low), number(high), number(counts[each])] for each, (low, high) in zip(bins, edges, strict=True)
        ],
        "hovertemplate": "%{customdata[0]}–%{customdata[1]} " + _("tokens") + "<br><b>%{customdata[2]}</b> "
        + _("samples") + "<extra></extra>",
    }  # fmt: skip
    whole = {
        **layout(bottom=34),
        "xaxis": {
            "fixedrange": True, "showgrid": False, "zeroline": False, "tickmode": "array", "tickvals": ticks,
            "ticktext": [short_number(round(2 ** (each / BINS_PER_DOUBLING))) for each in ticks],
            "title": {"text": _("Tokens of a response"), "standoff": 6},
        },
        "yaxis": {"visible": False, "fixedrange": True},
        "showlegend": False,
        "height": HEIGHT_PX,
    }  # fmt: skip
    return go.Figure({"data": [bars], "layout": whole})
