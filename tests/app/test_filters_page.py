"""The Filters page keeps a draft beside the saved set, counts what it would do, and writes a file only when told to."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from components.filters.draft_in_url import apply_changes, write_changes
from components.filters.histogram import histogram_figure, reach, slider_values
from components.filters.sets import first_bound
from components.measure_words import measure_definition, measure_phrase
from curation import Workspace
from curation.browsing import CandidateFilter, browse
from curation.funnel import funnel
from curation.histograms import Histogram, edges_of
from curation.index import Index
from curation.measures import MEASURES
from curation.thresholds import (
    THRESHOLD_MEASURES,
    ThresholdRule,
    ThresholdSet,
    default_thresholds,
    list_thresholds,
    load_thresholds,
    save_thresholds,
)
from tests.app.conftest import Visit, serve
from tests.app.filled_workspace import running
from tests.app.words import shown

OpenApp = Callable[[Path], AppTest]


@pytest.fixture
def filters_page(open_app: OpenApp) -> Callable[..., AppTest]:
    def go(workspace: Workspace, **parameters: str) -> AppTest:
        app = open_app(workspace.folder)
        for name, value in parameters.items():
            app.query_params[name] = value
        return app.switch_page("pages/filters.py").run()

    return go


def of(widgets: Any, rule: str, part: str, name: str = "default") -> Any:
    """The widget of a rule; a number at the end of its key counts how often it was made anew."""
    wanted = re.compile(re.escape(f"filters-{name}-{rule}-{part}") + r"(-\d+)?")
    found = [each for each in widgets if wanted.fullmatch(str(each.key))]
    assert len(found) == 1, f"{wanted.pattern}: {[each.key for each in widgets]}"
    return found[0]


def accepted(workspace: Workspace, thresholds: ThresholdSet) -> int:
    with Index.open(workspace) as index:
        index.refresh()
        return funnel(index, thresholds).accepted


def but(rules: ThresholdSet, name: str, **changes: object) -> ThresholdSet:
    return ThresholdSet(
        rules.name,
        tuple(replace(rule, **changes) if rule.name == name else rule for rule in rules.rules),  # type: ignore[arg-type]
    )


def test_without_candidates_it_says_what_it_will_show(empty: Workspace, filters_page: Callable[..., AppTest]) -> None:
    app = filters_page(empty)
    assert not app.exception
    assert "No candidates yet" in shown(app)


def test_a_moved_bound_is_counted_and_not_written(filled: Workspace, filters_page: Callable[..., AppTest]) -> None:
    saved = default_thresholds()
    app = filters_page(filled)
    assert not app.exception
    assert f"**{accepted(filled, saved):,}** of 160" in shown(app)
    assert app.button(key="filters-save").disabled
    of(app.number_input, "long_paragraph", "max").set_value(2000).run()
    draft = but(saved, "long_paragraph", max=2000.0)
    more = accepted(filled, draft) - accepted(filled, saved)
    assert more > 0
    assert f"Draft of “default”: **{accepted(filled, draft):,}** of 160" in shown(app)
    assert f"**+{more}** against the saved set" in shown(app)
    assert of(app.select_slider, "long_paragraph", "max-slider").value == 2000
    assert f"Now accepted · {more}" in str(app.segmented_control(key="changed_side").options)
    assert "1,800" in shown(app)  # why they were rejected
    assert list_thresholds(filled) == []


def test_the_slider_moves_the_bound_and_save_writes_it(filled: Workspace, filters_page: Callable[..., AppTest]) -> None:
    app = filters_page(filled)
    of(app.select_slider, "repetition", "max-slider").set_value(0.6).run()
    assert of(app.number_input, "repetition", "max").value == 0.6
    of(app.toggle, "mixed_language", "on").set_value(False).run()
    app.button(key="filters-save").click().run()
    assert not app.exception
    expected = but(but(default_thresholds(), "repetition", max=0.6), "mixed_language", enabled=False)
    assert load_thresholds(filled) == expected
    assert f"“default” as saved: **{accepted(filled, expected):,}**" in shown(app)
    assert "switched off" in shown(app)


def test_the_draft_outlives_a_change_of_page_until_it_is_reverted(
    filled: Workspace, filters_page: Callable[..., AppTest]
) -> None:
    app = filters_page(filled)
    of(app.number_input, "code_blocks", "max").set_value(1).run()
    app.switch_page("pages/jobs.py").run()
    app.switch_page("pages/filters.py").run()
    assert of(app.number_input, "code_blocks", "max").value == 1
    assert "Draft of" in shown(app)
    app.button(key="filters-revert").click().run()
    assert of(app.number_input, "code_blocks", "max").value == 0
    assert "Draft of" not in shown(app)


def test_save_as_makes_a_set_of_its_own_and_goes_on_with_it(
    filled: Workspace, filters_page: Callable[..., AppTest]
) -> None:
    app = filters_page(filled)
    of(app.number_input, "code_blocks", "max").set_value(1).run()
    for bad, message in (("a/b", "cannot name a threshold set"), ("Default", "already"), ("", "cannot name")):
        app.text_input(key="filters-save-as-name").set_value(bad).run()
        app.button(key="filters-save-as-now").click().run()
        assert not app.exception
        assert message in shown(app)
    app.text_input(key="filters-save-as-name").set_value("looser 2").run()
    app.button(key="filters-save-as-now").click().run()
    assert not app.exception
    assert load_thresholds(filled, "looser 2").rules == but(default_thresholds(), "code_blocks", max=1.0).rules
    assert "default" not in list_thresholds(filled)
    assert app.query_params["set"] == "looser 2"
    assert "“looser 2” as saved" in shown(app)
    assert of(app.number_input, "code_blocks", "max", "looser 2").value == 1


def test_a_set_in_the_address_is_the_one_that_is_shown(filled: Workspace, filters_page: Callable[..., AppTest]) -> None:
    save_thresholds(filled, ThresholdSet("none at all", ()))
    app = filters_page(filled, set="none at all")
    assert not app.exception
    assert "“none at all” as saved" in shown(app)
    app.switch_page("pages/jobs.py").run()
    app.query_params.clear()
    app.switch_page("pages/filters.py").run()
    assert "“none at all” as saved" in shown(app)  # still on the desk
    assert app.query_params["set"] == "none at all"
    app = filters_page(filled, set="<b>unknown</b>")
    assert not app.exception
    assert "“default” as saved" in shown(app) and "There is no set called" in shown(app)


def test_rules_are_added_limited_to_domains_moved_and_removed(
    filled: Workspace, filters_page: Callable[..., AppTest]
) -> None:
    app = filters_page(filled)
    app.selectbox(key="filters-new-measure").set_value("reasoning_tokens").run()
    app.text_input(key="filters-new-name").set_value("correct").run()
    app.button(key="filters-add-now").click().run()
    assert "cannot be called like a verdict" in shown(app)
    app.text_input(key="filters-new-name").set_value("too_long").run()
    app.button(key="filters-add-now").click().run()
    assert not app.exception
    of(app.number_input, "too_long", "max").set_value(200).run()
    of(app.pills, "too_long", "domains").set_value(["math", "logic"]).run()
    of(app.button, "too_long", "up").click().run()
    of(app.button, "repetition", "remove").click().run()
    of(app.segmented_control, "too_long", "kind").set_value("both").run()
    of(app.number_input, "too_long", "min").set_value(50).run()
    assert not app.exception
    of(app.number_input, "too_long", "min").set_value(500).run()
    assert "above max 200" in shown(app)  # told in place, and not taken
    assert of(app.select_slider, "too_long", "min-slider").value == 50
    app.button(key="filters-save").click().run()
    rules = load_thresholds(filled).rules
    assert [rule.name for rule in rules] == [
        "malformed", "truncated", "mixed_language", "long_paragraph", "code_blocks", "too_long",
    ]  # fmt: skip
    assert rules[-1] == ThresholdRule("too_long", "reasoning_tokens", min=50, max=200, domains=("math", "logic"))


def test_a_rule_on_a_yes_or_no_measure_can_be_turned_round(
    filled: Workspace, filters_page: Callable[..., AppTest]
) -> None:
    app = filters_page(filled)
    of(app.segmented_control, "malformed", "kept").set_value(0).run()
    app.button(key="filters-save").click().run()
    assert not app.exception
    assert load_thresholds(filled).rules[0] == ThresholdRule("malformed", "well_formed", max=0)


def test_changes_are_listed_page_by_page(filled: Workspace, filters_page: Callable[..., AppTest]) -> None:
    app = filters_page(filled)
    of(app.number_input, "mixed_language", "min").set_value(0.0).run()
    of(app.number_input, "code_blocks", "max").set_value(5).run()
    app.button(key="filters-next").click().run()
    assert not app.exception
    assert int(app.query_params["changed_from"], 16) > 0
    app.button(key="filters-previous").click().run()
    assert app.button(key="filters-previous").disabled
    app.segmented_control(key="changed_side").set_value("rejected").run()
    assert "None." in shown(app)


def test_somebody_elses_save_is_told_before_it_is_replaced(
    filled: Workspace, filters_page: Callable[..., AppTest]
) -> None:
    app = filters_page(filled)
    of(app.number_input, "code_blocks", "max").set_value(1).run()
    save_thresholds(filled, but(default_thresholds(), "repetition", max=0.4))
    app.run()
    assert not app.exception
    assert "Somebody else saved this set" in shown(app)
    assert "Draft of" in shown(app)


@pytest.mark.parametrize("name", ["default", "strict"])
def test_a_broken_file_is_told_in_place_with_what_to_do(
    filled: Workspace, filters_page: Callable[..., AppTest], name: str
) -> None:
    filled.thresholds.mkdir(exist_ok=True)
    broken = filled.thresholds / f"{name}.toml"
    broken.write_text('[[rules]]\nname = "x"\nmeasure = "beauty"\nmin = 1\n', "utf-8")
    app = filters_page(filled, set=name)
    assert not app.exception
    words = shown(app)
    assert "cannot be read" in words and f"{name}.toml: rule 1" in words and "'beauty' is no measure" in words
    app.button(key="filters-anew-now").click().run()
    assert not app.exception
    assert load_thresholds(filled, name).rules == default_thresholds().rules
    assert "beauty" in (filled.thresholds / f"{name}.toml.broken").read_text("utf-8")
    assert f"“{name}” as saved" in shown(app)


def test_while_something_runs_the_draft_stays(filled: Workspace, filters_page: Callable[..., AppTest]) -> None:
    running(filled)
    app = filters_page(filled)
    of(app.number_input, "code_blocks", "max").set_value(1).run()
    app.run()
    assert not app.exception
    assert of(app.number_input, "code_blocks", "max").value == 1
    assert of(app.select_slider, "code_blocks", "max-slider").value == 1


def test_hand_written_bounds_of_any_size_can_be_shown(filled: Workspace, filters_page: Callable[..., AppTest]) -> None:
    rules = (
        ThresholdRule("a", "repetition", min=-1, max=7.5),
        ThresholdRule("b", "longest_paragraph", min=-5, max=1e15),
        ThresholdRule("c", "truncated", min=0, max=1, domains=("general", "math")),
        ThresholdRule("d", "code_blocks", max=1.5, enabled=False),
        ThresholdRule("e", "foreign_words", min=3, max=3),
    )
    save_thresholds(filled, ThresholdSet("default", rules))
    app = filters_page(filled)
    assert not app.exception
    assert load_thresholds(filled).rules == rules


def test_every_measure_has_words_and_a_first_bound() -> None:
    assert set(THRESHOLD_MEASURES) == set(MEASURES)
    for measure in THRESHOLD_MEASURES:
        assert measure_phrase(measure) and measure_definition(measure)
        empty = Histogram(measure, edges_of(measure), {})
        rule = first_bound("new", measure, empty)
        assert (rule.min is None) != (rule.max is None)
        shown_bins = reach(empty, [rule])
        values = slider_values(empty, shown_bins, [rule])
        assert len(values) >= 2 and values == sorted(values)
        assert histogram_figure(empty, rule, shown_bins).data[0].y is not None


def test_the_bars_beyond_the_bound_are_faint() -> None:
    counts = [0] * len(edges_of("code_blocks"))
    counts[:3] = 100, 9, 4
    histogram = Histogram("code_blocks", edges_of("code_blocks"), {"math": tuple(counts)})
    rule = ThresholdRule("few", "code_blocks", max=1)
    figure = histogram_figure(histogram, rule, reach(histogram, [rule]))
    assert list(figure.data[0].y)[:4] == [10, 3, 2, 0]
    colours = list(figure.data[0].marker.color)
    assert colours[0] == colours[1] != colours[2]
    assert figure.layout.shapes[0].x0 == 1  # between the bar of 1 and the bar of 2


@pytest.mark.browser
def test_quick_presses_all_count_and_nothing_else_moves(filled: Workspace, visit: Callable[..., Visit]) -> None:
    with serve(filled.folder) as app:
        page = visit(f"{app.url}/filters").page
        slider = page.locator("[class*=st-key-filters-default-repetition-max-slider] input[type=range]")
        slider.focus()
        for _press in range(6):
            page.keyboard.press("ArrowLeft")
        page.get_by_text("Draft of").wait_for()
        page.locator(".st-key-filters-default-repetition-max-slider-0 input[aria-valuetext='0.35']").wait_for()
        page.locator("[class*=st-key-filters-default-repetition-max-] input[type=number][value='0.35']").wait_for()
        page.locator(".st-key-filters-save button").click()
        page.get_by_text("“default” as saved").wait_for()
    assert load_thresholds(filled) == but(default_thresholds(), "repetition", max=0.35)


@pytest.mark.browser
def test_a_reload_keeps_the_draft_and_the_way_back_leads_through_it(
    filled: Workspace, visit: Callable[..., Visit]
) -> None:
    with serve(filled.folder) as app:
        page = visit(f"{app.url}/filters?draft=repetition.max.0.4").page
        bound = "[class*=st-key-filters-default-repetition-max-] input[type=number][value='{}']"
        page.locator(bound.format("0.4")).wait_for()
        page.locator(bound.format("0.4")).fill("0.3")
        page.keyboard.press("Enter")
        page.wait_for_url("**/filters?draft=repetition.max.0.3")
        page.reload()
        page.locator(bound.format("0.3")).wait_for()
        page.go_back()
        page.locator(bound.format("0.4")).wait_for()
        page.go_forward()
        page.locator(bound.format("0.3")).wait_for()
        page.locator(".st-key-filters-revert button").click()
        page.wait_for_url("**/filters")
        page.reload()
        page.get_by_text("“default” as saved").wait_for()


def test_the_links_lead_to_as_many_rejects_as_they_say(filled: Workspace, filters_page: Callable[..., AppTest]) -> None:
    app = filters_page(filled)
    with Index.open(filled) as index:
        index.refresh()
        steps = {step.rule: step for step in funnel(index, default_thresholds()).steps}
    links = [link.proto for link in app.get("page_link")]
    for name, step in steps.items():
        for said, only in ((step.rejects, ""), (step.only, "&only=1")):
            address = f"reason={name}&verdict=correct{only}"
            (link,) = [each for each in links if each.query_string == address]
            assert f"**{said}**" in link.label and "draft" not in link.help
            with Index.open(filled) as index:
                index.refresh()
                wanted = CandidateFilter(reason=name, verdict="correct", only=bool(only))
                assert browse(index, default_thresholds(), wanted).total == said
    of(app.number_input, "code_blocks", "max").set_value(1).run()
    links = [link.proto for link in app.get("page_link") if "reason=" in link.proto.query_string]
    assert links and all("as the set is saved" in link.help for link in links)


def test_a_draft_is_in_the_address_and_outlives_a_reload(
    filled: Workspace, filters_page: Callable[..., AppTest]
) -> None:
    app = filters_page(filled)
    assert "draft" not in app.query_params
    of(app.number_input, "long_paragraph", "max").set_value(300).run()
    of(app.toggle, "mixed_language", "on").set_value(False).run()
    address = "mixed_language.enabled.0~long_paragraph.max.300"
    assert app.query_params["draft"] == address
    draft = but(but(default_thresholds(), "long_paragraph", max=300.0), "mixed_language", enabled=False)
    app = filters_page(filled, draft=address)  # another session, as after a reload or at a colleague's
    assert not app.exception
    assert f"Draft of “default”: **{accepted(filled, draft):,}** of 160" in shown(app)
    assert of(app.number_input, "long_paragraph", "max").value == 300
    app.query_params["draft"] = "mixed_language.enabled.0"  # from before the last change, as a quick second click sends
    of(app.number_input, "code_blocks", "max").set_value(1).run()
    assert app.query_params["draft"] == f"{address}~code_blocks.max.1"
    app.button(key="filters-revert").click().run()
    assert "draft" not in app.query_params and "Draft of" not in shown(app)
    app = filters_page(filled, draft=address)
    app.button(key="filters-save").click().run()
    assert "draft" not in app.query_params
    assert load_thresholds(filled) == draft
    assert "“default” as saved" in shown(filters_page(filled, draft=address))  # it changes nothing any more


def test_a_draft_in_the_address_is_of_the_set_beside_it(
    filled: Workspace, filters_page: Callable[..., AppTest]
) -> None:
    save_thresholds(filled, ThresholdSet("strict", default_thresholds().rules))
    app = filters_page(filled, set="strict", draft="repetition.removed.1")
    assert "Draft of “strict”" in shown(app)
    app.selectbox(key="filters-set-0").set_value("default").run()
    assert "“default” as saved" in shown(app) and "draft" not in app.query_params
    app.selectbox(key="filters-set-0").set_value("strict").run()
    assert app.query_params["draft"] == "repetition.removed.1"
    app = filters_page(filled, set="gone", draft="repetition.removed.1")
    assert "“default” as saved" in shown(app) and "It is of a set that is not here." in shown(app)


@pytest.mark.parametrize(
    "written",
    [
        "", "~", "x", "<img src=x onerror=alert(1)> **bold** $x$", "long_paragraph.max.many", "long_paragraph.max.nan",
        "long_paragraph.max.", "nothing.max.3", "nothing.removed.1", "repetition.enabled.2", "new.measure.beauty",
        "new.measure.repetition", "a/b.measure.repetition~a/b.max.1", "repetition.place.0", "repetition.place.9e9",
        "repetition.domains.moon", "repetition.max.1e999", "correct.measure.repetition~correct.max.1",
        "repetition.place." + "9" * 5000, "~".join(f"r{n}.measure.repetition~r{n}.max.1" for n in range(100)),
    ],
)  # fmt: skip
def test_a_wrong_draft_in_the_address_is_left_out_and_told(
    filled: Workspace, filters_page: Callable[..., AppTest], written: str
) -> None:
    app = filters_page(filled, draft=written)
    assert not app.exception
    assert "“default” as saved" in shown(app)
    assert any("The draft in the address is left out" in text.value and len(text.value) < 300 for text in app.text)
    assert "draft" not in app.query_params
    of(app.number_input, "code_blocks", "max").set_value(1).run()
    assert "is left out" not in shown(app)


def test_every_draft_can_be_written_and_read_back() -> None:
    chosen = random.Random(3)
    names = ["a", "a.max", "long paragraph", "x_1-y", "规则", "a.place.2", "b.removed"]

    def made() -> ThresholdSet:
        rules = []
        for name in chosen.sample(names, chosen.randrange(len(names) + 1)):
            low, high = sorted(chosen.choice([-1.5, 0.1 + 0.2, 3.0, 1e16, 1e-7]) for _side in range(2))
            sides = {"min": low, "max": high}
            sides.pop(chosen.choice(["min", "max", "neither"]), None)
            domains = tuple(chosen.sample(["math", "code", "stem"], chosen.randrange(3)))
            measure = chosen.choice(["repetition", "code_blocks"])
            rules.append(ThresholdRule(name, measure, domains=domains, enabled=chosen.random() < 0.7, **sides))
        return ThresholdSet("made", tuple(rules))

    for _turn in range(2000):
        saved, draft = made(), made()
        text = write_changes(saved, draft)
        assert (text == "") == (saved == draft)
        assert not text or apply_changes(saved, text) == draft, text
    assert write_changes(default_thresholds(), ThresholdSet("default", default_thresholds().rules[::-1][:2])).endswith(
        "~repetition.place.1"
    )
