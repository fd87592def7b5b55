"""The Rejects page says why each candidate was rejected, finds every one by reason, domain and job, and shows what it
can where a file is damaged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.serving import PATIENCE_S
from components.candidates.listing import PER_PAGE, as_csv, as_jsonl
from components.candidates.reasons import bound_in_words, first_words, reason_in_words
from components.candidates.view import Steps
from curation import Workspace
from curation.browsing import CandidateFilter, CandidateRow, Status, browse, count_reasons, rows_of
from curation.index import Index
from curation.records import format_id
from curation.thresholds import ThresholdRule, ThresholdSet, default_thresholds, save_thresholds
from tests.app.conftest import Visit, serve
from tests.app.words import shown
from tests.curation.index.rows import Response, id_of, question, sampled, write_prompts

HOSTILE = "<img src=x onerror='window.pwned=1'> **bold** $x$ :red[tint] \x1b[31m \u202eevil"
MIXED = f"<think>\n😀 𠀀 so 因此 we see {HOSTILE}\n</think>\n\n<script>window.pwned=1</script> 42"
LONG = "<think>\n" + "words and words\n\n" * 60_000 + "</think>\n\n42"

SAID = {"incorrect": "is not the reference", "undecided": "could not tell", "mixed_language": "80 % of the words"}

RejectsPage = Callable[..., AppTest]


@pytest.fixture
def rejects_page(monkeypatch: pytest.MonkeyPatch, open_app: Callable[[Path], AppTest]) -> RejectsPage:
    def go(workspace: Workspace, **parameters: str) -> AppTest:
        app = open_app(workspace.folder)
        for name, value in parameters.items():
            app.query_params[name] = value
        return app.switch_page("pages/rejects.py").run()

    return go


@pytest.fixture
def index(filled: Workspace) -> Iterator[Index]:
    with Index.open(filled) as index:
        index.refresh()
        yield index


def ids_on_page(app: AppTest) -> list[str]:
    prefix = "rejects-choose-"
    return [str(button.key).removeprefix(prefix) for button in app.button if str(button.key).startswith(prefix)]


def ids_of(index: Index, wanted: CandidateFilter, thresholds: ThresholdSet | None = None) -> list[str]:
    page = browse(index, thresholds or default_thresholds(), wanted, limit=1000)
    return [format_id(row.candidate_id) for row in rows_of(page.rows)]


def test_without_candidates_the_page_says_what_it_will_show(empty: Workspace, rejects_page: RejectsPage) -> None:
    app = rejects_page(empty)
    assert not app.exception
    assert "No candidates yet" in shown(app)
    assert not ids_on_page(app)


def test_the_state_is_told_and_each_reject_is_read_with_its_reasons(
    filled: Workspace, index: Index, rejects_page: RejectsPage
) -> None:
    counts = count_reasons(index, default_thresholds(), CandidateFilter())
    expected = ids_of(index, CandidateFilter())
    app = rejects_page(filled)
    assert not app.exception
    words = shown(app)
    assert f"**{counts.rejected}** rejected of **{counts.candidates}** candidates" in words
    assert f"**{counts.accepted}** accepted" in words
    assert ids_on_page(app) == expected[:PER_PAGE]
    seen = []
    for _turn in range(PER_PAGE + 1):  # over the end of the page
        seen.append(app.query_params["candidate"] if "candidate" in app.query_params else expected[0])
        row = next(row for row in rows_of(browse(index, default_thresholds(), CandidateFilter()).rows)
                   if format_id(row.candidate_id) == seen[-1])  # fmt: skip
        assert seen[-1] in [code.value for code in app.code]
        for reason in row.reasons:
            assert SAID.get(reason, "") in shown(app)
        app.button(key="rejects-next").click().run()
        assert not app.exception
    assert seen == expected[: PER_PAGE + 1]
    assert ids_on_page(app) == expected[PER_PAGE : 2 * PER_PAGE]
    for _turn in range(2):
        app.button(key="rejects-previous").click().run()
    assert ids_on_page(app) == expected[:PER_PAGE]
    assert app.query_params["candidate"] == expected[PER_PAGE - 1]


def test_filters_find_what_they_say_and_live_in_the_address(
    filled: Workspace, index: Index, rejects_page: RejectsPage
) -> None:
    (job,) = {row.job for row in rows_of(browse(index, default_thresholds(), CandidateFilter()).rows)}
    for wanted, parameters in (
        (CandidateFilter(Status.ACCEPTED, domain="math"), {"status": "accepted", "domain": "math"}),
        (CandidateFilter(reason="code_blocks", job=job), {"reason": "code_blocks", "job": job}),
        (CandidateFilter(reason="incorrect", only=True), {"reason": "incorrect", "only": "1"}),
        (CandidateFilter(Status.ALL, domain="code"), {"status": "all", "domain": "code"}),
        (CandidateFilter(reason="code_blocks", verdict="correct"), {"reason": "code_blocks", "verdict": "correct"}),
    ):
        app = rejects_page(filled, **parameters)
        assert not app.exception
        assert ids_on_page(app) == ids_of(index, wanted)[:PER_PAGE]
        assert app.selectbox(key="rejects-domain").value == (wanted.domain or "")
    app = rejects_page(filled)
    app.selectbox(key="rejects-domain").select("logic").run()
    assert app.query_params["domain"] == "logic"
    assert ids_on_page(app) == ids_of(index, CandidateFilter(domain="logic"))[:PER_PAGE]
    app.button(key="rejects-page-more").click().run()
    assert ids_on_page(app) == ids_of(index, CandidateFilter(domain="logic"))[PER_PAGE : 2 * PER_PAGE]
    app.button(key="rejects-show-all").click().run()
    assert "domain" not in app.query_params and "from" not in app.query_params
    assert ids_on_page(app) == ids_of(index, CandidateFilter())[:PER_PAGE]


def test_of_a_rule_those_with_a_correct_answer_can_be_seen(
    filled: Workspace, index: Index, rejects_page: RejectsPage
) -> None:
    app = rejects_page(filled, reason="code_blocks")
    everyone = browse(index, default_thresholds(), CandidateFilter(reason="code_blocks")).total
    assert f"**1** of {everyone}" in shown(app)
    app.toggle(key="rejects-correct").set_value(True).run()
    assert app.query_params["verdict"] == "correct"
    wanted = CandidateFilter(reason="code_blocks", verdict="correct")
    counts = count_reasons(index, default_thresholds(), wanted)
    (count,) = [each for each in counts.reasons if each.reason == "code_blocks"]
    assert 0 < count.rejects < everyone
    words = shown(app)
    assert f"**1** of {count.rejects}" in words
    assert f"Correct: **{counts.rejected}** rejected of **{counts.candidates}** candidates" in words
    options = [str(option) for option in app.pills(key="rejects-reason").options]
    assert any(f"**{count.rejects}**" in option for option in options)
    assert not any("Incorrect" in option for option in options)
    app.toggle(key="rejects-correct").set_value(False).run()
    assert "verdict" not in app.query_params and f"**1** of {everyone}" in shown(app)
    app = rejects_page(filled, verdict="undecided")
    assert ids_on_page(app) == ids_of(index, CandidateFilter(verdict="undecided"))[:PER_PAGE]
    app.button(key="rejects-any-verdict").click().run()
    assert ids_on_page(app) == ids_of(index, CandidateFilter())[:PER_PAGE]
    assert "There is no verdict “<b>”" in shown(rejects_page(filled, verdict="<b>"))


def test_a_second_press_goes_on_from_the_first_whatever_was_drawn(
    filled: Workspace, index: Index, rejects_page: RejectsPage
) -> None:
    ids = ids_of(index, CandidateFilter())
    app = rejects_page(filled)
    app.button(key="rejects-next").click().run()
    assert app.query_params["candidate"] == ids[1]
    del app.query_params["candidate"]  # the browser has not heard of it yet
    app.button(key="rejects-next").click().run()
    assert app.query_params["candidate"] == ids[2]
    app.query_params["candidate"] = ids[7]  # the address has moved on, the buttons are still those of before
    app.button(key="rejects-next").click().run()
    assert app.query_params["candidate"] == ids[8]
    app.button(key="rejects-previous").click().run()
    assert app.query_params["candidate"] == ids[7]
    app.selectbox(key="rejects-domain").select("math").run()
    app.button(key="rejects-next").click().run()
    assert app.query_params["candidate"] == ids_of(index, CandidateFilter(domain="math"))[1]


def test_steps_stay_on_the_list_and_turn_its_pages() -> None:
    steps = Steps(((9, 1), (11, 11), (12, 11), (20, 20)), first=11)
    assert steps.from_here(None, 1) == (12, 11)
    assert steps.from_here(11, -1) == (9, 1)
    assert steps.from_here(12, 1) == (20, 20)
    assert steps.from_here(20, 1) is None
    assert steps.from_here(5, 1) == (11, 11)
    assert steps.from_here(5, -1) is None
    assert Steps((), None).from_here(5, 1) is None


def test_a_threshold_set_changes_who_is_rejected(filled: Workspace, index: Index, rejects_page: RejectsPage) -> None:
    strict = ThresholdSet("strict", (ThresholdRule("too_long", "reasoning_tokens", max=100),))
    save_thresholds(filled, strict)
    app = rejects_page(filled, set="strict", reason="too_long")
    assert not app.exception
    assert ids_on_page(app) == ids_of(index, CandidateFilter(reason="too_long"), strict)[:PER_PAGE]
    assert "at most 100 wanted" in shown(app)
    app = rejects_page(filled, set="strict", reason="mixed_language")  # of another set
    assert "There is no reason “mixed_language” under these thresholds" in shown(app)
    (filled.thresholds / "strict.toml").write_text("rules = 3")
    app = rejects_page(filled, set="strict")
    assert not app.exception
    assert "the default ones are used instead" in shown(app)
    assert ids_on_page(app) == ids_of(index, CandidateFilter())[:PER_PAGE]


def test_a_link_to_a_candidate_opens_it(filled: Workspace, index: Index, rejects_page: RejectsPage) -> None:
    rejected, accepted = ids_of(index, CandidateFilter())[5], ids_of(index, CandidateFilter(Status.ACCEPTED))[3]
    app = rejects_page(filled, candidate=rejected)
    assert ids_on_page(app)[0] == rejected and rejected in [code.value for code in app.code]
    app = rejects_page(filled, candidate=accepted)
    assert "It is not among those listed." in shown(app)
    assert "**Accepted**: correct, and within every threshold" in shown(app)
    for address in ({"candidate": "0000000000000001"}, {"candidate": "<b>x</b>"}, {"status": "*x*", "from": "-"}):
        app = rejects_page(filled, **address)
        assert not app.exception
        assert ids_on_page(app)
        assert any(next(iter(address.values())) in text.value for text in app.text)


def test_where_nothing_matches_the_page_says_so(filled: Workspace, rejects_page: RejectsPage) -> None:
    app = rejects_page(filled, reason="error")
    assert not app.exception
    assert "No candidate matches all of these filters." in shown(app)
    app.button(key="rejects-drop-filters").click().run()
    assert ids_on_page(app)
    assert "Every candidate is scored." in shown(rejects_page(filled, status="unscored"))


def test_a_damaged_shard_leaves_the_rest_readable(workspace: Workspace, rejects_page: RejectsPage) -> None:
    prompts = [question(number) for number in range(2)]
    write_prompts(workspace, "made", prompts)
    responses = [
        Response(prompt, verdict="incorrect", text=f"<think>why {prompt.reference}</think>1") for prompt in prompts
    ]
    job = sampled(workspace, responses, shards=2)
    app = rejects_page(workspace)
    assert "why 0" in shown(app) and "why 1" in shown(app)
    # the list starts with the chosen candidate: break the first one's shard, so that the other stays in sight
    at = min((0, 1), key=lambda number: id_of(job, responses[number]))
    shard = next(job.shards.glob(f"candidates-00{at}-*"))
    stamp = shard.stat()
    content = bytearray(shard.read_bytes())
    content[4 : len(content) // 2] = bytes(len(content) // 2 - 4)  # the size stays, and with it the index
    shard.write_bytes(content)
    assert shard.stat().st_size == stamp.st_size
    broken, whole = (format_id(id_of(job, responses[number])) for number in (at, 1 - at))
    from streamlit import cache_data

    cache_data.clear()
    app.query_params["candidate"] = broken
    app.run()
    assert not app.exception
    assert "The text of this candidate cannot be read" in shown(app)
    assert "The text cannot be read." in shown(app) and f"why {1 - at}" in shown(app)
    assert "the answer that was found is not the reference" in shown(app)
    app.button(key=f"rejects-choose-{whole}").click().run()
    assert "The text of this candidate cannot be read" not in shown(app)


def row(**measures: float) -> CandidateRow:
    return CandidateRow(1, 2, "job", 0, "math", "sums", "en", "correct", "stop", (), measures)


def test_reasons_are_told_with_value_and_bound() -> None:
    language = ThresholdRule("mixed_language", "target_word_ratio", min=0.98)
    words = "83 % of the words are in the target language, at least 98 % wanted"
    assert reason_in_words("mixed_language", language, row(target_word_ratio=0.83)) == words
    for value, said in ((0.9799, "97.99 %"), (0.976, "97.6 %"), (0.97, "97 %")):
        assert reason_in_words("mixed_language", language, row(target_word_ratio=value)).startswith(f"{said} of")
    between = ThresholdRule("length", "reasoning_tokens", min=10, max=2000)
    assert reason_in_words("length", between, row(reasoning_tokens=2001)).endswith("2,001 tokens, 10 to 2,000 wanted")
    assert bound_in_words(ThresholdRule("code", "code_blocks", max=0)) == "none"
    assert bound_in_words(ThresholdRule("whole", "well_formed", min=1)) == "yes"
    assert bound_in_words(ThresholdRule("loops", "repetition", max=0.125)) == "at most 12.5 %"


def test_first_words_are_one_short_line() -> None:
    assert first_words("<think>\n one\n two\x1b </think>x") == "one two"
    assert first_words("<think> </think> the answer") == "the answer"
    assert first_words("<think>" + "汉" * 100) == "汉" * 32 + "…"
    assert first_words("") == ""


def test_downloads_hold_every_field_and_no_formula() -> None:
    records = [
        {"id": "1", "text": "=1+1\nx", "reasons": ["a"], "value": -0.5},
        {"id": "2", "text": None, "reasons": [], "value": 1},
    ]
    assert [json.loads(line) for line in as_jsonl(records).decode().splitlines()] == records
    lines = as_csv(records).decode("utf-8-sig")
    assert lines.startswith("id,text,reasons,value\r\n")
    assert '"\'=1+1\nx"' in lines and "-0.5" in lines


@pytest.mark.browser
def test_in_a_browser_the_marks_are_right_and_nothing_that_is_read_acts(
    workspace: Workspace, visit: Callable[..., Visit]
) -> None:
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE_S * 1000)
    prompts = [question(number) for number in range(2)]
    write_prompts(workspace, "made", prompts)
    responses = [
        Response(prompts[0], text=MIXED, detail=HOSTILE, target_word_ratio=0.5),
        Response(prompts[1], text=LONG, verdict="incorrect"),
    ]
    job = sampled(workspace, responses)
    mixed, long = (format_id(id_of(job, response)) for response in responses)
    with serve(workspace.folder) as app:
        visited = visit(f"{app.url}/rejects?candidate={mixed}&from={'0' * 16}")
        page = visited.page
        pane = page.locator("[class*=st-key-rejects-pane]")
        expect(pane.get_by_text("Reasoning", exact=True)).to_be_visible()
        marks = pane.locator("section mark").all_inner_texts()
        assert "".join(marks) == "𠀀因此"
        expect(pane.locator(".reasoning")).to_contain_text("<img src=x onerror='window.pwned=1'> **bold** $x$ :red[")
        assert pane.locator(".sign").all_inner_texts() == ["ESC", "U+202E"]
        expect(pane.locator(".answer")).to_contain_text("<script>window.pwned=1</script> 42")
        page.keyboard.press("j" if mixed < long else "k")
        expect(pane.locator(".foot")).to_contain_text("20,000 of")
        pane.get_by_role("button", name="Show more").click()
        expect(pane.locator(".foot")).to_contain_text("80,000 of")
        scroller = pane.get_by_role("region")
        scroller.focus()
        page.keyboard.press("End")
        expect(pane.get_by_role("button", name="Show more")).to_be_in_viewport()
        assert page.evaluate("window.pwned") is None
        assert visited.strangers == []
