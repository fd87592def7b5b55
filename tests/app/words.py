"""What a page under AppTest says."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def shown(app: AppTest) -> str:
    """Every word on the page."""
    elements = (*app.title, *app.subheader, *app.markdown, *app.caption, *app.text, *app.code, *app.error)
    return "\n".join(str(element.value) for element in elements)
