"""What prompts there are: the sentence, the chart by domain and split, and the files that they came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go
import streamlit as st

from components.chart_style import show
from components.format import number
from components.palette import ACCENT, NEUTRAL, domain_name, tint
from components.prompts.preview import split_word
from components.row_bars import bars, row_label, row_layout, words_beside
from components.text import _, per_language, plural
from curation.prompts import list_imports
from curation.prompts.browsing import PromptCount
from curation.records import Split
from curation.workspace import Workspace

_HELD_OUT: Final = tint(NEUTRAL, 0.55)
_LABEL_ROOM: Final = 1.5
_FILE_ROWS: Final = 4


def draw_sentence(counts: Sequence[PromptCount]) -> None:
    """ "8,792 prompts: 7,473 math, 1,319 logic; 400 held out." """
    total = sum(each.prompts for each in counts)
    by_domain: Counter[str] = Counter()
    for each in counts:
        by_domain[each.domain] += each.prompts
    words = plural("**{n}** prompt", "**{n}** prompts", total).format(n=number(total))
    domains = ", ".join(
        _("{n} {domain}").format(n=number(n), domain=_in_sentence(domain)) for domain, n in by_domain.items()
    )
    held_out = sum(each.prompts for each in counts if each.split == Split.HELD_OUT)
    if not total:
        st.markdown(f"{words}.")
        return
    st.markdown(_("{prompts}: {domains}; **{n}** held out.").format(prompts=words, domains=domains, n=number(held_out)))


def draw_counts(workspace: Workspace, counts: Sequence[PromptCount]) -> None:
    """The chart beside the imported files."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(_("By domain"), anchor=False)
        st.markdown(f":blue-badge[{_('Train')}] :gray-badge[:material/lock: {_('Held out, for evaluation only')}]")
        show(count_figure(tuple(counts)), key="prompts-counts", alt=_("Prompts of each domain, by split"))
    with right:
        st.subheader(_("Imported files"), anchor=False)
        files = list_imports(workspace)
        st.dataframe(
            {_("File"): [file.name for file in files], _("Rows"): [file.rows for file in files]},
            hide_index=True,
            height="auto" if len(files) <= _FILE_ROWS else 36 * (_FILE_ROWS + 1),
            key="prompts-files",
            column_config={_("Rows"): st.column_config.NumberColumn(format="localized", width="small")},
            alt=_("Imported files"),
        )


@per_language(maxsize=16)
def count_figure(counts: tuple[PromptCount, ...]) -> go.Figure:
    """One bar a domain: the train prompts, then the held-out ones; both numbers stand at its end."""
    domains = list(dict.fromkeys(each.domain for each in counts))
    held = {(each.domain, each.split): each.prompts for each in counts}
    rows = [row_label(domain_name(domain)) for domain in domains]
    traces: list[dict[str, Any]] = []
    for split, colour in ((Split.TRAIN, ACCENT), (Split.HELD_OUT, _HELD_OUT)):
        lengths = [held.get((domain, str(split)), 0) for domain in domains]
        hover = [[number(length), split_word(split)] for length in lengths]
        traces.append(bars(rows, lengths, colour, hover, "%{customdata[0]} %{customdata[1]}"))
    ends = [sum(held.get((domain, str(split)), 0) for split in Split) for domain in domains]
    words = [_ends(held.get((domain, "train"), 0), held.get((domain, "held_out"), 0)) for domain in domains]
    whole = row_layout(len(rows), max([1, *ends]), room=_LABEL_ROOM)
    return go.Figure({"data": [*traces, words_beside(rows, ends, words)], "layout": whole})


def _ends(train: int, held_out: int) -> str:
    text = f"<b>{number(train)}</b>"
    return f"{text}  <span style='opacity:.65'>+ {number(held_out)}</span>" if held_out else text


def _in_sentence(domain: str) -> str:
    name = domain_name(domain)
    return name if name.isupper() else name.lower()
