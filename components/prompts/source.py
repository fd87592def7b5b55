"""The file of an import: uploaded in the browser, or named by a path of the machine that the app runs on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.typing import UploadedFile

from components.command_line import shown_path
from components.problem import show_problem
from components.roots import allowed_path
from components.text import _
from curation.errors import InputError
from curation.files import writing
from curation.prompts.checking import FileHead, head_of
from curation.prompts.sources import ENDINGS
from curation.workspace import Workspace

_TYPES: Final = tuple(sorted({ending.rsplit(".", 1)[-1] for ending in ENDINGS}))


@dataclass(frozen=True, slots=True)
class Source:
    """A file to import. Equal identities mean equal contents."""

    identity: str
    shown: str
    """How the command line names it."""
    path: Path | None = None
    upload: UploadedFile | None = field(default=None, compare=False)

    @contextmanager
    def opened(self) -> Iterator[Path]:
        """The file on disk; an uploaded one is there only until the block ends."""
        if self.upload is None:
            assert self.path is not None
            yield self.path
            return
        with tempfile.TemporaryDirectory(prefix="winnow-upload-") as folder:
            # only the last part of a name that a browser sent; it tells the format and names the import
            path = Path(folder) / (Path(self.upload.name.replace("\\", "/")).name or "upload")
            with writing(path):
                path.write_bytes(self.upload.getbuffer())
            yield path


def source_fields(workspace: Workspace, *, key: str) -> Source | None:
    """Draw the two ways to name a file, side by side; None until there is one that can be read."""
    left, right = st.columns(2, gap="medium")
    with left:
        upload = st.file_uploader(_("Upload a file"), type=_TYPES, key=f"{key}-upload")
    with right:
        typed = st.text_input(
            _("Or name a file on this machine"),
            key=f"{key}-path",
            placeholder="data/prompts.jsonl",
            disabled=upload is not None,
        )
        st.caption(_("JSON Lines, JSON, CSV or Parquet; gzip too. Big files are quicker by path."))
        if upload is not None:
            return Source(f"upload-{upload.file_id}", upload.name, upload=upload)
        if not (typed or "").strip():
            return None
        try:
            path = allowed_path(workspace, typed)
            stat = path.stat()
        except (InputError, OSError) as error:
            show_problem(_("This file cannot be read"), str(error))
            return None
        return Source(f"{path}-{stat.st_mtime_ns}-{stat.st_size}", shown_path(path), path)


@st.cache_data(max_entries=8, show_spinner=False)
def file_head(identity: str, _source: Source) -> FileHead:
    """The first rows of a source, read once."""
    with _source.opened() as path:
        return head_of(path)
