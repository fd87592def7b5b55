"""Who is at the desk: the name from the sign-in where there is one, else what the reader says once."""

from __future__ import annotations

import re
from typing import Final

import streamlit as st

from components.text import _, inert

_KEY: Final = "reviewer"
_FIELD: Final = "reviewer-typed"
LONGEST: Final = 60


def sign_in_is_configured() -> bool:
    """Whether `.streamlit/secrets.toml` names an identity provider (`[auth]`)."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:  # no secrets at all
        return False


def _signed_in() -> bool:
    return bool(st.user.get("is_logged_in", False))  # absent where no sign-in is configured


def reviewer_name() -> str:
    """The reader's name, "" while it is unknown."""
    if _signed_in():
        return clean_name(str(st.user.get("name") or st.user.get("email") or ""))
    return str(st.session_state.get(_KEY, ""))


def clean_name(text: str) -> str:
    """A name on one line, without control characters, at most LONGEST characters."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+", " ", text).strip()[:LONGEST]


def require_sign_in() -> bool:
    """Whether the page may be drawn; where sign-in is configured and nobody is signed in, the door is drawn instead."""
    if not sign_in_is_configured() or _signed_in():
        return True
    st.title("Winnow", anchor=False)
    st.markdown(_("This desk is for people who are signed in."))
    st.button(_("Sign in"), type="primary", icon=":material/login:", on_click=st.login)
    return False


def draw_reviewer() -> None:
    """The name in the sidebar, with a way to set it or to sign out."""
    name = reviewer_name()
    if _signed_in():
        st.caption(f":material/person: {inert(name)}")
        st.button(_("Sign out"), type="tertiary", icon=":material/logout:", on_click=st.logout)
        return
    with st.popover(
        inert(name) if name else _("Your name"), icon=":material/person:", type="tertiary", key="reviewer-name"
    ):
        st.text_input(
            _("Your name, for what you decide and start"),
            value=name,
            max_chars=LONGEST,
            key=_FIELD,
            on_change=_keep_name,
        )


def _keep_name() -> None:
    st.session_state[_KEY] = clean_name(st.session_state[_FIELD])
