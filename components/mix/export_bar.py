"""Writing the mix to disk: name, format, the button, the equal command, and the export jobs that run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from components.command_line import command_line, show_command
from components.format import number
from components.jobs.card import job_card
from components.jobs.seen import SeenJob
from components.live_index import LiveIndex
from components.mix.advice import Advice, draw_advice
from components.mix.form import Composition
from components.mix.save import name_refusal
from components.mix.turn import next_turn, turn
from components.problem import problems_in_place
from components.text import N_, _, inert, plural
from curation.export import ExportConfig, FileType, Form, launch_export
from curation.jobs import State
from curation.mix import RECIPES, MixConfig
from curation.selection import SelectionConfig
from curation.workspace import Workspace

LAUNCHED: Final = "mix-launched"
"""Key of the session: the id of the export job that this reader started last."""

FORMS: Final = {
    Form.PROMPT_COMPLETION: N_("Prompt and completion"),
    Form.MESSAGES: N_("Messages"),
    Form.SHAREGPT: N_("ShareGPT"),
}
FILE_TYPES: Final = {FileType.PARQUET: "Parquet", FileType.JSONL: "JSONL"}


@dataclass(frozen=True, slots=True)
class Ready:
    """How many samples would be written; where `refusal` is there, why none can be."""

    samples: int
    refusal: Advice | None


def export_bar(
    workspace: Workspace, live: LiveIndex, chosen: Composition | None, ready: Ready, seen: Sequence[SeenJob]
) -> None:
    """One row of fields with the button at its end."""
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="mix-export-row"):
            suggested = free_name(workspace, seen)
            name = st.text_input(
                _("Export as"), value=suggested, key=f"mix-name-{suggested}-{turn()}", max_chars=100, live=True
            )
            form = st.selectbox(
                _("Format"), [*FORMS], format_func=lambda each: _(FORMS[each]), key="mix-format", width=210,
                persist_state="session", help=_("With prompt and completion, trainers learn the completion only."),
            )  # fmt: skip
            file_type = st.selectbox(
                _("Files"), [*FILE_TYPES], format_func=lambda each: FILE_TYPES[each], key="mix-file-type", width=120,
                persist_state="session",
            )  # fmt: skip
            name = (name or "").strip()
            taken = _("There is an export of this name already.") if name in names_in_use(workspace, seen) else ""
            refusal = name_refusal(name, taken)
            words = plural("Export {n} sample", "Export {n} samples", ready.samples) if chosen else _("Export")
            pressed = st.button(
                words.format(n=number(ready.samples)),
                type="primary", icon=":material/inventory_2:", key="mix-export",
                disabled=chosen is None or ready.refusal is not None or bool(refusal),
            )  # fmt: skip
        if refusal:
            st.caption(f":red[:material/error:] {refusal}")
        if ready.refusal is not None:
            draw_advice(ready.refusal, icon=":material/info:")
        if chosen is None:
            return
        if pressed and not refusal and ready.refusal is None:
            config = ExportConfig(
                name=name, format=str(form), file_type=str(file_type), thresholds=chosen.thresholds,
                selection=chosen.selection, mix=chosen.mix,
            )  # fmt: skip
            _launch(workspace, live, config)
        _same_on_command_line(workspace, name or "NAME", str(form), str(file_type), chosen)


def export_jobs(seen: Sequence[SeenJob]) -> None:
    """The exports that run, and the reader's own where it came to nothing."""
    own = st.session_state.get(LAUNCHED)
    shown = [each for each in seen if each.job.kind == "export" and (each.is_active or each.job.id == own)]
    for each in shown[:3]:
        job_card(each)
        if not each.is_active and each.state.name != State.FINISHED:
            st.caption(_("Nothing of it was kept. See its details for what to do."))


def finished_export(seen: Sequence[SeenJob]) -> str:
    """The name of the reader's own export once it is written, "" before; told once."""
    own = st.session_state.get(LAUNCHED)
    for each in seen:
        if each.job.id == own and each.state.name == State.FINISHED:
            del st.session_state[LAUNCHED]
            return str(each.job.config.get("name", ""))
    return ""


def names_in_use(workspace: Workspace, seen: Sequence[SeenJob]) -> set[str]:
    """Names of exports that are there or being written."""
    written = {path.name for path in workspace.exports.iterdir()}
    return written | {str(each.job.config.get("name")) for each in seen if each.job.kind == "export" and each.is_active}


def free_name(workspace: Workspace, seen: Sequence[SeenJob]) -> str:
    """The first of mix-1, mix-2, … that is free."""
    used = names_in_use(workspace, seen)
    return next(name for name in (f"mix-{count}" for count in range(1, len(used) + 2)) if name not in used)


def export_flags(name: str, form: str, file_type: str, chosen: Composition) -> list[str] | None:
    """The arguments of `winnow export` for the same; None where only a saved mix could say it."""
    mix, selection = chosen.mix, chosen.selection
    flags = [name]
    if form != Form.PROMPT_COMPLETION:
        flags += ["--format", form]
    if file_type != FileType.PARQUET:
        flags += ["--file-type", file_type]
    if chosen.thresholds.name != "default":
        flags += ["--thresholds", chosen.thresholds.name]
    if selection.cap != SelectionConfig().cap:
        flags += ["--cap", str(selection.cap)]
    if selection.method != SelectionConfig().method:
        flags += ["--choose", selection.method]
    if not selection.deduplicate:
        flags.append("--keep-duplicates")
    amounts = _amounts(chosen.name, chosen.saved, mix)
    if amounts is None:
        return None
    return flags + amounts + (["--seed", str(mix.seed)] if mix.seed else [])


def _amounts(name: str, saved: MixConfig, mix: MixConfig) -> list[str] | None:
    same = (mix.reasoning, mix.general, mix.domains, mix.recipe, mix.ratio)
    if same == (saved.reasoning, saved.general, saved.domains, saved.recipe, saved.ratio):
        return ["--mix", name]
    if mix.recipe != RECIPES[0]:
        return None
    flags = ["--mix", RECIPES[0], "--reasoning", str(mix.reasoning), "--general", str(mix.general)]
    for domain, count in mix.domains.items():
        flags += ["--quota", f"{domain}={count}"]
    return flags


def _same_on_command_line(workspace: Workspace, name: str, form: str, file_type: str, chosen: Composition) -> None:
    flags = export_flags(name, form, file_type, chosen)
    if flags is None:
        st.caption(_(":material/terminal: Save the mix to use it on the command line."))
    else:
        show_command(command_line(workspace, "export", flags), key="mix-export")


def _launch(workspace: Workspace, live: LiveIndex, config: ExportConfig) -> None:
    with problems_in_place(_("The export did not start")):
        job = live.ask(lambda index: launch_export(workspace, config, index))
        if job is not None:
            st.session_state[LAUNCHED] = job.id
            next_turn()  # the next export wants another name
            st.toast(_("Exporting “{name}”").format(name=inert(config.name)), icon=":material/inventory_2:")
            st.rerun()
