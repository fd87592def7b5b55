"""Winnow's library: from prompts to an exported mix. It never imports streamlit or training."""

from curation.workspace import Workspace

__all__ = ["Workspace"]
