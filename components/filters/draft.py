"""The draft of a threshold set: what the sliders say, kept in the session until it is saved or reverted.

Nothing of it is in a widget alone, so it outlives a change of page; callbacks read it anew, so that two quick clicks
both count. The address repeats it, for a reload and for whoever is sent a link.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from components.filters.draft_in_url import apply_changes, write_changes
from components.filters.keys import DRAFT, set_in_url, take_up
from components.live_index import live_index
from components.text import _
from curation.errors import InputError, WinnowError
from curation.files import write_text
from curation.thresholds import (
    ThresholdRule,
    ThresholdSet,
    default_thresholds,
    list_thresholds,
    load_thresholds,
    save_thresholds,
)
from curation.workspace import Workspace

TURNED_TO: Final = "changed_from"
"""Key of the URL: the id that the page of changed candidates starts at."""

_DRAFTS: Final = "filters-drafts"
_READ: Final = "filters-drafts-read"
_TOLD: Final = "filters-told"
_SAVED: Final = "filters-saved"

IN_URL: Final = "?draft"
"""Messages are kept under it about the draft in the address; no rule can be called so."""

_LONGEST: Final = 200  # characters of a message about an address, which may be of any length

Rules = tuple[ThresholdRule, ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """A threshold set as its file has it now, and the reader's draft of it; equal where nothing was changed."""

    workspace: Workspace
    saved: ThresholdSet
    draft: ThresholdSet
    begun_from: ThresholdSet  # what the file had when the draft was begun

    @property
    def is_changed(self) -> bool:
        """Whether there is something to save."""
        return self.draft != self.saved

    @property
    def was_overtaken(self) -> bool:
        """Whether somebody else saved the set after the draft was begun."""
        return self.is_changed and self.begun_from != self.saved


def set_names(workspace: Workspace) -> list[str]:
    """Every set that can be chosen: "default" first, then those that were saved."""
    return ["default", *(name for name in list_thresholds(workspace) if name != "default")]


def open_desk(workspace: Workspace, name: str) -> Desk:
    """The set of this name with its draft. Raises InputError, naming file and rule, when the file is wrong."""
    saved = load_thresholds(workspace, name)
    begun_from, draft = _drafts().get((str(workspace.folder), name), (saved, saved))
    return Desk(workspace, saved, draft, begun_from)


def open_desk_of_url(workspace: Workspace, name: str) -> Desk:
    """The same for drawing the page: afterwards the address holds the draft that the session holds.

    A draft is taken from the address when the session first looks at the set, and when the reader goes back or forward
    to one. Otherwise the session knows better: a quick second click still carries the address from before the first.
    """
    desk = open_desk(workspace, name)
    key = (str(workspace.folder), name)
    read: set[tuple[str, str]] = st.session_state.setdefault(_READ, set())
    context = get_script_run_ctx(suppress_warning=True)
    if DRAFT in st.query_params and (key not in read or (context is not None and context.is_history_navigation)):
        _read_url(desk)
        desk = open_desk(workspace, name)
    read.add(key)
    _write_url(desk)
    return desk


def turn_to(name: str) -> None:
    """Put another set on the desk; the draft in the address is of the one before."""
    tell(IN_URL, "")
    st.query_params.pop(DRAFT, None)
    take_up(name)


def edit(workspace: Workspace, name: str, change: Callable[[Rules], Rules], about: str = "") -> None:
    """Change the draft's rules; where that cannot be, keep it and tell why, beside the rule that it is `about`."""
    tell(about, "")
    tell(IN_URL, "")
    st.query_params.pop(TURNED_TO, None)
    try:
        desk = open_desk(workspace, name)
        _keep(desk, ThresholdSet(name, change(desk.draft.rules)))
    except InputError as error:
        tell(about, str(error))


def edit_rule(workspace: Workspace, name: str, rule: str, **changes: Any) -> None:
    """Change some fields of one rule of the draft."""
    edit(
        workspace,
        name,
        lambda rules: tuple(replace(each, **changes) if each.name == rule else each for each in rules),
        about=rule,
    )


def move_rule(workspace: Workspace, name: str, rule: str, by: int) -> None:
    """Move a rule up (-1) or down (1) in the order of the funnel."""

    def moved(rules: Rules) -> Rules:
        at = next(number for number, each in enumerate(rules) if each.name == rule)
        order = [*rules]
        order.insert(min(max(at + by, 0), len(rules) - 1), order.pop(at))
        return tuple(order)

    edit(workspace, name, moved, about=rule)


