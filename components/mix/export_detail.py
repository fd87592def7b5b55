"""One export: what is in it, its first samples, its card and manifest, where it is and how to train on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from components.chart_style import show
from components.command_line import command_line, shown_path
from components.format import clock, number, reader_zone, size
from components.mix.chart import quota_figure, quota_legend, quota_words
from components.mix.export_bar import FILE_TYPES, FORMS
from components.mix.export_sample import draw_samples, long_text
from components.palette import domain_name
from components.problem import show_problem
from components.small_table import show_table
from components.text import _, inert, plural
from curation.export import Manifest
from curation.export.manifest import MANIFEST
from curation.export_folders import CARD, ExportFolder, wrong_files
from curation.mix import Quota
from curation.workspace import Workspace


def export_detail(workspace: Workspace, export: ExportFolder) -> None:
    """Draw the export, or what is wrong with it."""
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(inert(export.name), anchor=False, icon=":material/inventory_2:", width="content")
            st.space("stretch")
            if export.manifest is not None:
                st.page_link(
                    "pages/training.py", label=_("Train on it"), icon=":material/model_training:", width="content",
                    query_params={"export": export.name}, help="",
                )  # fmt: skip
        if export.manifest is None:
            show_problem(_("This export cannot be used"), export.problem)
            st.caption(_("Export the mix again under another name; this folder can be removed."))
            _where(workspace, export)
            return
        st.caption(_facts(export, export.manifest))
        wrong = wrong_files(export)
        if wrong:
            show_problem(_("Data files are missing or damaged"), "\n".join(wrong[:5]))
        contents, samples, card, manifest, where = st.tabs(
            [_("Contents"), _("Samples"), _("Card"), _("Manifest"), _("Where it is")],
            on_change="rerun", key="export-tab",
        )  # fmt: skip
        if contents.open:
            with contents:
                _contents(export.manifest)
        if samples.open:
            with samples:
                draw_samples(export.folder)
        if card.open:
            with card:
                _file(export.folder / CARD, "markdown", "text/markdown", _("Download card"))
        if manifest.open:
            with manifest:
                _settings(export.manifest)
                _file(export.folder / MANIFEST, "json", "application/json", _("Download manifest"))
        if where.open:
            with where:
                _where(workspace, export)


def _facts(export: ExportFolder, manifest: Manifest) -> str:
    samples = plural("{n} sample", "{n} samples", manifest.samples).format(n=number(manifest.samples))
    parts = [
        samples,
        size(manifest.bytes),
        _(FORMS[manifest.format]) if manifest.format in FORMS else manifest.format,
        FILE_TYPES.get(manifest.file_type, manifest.file_type),
        _("made {when}").format(when=clock(export.when, reader_zone())),
    ]
    return inert(" · ".join(parts))


def _contents(manifest: Manifest) -> None:
    quotas = tuple(Quota(domain, counts["quota"], counts["available"]) for domain, counts in manifest.domains.items())
    quota_legend(quotas)
    by_share = manifest.mix.get("recipe") == "r1"
    show(quota_figure(quotas, by_share), key="export-quotas", alt=quota_words(quotas))
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _counts(_("Language"), manifest.languages, "export-languages")
    with right:
        _counts(_("Task"), manifest.tasks, "export-tasks")
    if manifest.models:
        rows = {
            _("Model"): [model.model for model in manifest.models],
            _("Engine"): [model.engine for model in manifest.models],
            _("Samples"): [model.samples for model in manifest.models],
        }
        show_table(rows, key="export-models", alt=_("Models that were sampled"))


def _counts(title: str, counts: Mapping[str, int], key: str) -> None:
    most = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:200]
    show_table({title: [name for name, _n in most], _("Samples"): [n for _name, n in most]}, key=key, alt=title)


def _settings(manifest: Manifest) -> None:
    """Thresholds, selection and mix, as tables."""
    rules = manifest.thresholds.get("rules", [])
    columns = {
        _("Threshold"): [str(rule.get("name", "")) for rule in rules],
        _("Measure"): [str(rule.get("measure", "")) for rule in rules],
        _("Least"): [_plain(rule.get("min")) for rule in rules],
        _("Most"): [_plain(rule.get("max")) for rule in rules],
        _("Domains"): [_plain(rule.get("domains")) or _("all") for rule in rules],
        _("On"): ["✓" if rule.get("enabled") else "–" for rule in rules],
    }
    show_table(columns, key="export-rules", alt=_("Thresholds of this export"))
    pairs = [
        (f"{part}.{name}", _plain(value))
        for part, settings in (("selection", manifest.selection), ("mix", manifest.mix))
        for name, value in settings.items()
    ]
    rows = {_("Setting"): [name for name, _value in pairs], _("Value"): [value for _name, value in pairs]}
    show_table(rows, key="export-settings", alt=_("Selection and mix"))
    files = {
        _("File"): [file.name for file in manifest.files],
        _("Samples"): [file.rows for file in manifest.files],
        _("Size"): [size(file.bytes) for file in manifest.files],
        "SHA-256": [str(file.sha256) for file in manifest.files],
    }
    show_table(files, key="export-files", alt=_("Data files"))


def _plain(value: Any) -> str:
    """A setting as a person writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        return ", ".join(f"{domain_name(str(key))} {_plain(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    return f"{value:g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _file(path: Path, language: str, mime: str, label: str) -> None:
    """A file of the export as text that nothing acts on, with a button that downloads it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        show_problem(_("This file cannot be read"), f"{path}: {error.strerror}")
        return
    st.download_button(
        label, content, path.name, mime, icon=":material/download:", key=f"download-{path.name}", on_click="ignore"
    )
    long_text(content.decode("utf-8", "replace"), key=f"export-file-{path}", language=language)


def _where(workspace: Workspace, export: ExportFolder) -> None:
    st.caption(_("Folder"))
    st.code(str(export.folder), language=None, wrap_lines=True)
    if export.manifest is None:
        return
    st.caption(_("Train on it"))
    flags = ["--base", "BASE_FOLDER", "--export", export.name, "--output", export.name]
    st.code(command_line(workspace, "sft", flags), language=None, wrap_lines=True)
    st.caption(_("Read it elsewhere"))
    st.code(f'from datasets import load_dataset\n\nload_dataset({shown_path(export.folder)!r}, split="train")')
