"""Exports: a mix written to disk as a data set, with its card and manifest."""

from curation.export.config import ExportConfig, FileType, Form
from curation.export.launching import launch_export, why_nothing
from curation.export.manifest import Export, ExportedModel, Manifest, list_exports, read_manifest
from curation.export.writing import DataFile

__all__ = [
    "DataFile",
    "Export",
    "ExportConfig",
    "ExportedModel",
    "FileType",
    "Form",
    "Manifest",
    "launch_export",
    "list_exports",
    "read_manifest",
    "why_nothing",
]
