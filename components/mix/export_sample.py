"""The first samples of an export, as text that nothing acts on; long texts are cut until more is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from components.format import number
from components.palette import domain_name
from components.problem import problems_in_place
from components.text import N_, _, inert
from curation.export_folders import SampleShown, first_samples

SHOWN: Final = 20_000
"""Characters of one text that are shown at first."""

FIRST: Final = 3
HEIGHT_PX: Final = 460
_ROLES: Final = {"system": N_("System"), "user": N_("User"), "assistant": N_("Assistant")}


def draw_samples(folder: Path) -> None:
    """One of the first samples at a time, in a pane of constant height."""
    with problems_in_place(_("The samples cannot be read")):
        samples = first_samples(folder, FIRST)
        if not samples:
            st.caption(_("It holds no samples."))
            return
        chosen = st.segmented_control(
            _("Sample"), range(len(samples)), default=0, required=True, format_func=lambda each: str(each + 1),
            key=f"export-sample-{folder.name}", label_visibility="collapsed",
        )  # fmt: skip
        _sample(samples[min(int(chosen or 0), len(samples) - 1)], f"export-text-{folder.name}-{chosen}")


def long_text(text: str, *, key: str, language: str | None = None, as_code: bool = True) -> None:
    """A text, cut after SHOWN characters; a button shows as many more."""
    limit = int(st.session_state.get(f"{key}-limit", SHOWN))
    if as_code:
        st.code(text[:limit], language=language, wrap_lines=True, height=HEIGHT_PX)
    else:
        st.text(text[:limit], width="stretch")
    if len(text) > limit:
        words = _("{shown} of {whole} characters").format(shown=number(limit), whole=number(len(text)))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(words, width="content")
            st.button(
                _("Show more"), icon=":material/expand_more:", type="tertiary", key=f"{key}-more",
                on_click=_show_more, args=(f"{key}-limit", limit + SHOWN),
            )  # fmt: skip


def _show_more(key: str, limit: int) -> None:
    st.session_state[key] = limit


def _sample(sample: SampleShown, key: str) -> None:
    labels = [domain_name(sample.domain), sample.task, sample.language, sample.id]
    st.caption(inert(" · ".join(label for label in labels if label)))
    with st.container(height=HEIGHT_PX, border=True, gap="xsmall"):
        for place, (role, text) in enumerate(sample.turns):
            icon = ":material/person:" if role == "user" else ":material/smart_toy:"
            st.markdown(f":gray[{icon} **{inert(_(_ROLES[role]) if role in _ROLES else role)}**]")
            long_text(text, key=f"{key}-{place}", as_code=False)
