"""The import panel: a file, what its fields hold, what would come of it, and the button that brings it in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import streamlit as st

from components.command_line import command_line, show_command
from components.format import number
from components.live_index import live_index
from components.problem import show_problem
from components.prompts.mapping import Mapped, general_mapping, prompt_mapping
from components.prompts.preview import draw_check
from components.prompts.source import Source, file_head, source_fields
from components.prompts.work import POLL_S, Work
from components.text import _, inert, plural
from curation.errors import InputError, WinnowError
from curation.prompts import GeneralOptions, ImportReport, import_general, import_prompts
from curation.prompts.checking import CheckedFile, check_general, check_prompts
from curation.workspace import Workspace, check_name

KEY: Final = "prompts-import"
_CHECK: Final = f"{KEY}-check"
_RUNNING: Final = f"{KEY}-running"
_DONE: Final = f"{KEY}-done"


def import_panel(workspace: Workspace, close: Callable[[], None] | None) -> None:
    """Draw the panel; `close` shuts it, None where it stays open."""
    with st.container(border=True, key=KEY):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.subheader(_("Import"), anchor=False, width="content")
            if close is not None:
                st.button(_("Close"), icon=":material/close:", type="tertiary", key=f"{KEY}-close", on_click=close)
        kind = st.segmented_control(
            _("What the file holds"),
            ["prompts", "general"],
            default="prompts",
            required=True,
            format_func=lambda each: _("Prompts") if each == "prompts" else _("General samples"),
            key=f"{KEY}-kind",
            label_visibility="collapsed",
        )
        st.caption(
            _("Questions to sample responses for, with their reference answers.")
            if kind == "prompts"
            else _("Finished conversations that go into a mix as they are: writing, factual questions, translation.")
        )
        source = source_fields(workspace, key=KEY)
        if source is None:
            return
        try:
            head = file_head(source.identity, source)
            draw = prompt_mapping if kind == "prompts" else general_mapping
            mapped = draw(head, key=f"{KEY}-{source.identity}")
            _require_free_name(workspace, mapped)
        except WinnowError as error:
            show_problem(_("This file cannot be imported"), str(error))
            return
        _check_and_import(workspace, source, mapped)


def draw_imported(workspace: Workspace) -> None:
    """How the import that this session started goes, then what it did, until that is closed."""
    running: tuple[Work[ImportReport], bool] | None = st.session_state.get(_RUNNING)
    if running is not None:
        if not running[0].wait():
            _waiting(running[0], _("Importing …"))
            return
        _finish(workspace, *running)
    done: tuple[ImportReport | WinnowError, bool] | None = st.session_state.get(_DONE)
    if done is None:
        return
    report, is_general = done
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium", key=f"{_DONE}-box"):
        if isinstance(report, WinnowError):
            with st.container(gap="xxsmall"):
                st.markdown(f":red[:material/error:] **{_('Nothing was imported')}**")
                st.text(str(report))
        else:
            words = _sentence(report, is_general=is_general)
            st.markdown(f":green[:material/check_circle:] {words}", width="content")
        st.space("stretch")
        if isinstance(report, ImportReport) and report.imported and not is_general:
            st.page_link(
                "pages/sampling.py", label=_("Sample responses"), icon=":material/casino:", width="content",
                query_params={"import": report.name},
            )  # fmt: skip
        st.button(_("Close"), type="tertiary", key=f"{KEY}-forget", on_click=_forget)


def _sentence(report: ImportReport, *, is_general: bool) -> str:
    if not report.imported:
        return _("Nothing was new: all of it is here already.")
    if is_general:
        words = plural("**{n}** general sample imported as “{name}”", "**{n}** general samples imported as “{name}”",
                       report.imported)  # fmt: skip
    else:
        words = plural("**{n}** prompt imported as “{name}”", "**{n}** prompts imported as “{name}”", report.imported)
    parts = [words.format(n=number(report.imported), name=inert(report.name or ""))]
    if report.duplicates:
        parts.append(_("{n} were here already").format(n=number(report.duplicates)))
    if report.skipped:
        parts.append(_("{n} bad rows left out").format(n=number(report.skipped)))
    return ", ".join(parts) + "."


def _forget() -> None:
    st.session_state.pop(_DONE, None)


def _check_and_import(workspace: Workspace, source: Source, mapped: Mapped) -> None:
    if _RUNNING in st.session_state:
        return
    work = _current_check(workspace, source, mapped)
    if not work.wait():
        _waiting(work, _("Reading every row …"))
        return
    try:
        checked = work.result()
    except WinnowError as error:
        show_problem(_("This file cannot be imported"), str(error))
        return
    draw_check(checked, key=_CHECK)
    skip = checked.bad > 0 and st.toggle(_("Leave the bad rows out"), key=f"{KEY}-skip")
    is_ready = checked.new > 0 and (skip or not checked.bad)
    if mapped.is_general:
        label = plural("Import {n} sample", "Import {n} samples", checked.new)
    else:
        label = plural("Import {n} prompt", "Import {n} prompts", checked.new)
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            label.format(n=number(checked.new)), type="primary", icon=":material/upload_file:", disabled=not is_ready,
            key=f"{KEY}-go",
        )  # fmt: skip
        if checked.bad and not skip:
            st.caption(_("All or nothing: mend the bad rows, or leave them out."), width="content")
        elif not checked.new:
            st.caption(_("There is nothing new in this file."), width="content")
    if pressed and is_ready:
        _forget()
        running = _start_import(workspace, source, mapped, skip_bad_rows=bool(skip))
        st.session_state[_RUNNING] = (running, mapped.is_general)
        st.rerun()
    arguments = [source.shown, *mapped.flags, *(["--skip-bad-rows"] if skip else [])]
    show_command(command_line(workspace, "import", arguments), key=KEY)


def _require_free_name(workspace: Workspace, mapped: Mapped) -> None:
    name = mapped.options.name
    folder = workspace.general if mapped.is_general else workspace.prompts
    if name is not None and (folder / f"{check_name(name, 'an import')}.parquet").exists():
        raise InputError(_("There is an import called “{name}” already; choose another name.").format(name=name))


def _current_check(workspace: Workspace, source: Source, mapped: Mapped) -> Work[CheckedFile[Any]]:
    """The check of just this file under just these settings; whatever else was being checked is dropped."""
    identity = (source.identity, mapped.options)
    known = st.session_state.get(_CHECK)
    if known is not None and known[0] == identity:
        return known[1]
    if known is not None:
        known[1].drop()
    options = mapped.options

    def check(on_rows: Callable[[int], None]) -> CheckedFile[Any]:
        with source.opened() as path:
            if isinstance(options, GeneralOptions):
                return check_general(workspace, path, options, on_rows)
            return check_prompts(workspace, path, options, on_rows)

    work = Work(check)
    st.session_state[_CHECK] = (identity, work)
    st.session_state.pop(f"{_CHECK}-bad-page", None)
    return work


def _start_import(workspace: Workspace, source: Source, mapped: Mapped, *, skip_bad_rows: bool) -> Work[ImportReport]:
    options = replace(mapped.options, skip_bad_rows=skip_bad_rows)

    def bring_in(_on_rows: Callable[[int], None]) -> ImportReport:
        with source.opened() as path:
            if isinstance(options, GeneralOptions):
                return import_general(workspace, path, options)
            return import_prompts(workspace, path, options)

    return Work(bring_in)


def _finish(workspace: Workspace, running: Work[ImportReport], is_general: bool) -> None:
    """Take the result of an import that has ended; the panel shuts where it went well."""
    st.session_state.pop(_RUNNING)
    st.session_state.pop(_CHECK, None)
    try:
        st.session_state[_DONE] = (running.result(), is_general)
    except WinnowError as error:
        st.session_state[_DONE] = (error, is_general)
        return
    st.query_params.pop("import", None)
    live_index(workspace).forget()


@st.fragment(run_every=POLL_S)
def _waiting(work: Work[Any], words: str) -> None:
    if work.wait(0):
        st.rerun()
    so_far = _("{n} rows so far").format(n=number(work.rows)) if work.rows else " "
    with st.container(height=72, border=False, horizontal=True, vertical_alignment="center"):
        st.markdown(f":primary[:material/hourglass_top:] {words}", width="content")
        st.caption(so_far, width="content")
