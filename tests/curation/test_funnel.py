"""The funnel counts what counting by hand counts, and every reject carries its reasons."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from curation import Workspace
from curation.browsing import CandidateFilter, browse
from curation.errors import InputError
from curation.funnel import Counts, FunnelStep, funnel
from curation.index import Index
from curation.jobs import Job
from curation.selection import SelectionConfig
from curation.thresholds import ThresholdRule, ThresholdSet
from tests.curation.index.rows import Response, id_of, new_job, question, sampled, write_candidates, write_prompts

RULES = ThresholdSet(
    "made",
    (
        ThresholdRule("mixed_language", "target_word_ratio", min=0.95),
        ThresholdRule("long_paragraph", "longest_paragraph", max=100, domains=("math", "stem")),
        ThresholdRule("switched_off", "longest_paragraph", max=0, enabled=False),
        ThresholdRule("broken", "well_formed", min=1),
        ThresholdRule("truncated", "truncated", max=0),
    ),
)


def reasons_by_hand(response: Response) -> list[str]:
    reasons = [] if response.verdict == "correct" else [response.verdict]
    if response.target_word_ratio < 0.95:
        reasons.append("mixed_language")
    if response.longest_paragraph > 100 and response.prompt.domain in ("math", "stem"):
        reasons.append("long_paragraph")
    if not response.well_formed:
        reasons.append("broken")
    if response.finish_reason == "length":
        reasons.append("truncated")
    return reasons


def _responses() -> list[Response]:
    chosen = random.Random(5)
    domains = ["math", "code", "stem", "logic", "general"]
    prompts = [question(number, domains[number % 5]) for number in range(40)]
    return [
        Response(
            prompt,
            sample,
            text=f"<think>{chosen.randrange(3)}</think>{prompt.reference}",
            finish_reason=chosen.choice(["stop", "stop", "stop", "length"]),
            verdict=chosen.choice(["correct", "correct", "correct", "incorrect", "undecided", "error"]),
            target_word_ratio=chosen.choice([1.0, 0.95, 0.9]),  # 0.95 itself passes
            longest_paragraph=chosen.choice([10, 100, 101]),
            well_formed=chosen.random() < 0.9,
        )
        for prompt in prompts
        for sample in range(6)
    ]


RESPONSES = _responses()


@pytest.fixture
def job(workspace: Workspace) -> Job:
    write_prompts(workspace, "train", list(dict.fromkeys(response.prompt for response in RESPONSES)))
    job = sampled(workspace, RESPONSES)
    held_out = [question(number, split="held_out") for number in range(100, 110)]
    write_prompts(workspace, "test", held_out)
    sampled(workspace, [Response(prompt) for prompt in held_out])
    write_candidates(new_job(workspace), "unscored", [Response(RESPONSES[0].prompt, sample) for sample in range(3)])
    return job


@pytest.fixture
def index(workspace: Workspace, job: Job) -> Iterator[Index]:
    with Index.open(workspace) as index:
        index.refresh()
        yield index


@pytest.mark.parametrize("deduplicate", [True, False])
def test_the_funnel_counts_what_counting_by_hand_counts(index: Index, deduplicate: bool) -> None:
    result = funnel(index, RULES, SelectionConfig(cap=2, deduplicate=deduplicate))

    def by_hand(responses: list[Response], unscored: int) -> Counts:
        accepted = [response for response in responses if not reasons_by_hand(response)]
        kept: dict[int, list[str]] = {}
        for response in accepted:
            if response.prompt.domain == "general":  # goes into no mix: general data comes ready
                continue
            texts = kept.setdefault(response.prompt.prompt_id, [])
            if not (deduplicate and response.text in texts):
                texts.append(response.text)
        verdicts = [response.verdict for response in responses]
        return Counts(
            prompts=len({response.prompt for response in responses}),
            candidates=len(responses) + unscored,
            scored=len(responses),
            correct=verdicts.count("correct"),
            incorrect=verdicts.count("incorrect"),
            undecided=verdicts.count("undecided"),
            error=verdicts.count("error"),
            accepted=len(accepted),
            selected=sum(min(2, len(texts)) for texts in kept.values()),
        )

    total = by_hand(RESPONSES, 3)
    assert {name: getattr(result, name) for name in Counts.__slots__} == {
        name: getattr(total, name) for name in Counts.__slots__
    }
    assert result.by_domain == {
        domain: by_hand([response for response in RESPONSES if response.prompt.domain == domain], unscored)
        for domain, unscored in (("math", 3), ("code", 0), ("stem", 0), ("logic", 0), ("general", 0))
    }
    correct = [reasons_by_hand(response) for response in RESPONSES if response.verdict == "correct"]
    names = ["mixed_language", "long_paragraph", "broken", "truncated"]
    assert result.steps == tuple(
        FunnelStep(
            name,
            rejects=sum(name in reasons for reasons in correct),
            only=sum(reasons == [name] for reasons in correct),
            remaining=sum(not set(reasons) & set(names[: position + 1]) for reasons in correct),
        )
        for position, name in enumerate(names)
    )
    assert result.steps[-1].remaining == result.accepted


def test_without_rules_every_correct_candidate_is_accepted(index: Index) -> None:
    result = funnel(index, ThresholdSet("none", ()))
    assert result.accepted == result.correct > 0
    assert result.steps == ()


def test_an_empty_workspace_has_an_empty_funnel(workspace: Workspace) -> None:
    with Index.open(workspace) as index:
        index.refresh()
        result = funnel(index, RULES)
        assert (result.candidates, result.accepted, result.selected, result.by_domain) == (0, 0, 0, {})
        page = browse(index, RULES, CandidateFilter())
        assert (page.total, page.rows.num_rows, page.next) == (0, 0, None)


@pytest.mark.parametrize("reason", [None, "incorrect", "long_paragraph", "truncated"])
@pytest.mark.parametrize("domain", [None, "stem"])
def test_every_reject_is_on_one_page_with_its_reasons(
    index: Index, job: Job, reason: str | None, domain: str | None
) -> None:
    expected = {
        id_of(job, response): reasons_by_hand(response)
        for response in RESPONSES
        if (reasons_by_hand(response) if reason is None else reason in reasons_by_hand(response))
        and domain in (None, response.prompt.domain)
    }
    found: dict[int, list[str]] = {}
    start = None
    while True:
        page = browse(index, RULES, CandidateFilter(reason=reason, domain=domain, job=job.id), start=start, limit=13)
        assert page.total == len(expected)
        assert page.rows.num_rows <= 13
        for row in page.rows.to_pylist():
            assert row["candidate_id"] not in found
            found[row["candidate_id"]] = row["reasons"]
        start = page.next
        if start is None:
            break
    assert list(found) == sorted(expected)
    assert found == expected


def test_a_reason_that_is_none_is_refused(index: Index) -> None:
    with pytest.raises(InputError, match="'switched_off' is no reason"):
        browse(index, RULES, CandidateFilter(reason="switched_off"))
    with pytest.raises(InputError, match="'maths' is no domain"):
        browse(index, RULES, CandidateFilter(domain="maths"))
    assert browse(index, RULES, CandidateFilter(job="'; DROP TABLE scores; --")).total == 0
