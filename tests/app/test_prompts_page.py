"""The Prompts page says what there is, brings in files row by row or not at all, and finds prompts and candidates."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.serving import PATIENCE_S
from components.prompts.guess import Guess, guess_conversation, guess_mapping
from curation import Workspace
from curation.prompts import ImportOptions, import_prompts, list_general, list_imports, prompt_ids, read_prompts
from curation.prompts.checking import FileHead
from curation.records import format_id
from tests.app.words import shown

OpenPage = Callable[..., AppTest]
HOSTILE = "<script>alert('from a prompt')</script> **bold?** $x$ :red[tint]"


@pytest.fixture
def prompts_page(open_app: Callable[[Path], AppTest]) -> OpenPage:
    def go(workspace: Workspace, **parameters: str) -> AppTest:
        app = open_app(workspace.folder)
        for name, value in parameters.items():
            app.query_params[name] = value
        return app.switch_page("pages/prompts.py").run()

    return go


def settled(app: AppTest) -> AppTest:
    """Run until no check and no import is under way."""
    end = time.monotonic() + PATIENCE_S
    while any(" …" in element.value for element in app.markdown) and time.monotonic() < end:
        app.run()
    return app


def rows_of(app: AppTest, column: str) -> list[object]:
    """The values of a column of the first table that has it."""
    return next(list(table.value[column]) for table in app.dataframe if column in table.value)


def prompts_file(path: Path, *, count: int = 12, bad: int = 0) -> Path:
    rows = [{"problem": f"What is {n} + {n}?", "answer": f"It is easy.\n#### {2 * n}"} for n in range(count)]
    rows += [{"problem": f"What is {n}?", "answer": "nobody knows"} for n in range(bad)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_an_empty_workspace_shows_the_import(empty: Workspace, prompts_page: OpenPage) -> None:
    app = prompts_page(empty)
    assert not app.exception
    assert "No prompts yet." in shown(app)
    assert len(app.file_uploader) == 1 and not app.dataframe


def test_the_sentence_counts_domains_and_what_is_held_out(filled: Workspace, prompts_page: OpenPage) -> None:
    app = prompts_page(filled)
    assert not app.exception
    assert "**60** prompts: 15 math, 15 code, 15 STEM, 15 logic; **20** held out." in shown(app)
    assert len(rows_of(app, "question")) == 25
    assert "1–25 of 60" in shown(app)


def test_pages_filters_and_search_live_in_the_url(filled: Workspace, prompts_page: OpenPage) -> None:
    app = prompts_page(filled)
    first = rows_of(app, "question")
    app.button(key="prompts-on").click().run()
    assert "26–50 of 60" in shown(app)
    assert not set(first) & set(rows_of(app, "question"))
    there = app.query_params["from"]
    app.button(key="prompts-back").click().run()
    assert rows_of(app, "question") == first

    app.selectbox(key="prompts-domain").select("math").run()
    app.selectbox(key="prompts-split").select("held_out").run()
    assert not app.exception
    assert dict(app.query_params).keys() == {"domain", "split"}
    assert set(rows_of(app, "domain")) == {"Math"} and set(rows_of(app, "split")) == {"held out"}
    assert "1–5 of 5" in shown(app)

    app = prompts_page(filled, search="HELD_OUT question 7:")
    assert app.text_input(key="prompts-search").value == "HELD_OUT question 7:"
    assert "1–1 of 1" in shown(app)
    app.text_input(key="prompts-search").set_value("nothing like it").run()
    assert "No prompt fits" in shown(app)
    app = prompts_page(filled, **{"from": there[0] if isinstance(there, list) else there})
    assert "26–50 of 60" in shown(app)


def test_what_the_url_cannot_mean_is_passed_over(filled: Workspace, prompts_page: OpenPage) -> None:
    app = prompts_page(filled, domain="cooking", split="<b>", prompt="zz", **{"from": "f" * 16})
    assert not app.exception
    assert "1–25 of 60" in shown(app)
    app = prompts_page(filled, prompt="1")
    assert not app.exception
    assert "not in this workspace" in shown(app)


def test_a_chosen_prompt_shows_all_of_it_and_its_candidates(filled: Workspace, prompts_page: OpenPage) -> None:
    stored = next(row for row in read_prompts(filled).to_pylist() if row["split"] == "train")
    app = prompts_page(filled, prompt=format_id(stored["prompt_id"]))
    assert not app.exception
    assert stored["messages"][0]["content"] in [text.value for text in app.text]
    assert "42" in [code.value for code in app.code]
    assert len(rows_of(app, "Prediction")) == 4
    app = prompts_page(filled, prompt=format_id(stored["prompt_id"]), candidates="9" * 30, candidate="zz")
    assert not app.exception
    assert len(rows_of(app, "Prediction")) == 4
    app.button(key="prompts-close").click().run()
    assert "prompt" not in app.query_params


def test_a_prompt_without_candidates_says_what_to_do(filled: Workspace, prompts_page: OpenPage) -> None:
    stored = next(row for row in read_prompts(filled).to_pylist() if row["split"] == "held_out")
    app = prompts_page(filled, prompt=format_id(stored["prompt_id"]))
    assert not app.exception
    assert "None yet." in shown(app)


def test_what_a_prompt_holds_is_shown_as_it_is(empty: Workspace, prompts_page: OpenPage, tmp_path: Path) -> None:
    path = tmp_path / "hostile.jsonl"
    row = {"question": HOSTILE + "x" * 60_000, "reference": HOSTILE, "task": HOSTILE, "verifier": "exact"}
    path.write_text(json.dumps(row))
    import_prompts(empty, path, ImportOptions(domain="logic"))
    app = prompts_page(empty, prompt=format_id(int(prompt_ids(empty)[0])))
    assert not app.exception and not app.html
    [question] = [text.value for text in app.text if text.value.startswith("<script>")]
    assert len(question) == 20_000
    [more] = [button for button in app.button if button.label.startswith("Show more")]
    more.click().run()
    assert max(len(text.value) for text in app.text) == 40_000
    assert not any(
        "<script>" in element.value or "**bold?**" in element.value for element in (*app.markdown, *app.caption)
    )


def test_a_file_is_uploaded_checked_and_imported(empty: Workspace, prompts_page: OpenPage, tmp_path: Path) -> None:
    app = prompts_page(empty)
    content = prompts_file(tmp_path / "gsm.jsonl").read_bytes()
    app.file_uploader(key="prompts-import-upload").upload("gsm.jsonl", content, "application/jsonl")
    settled(app.run())
    assert not app.exception
    assert rows_of(app, "Reference")[:3] == ["0", "2", "4"]  # the pattern and the domain were guessed
    assert "12 new" in shown(app)
    [command] = [code.value for code in app.code]
    assert command.endswith(
        "gsm.jsonl --domain math --prompt-field problem --reference-field answer --reference-pattern '####\\s*(.+)'"
    )
    assert not list_imports(empty)
    app.button(key="prompts-import-go").click().run()
    settled(app)
    assert not app.exception
    assert [(file.name, file.rows) for file in list_imports(empty)] == [("gsm", 12)]
    assert "**12** prompts imported as “gsm”" in shown(app)
    end = time.monotonic() + PATIENCE_S
    while "**12** prompts: 12 math" not in shown(app) and time.monotonic() < end:
        app.run()
    assert "**12** prompts: 12 math" in shown(app)


def test_bad_rows_are_all_listed_and_nothing_is_imported_unless_they_are_left_out(
    filled: Workspace, prompts_page: OpenPage
) -> None:
    prompts_file(filled.folder / "partly.jsonl", count=5, bad=14)
    app = prompts_page(filled, **{"import": "open"})
    app.text_input(key="prompts-import-path").set_value("partly.jsonl").run()
    settled(app)
    # not every row ends in an answer that a pattern finds, so none is guessed, and no domain either
    assert "19 bad rows" in shown(app)
    pattern = next(field for field in app.text_input if field.label == "Reference pattern")
    pattern.set_value("####\\s*(.+)").run()
    next(field for field in app.selectbox if field.label == "Domain").select("math").run()
    settled(app)
    assert "5 new" in shown(app) and "14 bad rows" in shown(app)
    assert rows_of(app, "Line") == list(range(6, 16))
    app.button(key="prompts-import-check-bad-on").click().run()
    assert rows_of(app, "Line") == list(range(16, 20))
    assert "does not match the reference pattern" in str(rows_of(app, "What is wrong")[0])
    assert app.button(key="prompts-import-go").disabled
    assert "All or nothing" in shown(app)

    app.toggle(key="prompts-import-skip").set_value(True).run()
    app.button(key="prompts-import-go").click().run()
    settled(app)
    assert {file.name: file.rows for file in list_imports(filled)} == {"made": 60, "partly": 5}
    assert "14 bad rows left out" in shown(app)
    assert "import" not in app.query_params


def test_general_samples_are_imported_too(empty: Workspace, prompts_page: OpenPage) -> None:
    rows = [{"prompt": f"Say {number}", "response": str(number), "task": "writing"} for number in range(3)]
    (empty.folder / "general.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    app = prompts_page(empty)
    app.button_group(key="prompts-import-kind").set_value("general").run()
    app.text_input(key="prompts-import-path").set_value("general.jsonl").run()
    settled(app)
    assert not app.exception
    assert any("general.jsonl --general" in code.value for code in app.code)
    app.button(key="prompts-import-go").click().run()
    settled(app)
    assert [file.rows for file in list_general(empty)] == [3]
    assert "**3** general samples imported" in shown(app)


def test_a_file_or_a_setting_that_cannot_be_is_told_in_place(empty: Workspace, prompts_page: OpenPage) -> None:
    app = prompts_page(empty)
    path = app.text_input(key="prompts-import-path")
    for typed, words in (("/etc/passwd", "outside the folders"), ("absent.jsonl", "does not exist")):
        path.set_value(typed).run()
        assert not app.exception
        assert words in shown(app)
    (empty.folder / "broken.parquet").write_bytes(b"no table")
    path.set_value("broken.parquet").run()
    assert "not a readable Parquet file" in shown(app)
    prompts_file(empty.folder / "good.jsonl")
    path.set_value("good.jsonl").run()
    settled(app)
    next(field for field in app.text_input if field.label == "Name of the import").set_value("../up").run()
    assert "cannot name an import" in shown(app)
    next(field for field in app.text_input if field.label == "Reference pattern").set_value("(").run()
    assert not app.exception
    assert "Not a regular expression" in shown(app)
    assert "prompts-import-go" not in [button.key for button in app.button]


def test_a_damaged_import_is_named_and_the_rest_is_shown(filled: Workspace, prompts_page: OpenPage) -> None:
    (filled.prompts / "torn.parquet").write_bytes(b"PAR1 no more")
    app = prompts_page(filled)
    assert not app.exception
    assert "torn.parquet" in shown(app)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"question": "?", "reference": "1", "domain": "math"}, Guess("question", "reference", None, None)),
        ({"Problem": "?", "solution": "so \\boxed{4}"}, Guess("Problem", "solution", r"\\boxed\{(.+)\}", "math")),
        ({"prompt": "?", "test_list": ["assert 1"]}, Guess("prompt", None, None, "code")),
        ({"question": "?", "choices": ["A"], "answer": "A"}, Guess("question", "answer", None, "stem")),
        ({"q": "?"}, Guess("q", None, None, None)),
    ],
)
def test_the_form_starts_from_what_the_fields_are_called(row: dict[str, object], expected: Guess) -> None:
    assert guess_mapping(FileHead(tuple(row), (row,))) == expected


def test_conversations_are_recognised() -> None:
    rows = ({"chat": [{"role": "user", "content": "Hello"}], "id": 1},)
    assert guess_conversation(FileHead(("id", "chat"), rows)) == "chat"
    assert guess_conversation(FileHead(("prompt", "response"), ({"prompt": "a", "response": "b"},))) is None
