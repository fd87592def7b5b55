"""How a process looks at a workspace: a DuckDB index, derived from the files and safe to delete."""

from curation.index.opening import Index
from curation.index.refresh import RefreshReport
from curation.index.texts import texts

__all__ = ["Index", "RefreshReport", "texts"]