def remove_rule(workspace: Workspace, name: str, rule: str) -> None:
    """Take a rule out of the draft."""
    edit(workspace, name, lambda rules: tuple(each for each in rules if each.name != rule))


def revert(workspace: Workspace, name: str) -> None:
    """Forget the draft."""
    _drafts().pop((str(workspace.folder), name), None)
    st.session_state.pop(_TOLD, None)
    st.query_params.pop(TURNED_TO, None)
    st.query_params.pop(DRAFT, None)


def save(workspace: Workspace, name: str) -> None:
    """Write the draft to the file of its set."""
    try:
        save_thresholds(workspace, open_desk(workspace, name).draft)
    except (WinnowError, OSError) as error:
        tell("save", str(error))
        return
    _saved(workspace, name, name)


def save_as(workspace: Workspace, name: str, typed: str) -> None:
    """Write the draft under a new name and go on with that set; the old one is as it was saved."""
    new = typed.strip()
    try:
        if new.casefold() in {each.casefold() for each in set_names(workspace)}:
            raise InputError(_("There is a set called {name} already; choose another name.").format(name=new))
        save_thresholds(workspace, ThresholdSet(new, open_desk(workspace, name).draft.rules))
    except (WinnowError, OSError) as error:
        tell("save-as", str(error))
        return
    _saved(workspace, name, new)
    take_up(new)


def start_anew(workspace: Workspace, name: str) -> None:
    """Put Winnow's own rules in the place of a file that cannot be read, which stays beside it as `.toml.broken`."""
    path = workspace.thresholds / f"{name}.toml"
    try:
        write_text(path.with_name(f"{path.name}.broken"), path.read_text("utf-8", errors="replace"))
        save_thresholds(workspace, ThresholdSet(name, default_thresholds().rules))
    except (WinnowError, OSError) as error:
        tell("save", str(error))
        return
    _saved(workspace, name, name)


def tell(about: str, message: str) -> None:
    """Keep a message for the place that it is about; "" takes it back."""
    told = st.session_state.setdefault(_TOLD, {})
    told.pop(about, None)
    if message:
        told[about] = message


def draw_told(about: str) -> None:
    """Draw the message that is kept for this place, if there is one."""
    message = st.session_state.get(_TOLD, {}).get(about)
    if message:
        with st.container(horizontal=True, gap="xsmall", wrap=False):
            st.markdown(":red[:material/error:]", width="content")
            st.text(message)


def draw_saved() -> None:
    """Say so once, where the last click saved a set."""
    if st.session_state.pop(_SAVED, False):
        st.toast(_("Saved"), icon=":material/check_circle:")


def rule_key(desk: Desk, rule: ThresholdRule, part: str) -> str:
    """The key of one part of one rule's row."""
    return f"filters-{desk.saved.name}-{rule.name}-{part}"


def _keep(desk: Desk, draft: ThresholdSet) -> None:
    key = (str(desk.workspace.folder), desk.saved.name)
    if draft == desk.saved:
        _drafts().pop(key, None)
    else:
        _drafts()[key] = (desk.begun_from if desk.is_changed else desk.saved, draft)


def _read_url(desk: Desk) -> None:
    tell(IN_URL, "")
    try:
        if set_in_url() != desk.saved.name:
            raise InputError(_("It is of a set that is not here."))
        _keep(desk, apply_changes(desk.saved, st.query_params[DRAFT]))
    except InputError as error:
        why = str(error)
        why = why if len(why) <= _LONGEST else f"{why[:_LONGEST]}…"
        tell(IN_URL, _("The draft in the address is left out: {why}").format(why=why))


def _write_url(desk: Desk) -> None:
    changes = write_changes(desk.saved, desk.draft)
    if not changes:
        st.query_params.pop(DRAFT, None)
    elif st.query_params.get(DRAFT) != changes:
        take_up(desk.saved.name)
        st.query_params[DRAFT] = changes


def _saved(workspace: Workspace, old: str, new: str) -> None:
    revert(workspace, old)
    live_index(workspace).forget()  # the Overview counts with the new bounds at once
    st.session_state[_SAVED] = True


def _drafts() -> dict[tuple[str, str], tuple[ThresholdSet, ThresholdSet]]:
    drafts: dict[tuple[str, str], tuple[ThresholdSet, ThresholdSet]] = st.session_state.setdefault(_DRAFTS, {})
    return drafts
