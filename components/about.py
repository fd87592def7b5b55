"""What the foot of the sidebar says about reaching the app from another machine."""

from __future__ import annotations

import socket
from typing import Final

import streamlit as st

from components.roots import ROOTS_VARIABLE, allowed_roots
from components.text import _
from curation.workspace import Workspace

_DEFAULT_PORT: Final = 8501


def draw_about(workspace: Workspace) -> None:
    """A popover: the tunnel to type, which folders the app may read, and where sign-in is explained."""
    with st.popover(_("Remote use"), icon=":material/lan:", type="tertiary", key="about"):
        port = st.get_option("server.port") or _DEFAULT_PORT
        st.markdown(f"**{_('From another machine')}**")
        st.markdown(_("Winnow listens on this machine only. On your own machine, open a tunnel:"))
        st.code(f"ssh -N -L {port}:127.0.0.1:{port} {socket.gethostname()}", language=None, wrap_lines=True)
        st.markdown(_("Then open this address there. Jobs outlive the tunnel, the browser and the app."))
        st.code(f"http://127.0.0.1:{port}", language=None)
        st.markdown(f"**{_('Files that this app may read')}**")
        st.code("\n".join(str(root) for root in allowed_roots(workspace)), language=None, wrap_lines=True)
        st.caption(
            _("Set {variable} before the start to allow others. Sign-in and a reverse proxy: see {file}.").format(
                variable=f"`{ROOTS_VARIABLE}`", file="`docs/remote.md`"
            )
        )
