"""Threshold sets survive the file and back, and a rule that cannot be is refused with its file and its name."""

from __future__ import annotations

import pytest

from curation import Workspace
from curation.errors import InputError
from curation.thresholds import (
    ThresholdRule,
    ThresholdSet,
    default_thresholds,
    list_thresholds,
    load_thresholds,
    save_thresholds,
)


def test_a_set_comes_back_as_it_was_saved(workspace: Workspace) -> None:
    thresholds = ThresholdSet(
        "strict",
        (
            ThresholdRule("mixed_language", "target_word_ratio", min=0.99, domains=("math", "code")),
            ThresholdRule("long", "longest_paragraph", max=800, enabled=False),
            ThresholdRule("length", "reasoning_tokens", min=10, max=4000),
        ),
    )
    save_thresholds(workspace, thresholds)
    assert load_thresholds(workspace, "strict") == thresholds
    assert list_thresholds(workspace) == ["strict"]


def test_the_default_set_is_there_until_somebody_saves_another(workspace: Workspace) -> None:
    assert load_thresholds(workspace) == default_thresholds()
    save_thresholds(workspace, default_thresholds())
    assert load_thresholds(workspace) == default_thresholds()
    save_thresholds(workspace, ThresholdSet("default", ()))
    assert load_thresholds(workspace).rules == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules = 3", "own [[rules]] table"),
        ("[[rules]]\nmeasure = 'repetition'\nmax = 1", "'name' is missing"),
        ("[[rules]]\nname = 'a'\nmeasure = 'repetitions'\nmax = 1", "'repetitions' is no measure"),
        ("[[rules]]\nname = 'a'\nmeasure = 'repetition'", "a min, a max or both"),
        ("[[rules]]\nname = 'a'\nmeasure = 'repetition'\nmax = 'x'", "should be a number"),
        ("[[rules]]\nname = 'a'\nmeasure = 'repetition'\nmax = nan", "leave it out"),
        ("[[rules]]\nname = 'a'\nmeasure = 'repetition'\nmin = 2\nmax = 1", "min 2 is above max 1"),
        ("[[rules]]\nname = 'a'\nmeasure = 'repetition'\nmaximum = 1", "'maximum' is not a setting"),
        ("[[rules]]\nname = 'a'\nmeasure = 'repetition'\nmax = 1\ndomains = ['maths']", "'maths' is no domain"),
        ("[[rules]]\nname = 'a'\nmeasure = 'repetition'\nmax = 1\ndomains = 'math'", "should be a list"),
        ("[[rules]]\nname = 'a'\nmeasure = 'repetition'\nmax = 1\nenabled = 'no'", "true or false"),
        ("[[rules]]\nname = 'incorrect'\nmeasure = 'repetition'\nmax = 1", "like a verdict"),
        ("[[rules]]\nname = 'a'\nmeasure = 'repetition'\nmax = 1\n" * 2, "two rules are called 'a'"),
        ("[[rules]\n", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name(workspace: Workspace, text: str, says: str) -> None:
    (workspace.thresholds / "mine.toml").write_text(text)
    with pytest.raises(InputError) as error:
        load_thresholds(workspace, "mine")
    assert says in str(error.value)
    assert "mine.toml" in str(error.value)


def test_a_missing_set_says_which_there_are(workspace: Workspace) -> None:
    save_thresholds(workspace, ThresholdSet("strict", ()))
    with pytest.raises(InputError, match="there are: strict"):
        load_thresholds(workspace, "strickt")
    with pytest.raises(InputError, match="cannot name"):
        load_thresholds(workspace, "../outside")
