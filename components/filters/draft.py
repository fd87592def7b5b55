"""The draft of a threshold set: what the sliders say, kept in the session until it is saved or reverted.

Nothing of it is in a widget alone, so it outlives a change of page; callbacks read it anew, so that two quick clicks
both count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import streamlit as st

from components.filters.keys import take_up
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
_TOLD: Final = "filters-told"
_SAVED: Final = "filters-saved"

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


def edit(workspace: Workspace, name: str, change: Callable[[Rules], Rules], about: str = "") -> None:
    """Change the draft's rules; where that cannot be, keep it and tell why, beside the rule that it is `about`."""
    tell(about, "")
    st.query_params.pop(TURNED_TO, None)
    try:
        desk = open_desk(workspace, name)
        draft = ThresholdSet(name, change(desk.draft.rules))
    except InputError as error:
        tell(about, str(error))
        return
    if draft == desk.saved:
        _drafts().pop((str(workspace.folder), name), None)
    else:
        _drafts()[str(workspace.folder), name] = (desk.begun_from if desk.is_changed else desk.saved, draft)


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


def _saved(workspace: Workspace, old: str, new: str) -> None:
    revert(workspace, old)
    live_index(workspace).forget()  # the Overview counts with the new bounds at once
    st.session_state[_SAVED] = True


def _drafts() -> dict[tuple[str, str], tuple[ThresholdSet, ThresholdSet]]:
    drafts: dict[tuple[str, str], tuple[ThresholdSet, ThresholdSet]] = st.session_state.setdefault(_DRAFTS, {})
    return drafts
