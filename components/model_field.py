"""The field for "which model folder": offers those that are found, takes a typed path, and checks it at once.

base = model_field(workspace, _("Base"), key="training-base")                  Path, or None
adapter = model_choice(workspace, _("Adapter"), key="…", is_adapter=True)      a wrong one is not "none chosen"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit as st

from components.format import short_number, size
from components.roots import allowed_path, allowed_roots
from components.text import _, inert
from curation.errors import WinnowError
from curation.sampling.model_folder import brings_code, check_adapter, check_model
from curation.sampling.model_listing import FoundModels, ModelFacts, describe_adapter, describe_model, find_models
from curation.workspace import Workspace

_SEARCHED_S: Final = 10.0  # so long a list of folders is kept


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """What a model field holds: a folder that passed the checks, a `problem` in words, or neither (nothing chosen)."""

    path: Path | None = None
    problem: str = ""


def model_field(
    workspace: Workspace,
    label: str,
    *,
    key: str,
    roots: Sequence[Path] | None = None,
    start: str = "",
    needs_template: bool = True,
    help: str | None = None,
) -> Path | None:
    """Draw the field for a model folder; the folder if it can be used, else None, with the reason below the field."""
    return model_choice(
        workspace, label, key=key, roots=roots, start=start, needs_template=needs_template, help=help
    ).path


def model_choice(
    workspace: Workspace,
    label: str,
    *,
    key: str,
    roots: Sequence[Path] | None = None,
    start: str = "",
    is_adapter: bool = False,
    needs_template: bool = True,
    help: str | None = None,
) -> ModelChoice:
    """Draw the field for a model folder, or with `is_adapter` for a PEFT adapter's, which may stay empty.

    `roots` are searched (default: all that the app may read). `start` is what is chosen at first: a path, or the name
    of a folder, as far as it is found.
    """
    searched = tuple(roots if roots is not None else allowed_roots(workspace))
    found = _found(searched)
    folders = {shown_folder(workspace, each): each for each in (found.adapters if is_adapter else found.models)}
    first = next((name for name, path in folders.items() if start and start in (str(path), path.name, name)), None)
    chosen = st.selectbox(
        label,
        list(folders),
        index=None if first is None else list(folders).index(first),
        key=key,
        accept_new_options=True,
        persist_state="session",
        placeholder=_("None") if is_adapter else _("Choose a folder, or type its path"),
        help=help,
    )
    if not chosen:
        if not is_adapter:
            none_found = _("No model was found below {roots}.").format(roots=", ".join(map(str, searched)))
            st.caption(_("Choose a folder to see what it holds.") if folders else inert(none_found))
        return ModelChoice()
    try:
        # also what was offered: a link may have been put in its place since
        path = allowed_path(workspace, str(folders.get(chosen, chosen)))
        if is_adapter:
            check_adapter(path)
        else:
            check_model(path, needs_template=needs_template)
        facts = _facts(str(path), is_adapter, changed_files(path))
    except WinnowError as error:
        field_problem(str(error))
        return ModelChoice(problem=str(error))
    st.caption(f":green[:material/check_circle:] {inert(facts_line(facts))}")
    if brings_code(path) is not None:
        st.caption(_(":orange[:material/warning:] This model runs code of its own, as the person who started Winnow."))
    return ModelChoice(path)


def facts_line(facts: ModelFacts) -> str:
    """What a model is, in one line: "Qwen3ForCausalLM · 4.2M parameters · bfloat16 · 8.4 MB · chat template"."""
    parts = [facts.architecture] if facts.architecture else []
    if facts.rank is not None:
        parts.append(_("rank {rank}").format(rank=facts.rank))
    parts.append(_("{n} parameters").format(n=short_number(facts.parameters)))
    parts += [facts.dtype, size(facts.bytes)]
    if facts.rank is None:
        parts.append(_("chat template") if facts.has_chat_template else _("no chat template"))
    if facts.made_for:
        parts.append(_("trained on {model}").format(model=Path(facts.made_for).name))
    return " · ".join(part for part in parts if part)


def shown_folder(workspace: Workspace, path: Path) -> str:
    """A folder as short as it can be typed: relative to a root, where that names no other folder."""
    for root in allowed_roots(workspace):
        if path.is_relative_to(root) and path != root:
            relative = str(path.relative_to(root))
            try:
                if allowed_path(workspace, relative) == path.resolve():
                    return relative
            except WinnowError:
                continue
    return str(path)


def field_problem(message: str) -> None:
    """What is wrong with a field, right below it, as plain text."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="top", wrap=False):
        st.markdown(":red[:material/error:]", width=20)
        st.text(message, width="stretch")


def changed_files(folder: Path) -> tuple[int, ...]:
    """What differs once the files in a folder were exchanged."""
    return tuple(sorted(each.stat().st_mtime_ns for each in folder.iterdir() if each.is_file()))


@st.cache_data(ttl=_SEARCHED_S, max_entries=16, show_spinner=False)
def _found(roots: tuple[Path, ...]) -> FoundModels:
    return find_models(roots)


@st.cache_data(max_entries=64, show_spinner=False)
def _facts(folder: str, is_adapter: bool, changed: tuple[int, ...]) -> ModelFacts:
    return describe_adapter(Path(folder)) if is_adapter else describe_model(Path(folder))
