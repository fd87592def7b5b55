"""Saving a mix under a name, so that the command line and others can use it."""

from __future__ import annotations

import streamlit as st

from components.mix.turn import next_turn
from components.problem import problems_in_place
from components.text import _, inert
from curation.errors import InputError
from curation.mix import RECIPES, MixConfig, list_mixes, save_mix
from curation.workspace import Workspace, check_name


def save_popover(workspace: Workspace, name: str, mix: MixConfig, *, key: str) -> None:
    """A button that asks for the name and then writes `mixes/<name>.toml`; a new `key` closes it."""
    with st.popover(_("Save mix"), icon=":material/save:", key=f"{key}-save"):
        typed = st.text_input(
            _("Name"), value="" if name in RECIPES else name, key=f"mix-save-name-{name}", max_chars=100,
            placeholder=_("such as half-r1"),
        )  # fmt: skip
        wanted = (typed or "").strip()
        refusal = name_refusal(wanted, _("That is the name of a recipe; choose another.") if wanted in RECIPES else "")
        if refusal and wanted:
            st.caption(f":red[:material/error:] {refusal}")
        elif wanted in list_mixes(workspace):
            st.caption(_(":material/info: There is a mix of this name; it is replaced."))
        if st.button(_("Save"), type="primary", key="mix-save-now", disabled=bool(refusal)):
            with problems_in_place(_("The mix was not saved")):
                save_mix(workspace, wanted, mix)
                next_turn()
                st.query_params["mix"] = st.session_state["mix-last"] = wanted
                st.toast(_("Saved as “{name}”").format(name=inert(wanted)), icon=":material/save:")
                st.rerun()


def name_refusal(name: str, taken: str = "") -> str:
    """Why `name` cannot name a mix or an export, "" where it can; `taken` is what to say where it is in use."""
    if not name:
        return _("Give it a name.")
    try:
        check_name(name, "it")
    except InputError:
        return _("Use up to 100 letters, digits, spaces, dots, dashes and underscores; start with a letter or digit.")
    return taken
