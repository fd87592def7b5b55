"""What goes into the mix, as fields: the recipe, totals and quotas, and which accepted candidates are kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import streamlit as st

from components.mix.save import save_popover
from components.mix.turn import turn
from components.palette import domain_name
from components.problem import show_problem
from components.text import N_, _, inert
from curation.errors import InputError, WinnowError
from curation.mix import RECIPES, MixConfig, list_mixes, load_mix, quotas
from curation.records import REASONING_DOMAINS
from curation.selection import SELECTION_METHODS, SelectionConfig
from curation.thresholds import ThresholdSet, list_thresholds, load_thresholds
from curation.workspace import Workspace

MOST: Final = 1_000_000_000
"""More samples than this in a mix is a slip of the keyboard."""

_RECIPES: Final = {"r1": N_("R1’s proportions"), "all": N_("Everything that is selected")}
_METHODS: Final = {"random": N_("At random"), "shortest": N_("Shortest first")}


@dataclass(frozen=True, slots=True)
class Composition:
    """A mix as the fields describe it; `saved` is what its name holds on disk, or the recipe as it comes."""

    name: str
    saved: MixConfig
    mix: MixConfig
    selection: SelectionConfig
    thresholds: ThresholdSet

    @property
    def is_changed(self) -> bool:
        """Whether the fields differ from what is saved under the name."""
        return self.mix != self.saved


def mix_title(name: str) -> str:
    """What a recipe or a saved mix is called."""
    return _(_RECIPES[name]) if name in _RECIPES else name


def mix_form(workspace: Workspace) -> Composition | None:
    """Draw the fields; None, with the reason in place, where what they hold cannot be."""
    name = _recipe(workspace)
    try:
        saved = load_mix(workspace, name)
        check_bounds(saved)
    except WinnowError as error:
        show_problem(_("This mix cannot be used"), str(error))
        return None
    key = f"mix-{name}-{_stamp(workspace, name)}-{st.session_state.get('mix-anew', 0)}"
    amounts = _totals(saved, key) if saved.recipe == "r1" else _ratio(saved, key)
    chosen = _selection(workspace, saved, key)
    try:
        mix = replace(saved, **amounts, seed=chosen["seed"])
        check_bounds(mix)
        selection = SelectionConfig(
            cap=chosen["cap"], method=chosen["method"], seed=chosen["seed"], deduplicate=chosen["deduplicate"]
        )
        thresholds = load_thresholds(workspace, chosen["thresholds"])
    except WinnowError as error:
        show_problem(_("These values do not fit together"), str(error))
        return None
    composition = Composition(name, saved, mix, selection, thresholds)
    if set(mix.domains) == set(REASONING_DOMAINS):
        st.caption(_(":material/info: All four quotas are set, so the reasoning total is not used."))
    with st.container(horizontal=True, gap="small"):
        save_popover(workspace, name, mix, key=key)
        if composition.is_changed:
            st.button(_("Undo changes"), icon=":material/undo:", type="tertiary", key="mix-undo", on_click=_start_anew)
    return composition


def check_bounds(mix: MixConfig) -> None:
    """Raises InputError for amounts that a field cannot hold."""
    for value in (mix.reasoning, mix.general, *mix.domains.values()):
        if value > MOST:
            raise InputError(_("{n} samples are more than a mix can hold.").format(n=f"{value:,}"))
    if abs(mix.seed) > MOST:
        raise InputError(_("The seed is {n}; choose a smaller one.").format(n=mix.seed))


def _recipe(workspace: Workspace) -> str:
    """The chosen recipe or saved mix; it lives in the URL, and is remembered while other pages are visited."""
    names = list(dict.fromkeys([*RECIPES, *list_mixes(workspace)]))
    wanted = st.query_params.get("mix") or st.session_state.get("mix-last", RECIPES[0])
    known = wanted in names
    key = f"mix-chosen-{turn()}"
    st.session_state[key] = st.session_state["mix-last"] = wanted if known else RECIPES[0]
    chosen = st.selectbox(
        _("Mix"), names, key=key, format_func=lambda name: inert(mix_title(name)), on_change=_choose, args=(key,),
    )  # fmt: skip
    if not known:
        st.caption(_(":material/info: The mix in the address is not in this workspace; another is shown."))
    return str(chosen)


def _choose(key: str) -> None:
    st.query_params["mix"] = st.session_state[key]


def _start_anew() -> None:
    st.session_state["mix-anew"] = st.session_state.get("mix-anew", 0) + 1


def _stamp(workspace: Workspace, name: str) -> int:
    """Changes whenever the saved mix does, so that its fields start from what is saved."""
    try:
        return (workspace.mixes / f"{name}.toml").stat().st_mtime_ns
    except OSError:
        return 0


def _number(label: str, value: float | None, key: str, **more: Any) -> Any:
    # bounds are left to the configuration, whose message says what is allowed; a widget would silently clamp
    return st.number_input(label, value=value, key=key, persist_state="session", **more)


def _totals(saved: MixConfig, key: str) -> dict[str, Any]:
    left, right = st.columns(2, gap="small")
    with left:
        reasoning = _number(_("Reasoning samples"), saved.reasoning, f"{key}-reasoning", step=1000)
    with right:
        general = _number(_("General samples"), saved.general, f"{key}-general", step=1000)
    reasoning, general = reasoning or 0, general or 0
    held = {domain: st.session_state.get(f"{key}-{domain}", saved.domains.get(domain)) for domain in REASONING_DOMAINS}
    shared = _shares(reasoning, {domain: count for domain, count in held.items() if count is not None})
    st.caption(_("Quota by domain; those left empty share the rest as R1 did."))
    domains = {}
    with st.grid(2, min_column_width=110, gap="small"):
        for domain in REASONING_DOMAINS:
            count = _number(
                domain_name(domain), saved.domains.get(domain), f"{key}-{domain}", step=100,
                placeholder=f"{shared[domain]:,}" if domain in shared else "",
            )  # fmt: skip
            if count is not None:
                domains[str(domain)] = int(count)
    return {"reasoning": int(reasoning), "general": int(general), "domains": domains}


def _shares(reasoning: int, fixed: dict[Any, int]) -> dict[str, int]:
    """What the domains without a quota of their own get; empty where the quotas cannot be."""
    try:
        return {each.domain: each.quota for each in quotas(MixConfig(reasoning=reasoning, domains=fixed), {})}
    except InputError:
        return {}


def _ratio(saved: MixConfig, key: str) -> dict[str, Any]:
    ratio = _number(_("Reasoning samples to one general sample"), saved.ratio, f"{key}-ratio", step=0.5, format="%.3g")
    return {"ratio": float(ratio or 0)}


def _selection(workspace: Workspace, saved: MixConfig, key: str) -> dict[str, Any]:
    left, right = st.columns(2, gap="small")
    with left:
        cap = _number(
            _("Most a prompt"), SelectionConfig().cap, "mix-cap", step=1,
            help=_("Of the accepted candidates of one prompt, at most so many are selected."),
        )  # fmt: skip
    with right:
        names = list(dict.fromkeys(["default", *list_thresholds(workspace)]))
        if st.session_state.get("mix-thresholds") not in names:
            st.session_state.pop("mix-thresholds", None)  # removed since it was chosen
        thresholds = st.selectbox(
            _("Thresholds"), names, format_func=inert, key="mix-thresholds", persist_state="session"
        )
    with st.expander(_("How they are chosen"), icon=":material/tune:", key="mix-how"):
        method = st.segmented_control(
            _("Of a prompt’s candidates, keep"), SELECTION_METHODS, default=SELECTION_METHODS[0], required=True,
            format_func=lambda each: _(_METHODS.get(each, each)), key="mix-method", persist_state="session",
        )  # fmt: skip
        deduplicate = st.toggle(
            _("Drop equal responses to one prompt"), value=True, key="mix-deduplicate", persist_state="session"
        )
        seed = _number(
            _("Seed"), saved.seed, f"{key}-seed", step=1, help=_("The same seed gives the same files, byte for byte.")
        )
    return {
        "cap": int(cap or 0), "thresholds": thresholds, "method": method, "deduplicate": deduplicate,
        "seed": int(seed or 0),
    }  # fmt: skip
