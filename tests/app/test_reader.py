"""Promise: the reader's language and name are asked once and kept, and a desk with sign-in shows nothing before it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.serving import CHECKOUT, PATIENCE_S
from components.reviewer import LONGEST, clean_name
from curation import Workspace
from tests.app.words import shown

OpenApp = Callable[[Path], AppTest]


def titles(app: AppTest) -> list[str]:
    return [title.value for title in app.title]


def test_the_language_is_switched_and_stays(empty: Workspace, open_app: OpenApp) -> None:
    app = open_app(empty.folder)
    assert titles(app) == ["Overview"]
    app.selectbox(key="language-switch").select("zh_CN").run()
    assert titles(app) == ["总览"]
    app.switch_page("pages/jobs.py").run()
    assert titles(app) == ["作业"]


def test_a_language_in_the_address_counts(empty: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINNOW_WORKSPACE", str(empty.folder))
    app = AppTest.from_file(str(CHECKOUT / "app.py"), default_timeout=PATIENCE_S)
    app.query_params["language"] = "zh_CN"
    assert titles(app.run()) == ["总览"]


@pytest.mark.parametrize(("chosen", "address"), [("zh_CN", {"language": "zh_CN"}), ("en", {})])
def test_a_chosen_language_stays_in_the_address_unless_it_is_the_browsers(
    empty: Workspace, monkeypatch: pytest.MonkeyPatch, chosen: str, address: dict[str, str]
) -> None:
    monkeypatch.setenv("WINNOW_WORKSPACE", str(empty.folder))
    app = AppTest.from_file(str(CHECKOUT / "app.py"), default_timeout=PATIENCE_S)
    app.query_params["language"] = "zh_CN"
    app.session_state["language"] = chosen
    app.run()
    assert app.query_params == address


def test_the_name_is_asked_once(empty: Workspace, open_app: OpenApp) -> None:
    app = open_app(empty.folder)
    fields = [field for field in app.text_input if "Your name" in field.label]
    assert len(fields) == 1, (shown(app), [field.label for field in app.text_input])
    (field,) = fields
    field.set_value("Ada \u202e*Lovelace*").run()
    assert app.session_state["reviewer"] == "Ada  *Lovelace*"


@pytest.mark.parametrize(
    ("typed", "kept"), [(" Ada ", "Ada"), ("a\x00\x1b[31mb", "a [31mb"), ("", ""), ("x" * 99, "x" * LONGEST)]
)
def test_names_are_one_line_of_text(typed: str, kept: str) -> None:
    assert clean_name(typed) == kept


def test_with_sign_in_a_stranger_sees_the_door_alone(filled: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINNOW_WORKSPACE", str(filled.folder))
    app = AppTest.from_file(str(CHECKOUT / "app.py"), default_timeout=PATIENCE_S)
    app.secrets["auth"] = {
        "redirect_uri": "http://127.0.0.1:8501/oauth2callback",
        "cookie_secret": "not a secret",
        "client_id": "winnow",
        "client_secret": "not a secret",
        "server_metadata_url": "http://127.0.0.1:1/.well-known/openid-configuration",
    }
    app.run()
    assert not app.exception
    assert titles(app) == ["Winnow"]
    assert [button.label for button in app.button] == ["Sign in"]
    assert "Filled" not in " ".join(caption.value for caption in app.caption)
