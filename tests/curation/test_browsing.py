"""Looking through candidates finds what looking at every one of them finds, page by page, in every order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from curation import Workspace
from curation.browsing import (
    CandidateFilter,
    Order,
    ReasonCount,
    Status,
    browse,
    count_reasons,
    find_candidate,
    rows_of,
)
from curation.errors import InputError
from curation.index import Index
from curation.jobs import Job
from curation.thresholds import ThresholdRule, ThresholdSet
from tests.curation.index.rows import Response, id_of, new_job, question, sampled, write_candidates, write_prompts

RULES = ThresholdSet(
    "made",
    (
        ThresholdRule("mixed_language", "target_word_ratio", min=0.95),
        ThresholdRule("switched_off", "longest_paragraph", max=0, enabled=False),
        ThresholdRule("long_paragraph", "longest_paragraph", max=100, domains=("math",)),
        ThresholdRule("truncated", "truncated", max=0),
    ),
)
LIMIT = 7


def reasons_by_hand(response: Response) -> list[str]:
    reasons = [] if response.verdict == "correct" else [response.verdict]
    if response.target_word_ratio < 0.95:
        reasons.append("mixed_language")
    if response.longest_paragraph > 100 and response.prompt.domain == "math":
        reasons.append("long_paragraph")
    if response.finish_reason == "length":
        reasons.append("truncated")
    return reasons


def _responses(first: int) -> list[Response]:
    chosen = random.Random(first)
    return [
        Response(
            question(number, ("math", "stem")[number % 2]),
            sample,
            reasoning_tokens=chosen.randrange(5),
            finish_reason=chosen.choice(["stop", "stop", "length"]),
            verdict=chosen.choice(["correct", "correct", "correct", "incorrect", "undecided", "error"]),
            target_word_ratio=chosen.choice([1.0, 0.95, 0.9]),
            longest_paragraph=chosen.choice([10, 100, 101]),
        )
        for number in range(first, first + 8)
        for sample in range(4)
    ]


SCORED = _responses(0)
OTHERS = _responses(4)
UNSCORED = [Response(question(number), sample, reasoning_tokens=3) for number in range(3) for sample in range(2)]
HELD_OUT = question(99, split="held_out")


class Everything:
    """All candidates of the workspace with what each should be, by id."""

    def __init__(self, workspace: Workspace) -> None:
        prompts = {response.prompt for response in (*SCORED, *OTHERS, *UNSCORED)}
        write_prompts(workspace, "train", [*prompts, HELD_OUT])
        self.job: Job = sampled(workspace, SCORED)
        other = sampled(workspace, OTHERS)
        waiting = new_job(workspace)
        write_candidates(waiting, "unscored", UNSCORED)
        held_out = Response(HELD_OUT, verdict="incorrect")
        self.held_out = id_of(sampled(workspace, [held_out]), held_out)
        self.rows: dict[int, tuple[Response, Job, list[str] | None]] = {
            **{id_of(self.job, response): (response, self.job, reasons_by_hand(response)) for response in SCORED},
            **{id_of(other, response): (response, other, reasons_by_hand(response)) for response in OTHERS},
            **{id_of(waiting, response): (response, waiting, None) for response in UNSCORED},
        }

    def matching(self, wanted: CandidateFilter) -> list[int]:
        status: dict[str, Callable[[list[str] | None], bool]] = {
            "rejected": lambda reasons: bool(reasons),
            "accepted": lambda reasons: reasons == [],
            "unscored": lambda reasons: reasons is None,
            "all": lambda reasons: True,
        }
        return [
            identifier
            for identifier, (response, job, reasons) in self.rows.items()
            if status[wanted.status](reasons)
            and wanted.domain in (None, response.prompt.domain)
            and wanted.job in (None, job.id)
            and wanted.prompt in (None, response.prompt.prompt_id)
            and (wanted.verdict is None or (reasons is not None and wanted.verdict == response.verdict))
            and (wanted.reason is None or wanted.reason in (reasons or ()))
            and (not wanted.only or reasons == [wanted.reason])
        ]


@pytest.fixture
def everything(workspace: Workspace) -> Everything:
    return Everything(workspace)


@pytest.fixture
def index(workspace: Workspace, everything: Everything) -> Iterator[Index]:
    with Index.open(workspace) as index:
        index.refresh()
        yield index


def filters(job: str) -> Iterator[CandidateFilter]:
    for status in Status:
        yield CandidateFilter(status)
        yield CandidateFilter(status, domain="stem", job=job)
        yield CandidateFilter(status, prompt=question(2).prompt_id)
        yield CandidateFilter(status, verdict="correct")
        yield CandidateFilter(status, verdict="undecided", domain="math")
    for reason in ("incorrect", "error", "mixed_language", "long_paragraph", "truncated"):
        yield CandidateFilter(reason=reason)
        yield CandidateFilter(reason=reason, only=True)
        yield CandidateFilter(Status.ALL, reason=reason, only=True, domain="math")
        yield CandidateFilter(Status.UNSCORED, reason=reason)
        yield CandidateFilter(reason=reason, verdict="correct")
        yield CandidateFilter(reason=reason, verdict="correct", only=True)
        yield CandidateFilter(Status.ALL, reason=reason, verdict="incorrect", job=job)


def test_every_match_is_on_one_page_and_pages_lead_to_their_neighbours(index: Index, everything: Everything) -> None:
    for wanted in filters(everything.job.id):
        expected = sorted(everything.matching(wanted))
        start, seen, starts = None, [], []
        while True:
            page = browse(index, RULES, wanted, start=start, limit=LIMIT)
            assert (page.total, page.skipped) == (len(expected), len(seen)), wanted
            assert page.before == (seen[-1] if seen else None)
            assert page.previous == (starts[-1] if starts else None)
            for row in rows_of(page.rows):
                response, job, reasons = everything.rows[row.candidate_id]
                assert list(row.reasons) == (reasons or [])
                assert (row.job, row.sample, row.domain) == (job.id, response.sample, response.prompt.domain)
                assert row.verdict == (None if reasons is None else response.verdict)
                assert row.measures["reasoning_tokens"] == response.reasoning_tokens
                seen.append(row.candidate_id)
            starts.append(seen[len(starts) * LIMIT] if seen else 0)
            start = page.next
            if start is None:
                break
        assert seen == expected, wanted


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("measure", ["reasoning_tokens", "target_word_ratio", "truncated"])
def test_a_measure_orders_the_pages_and_unscored_ones_come_last(
    index: Index, everything: Everything, measure: str, descending: bool
) -> None:
    wanted = CandidateFilter(Status.ALL)

    def key(identifier: int) -> tuple[float, int]:
        response, _job, reasons = everything.rows[identifier]
        value = float(response.finish_reason == "length") if measure == "truncated" else getattr(response, measure)
        if measure == "target_word_ratio" and reasons is None:
            return float("inf"), identifier
        return (-value if descending else value), identifier

    start, seen = None, []
    while True:
        page = browse(index, RULES, wanted, order=Order(measure, descending), start=start, limit=LIMIT)
        assert page.skipped == len(seen)
        assert page.before == (seen[-1] if seen else None)
        seen += page.rows.column("candidate_id").to_pylist()
        start = page.next
        if start is None:
            break
    assert seen == sorted(everything.rows, key=key)


def test_a_page_can_start_where_a_candidate_would_stand(index: Index, everything: Everything) -> None:
    accepted = sorted(everything.matching(CandidateFilter(Status.ACCEPTED)))
    rejected = sorted(everything.matching(CandidateFilter()))
    page = browse(index, RULES, CandidateFilter(), start=accepted[2])
    assert page.rows.column("candidate_id").to_pylist() == [each for each in rejected if each > accepted[2]][:50]
    gone = browse(index, RULES, CandidateFilter(), order=Order("repetition"), start=12345)
    assert gone.skipped == 0
    assert browse(index, RULES, CandidateFilter(), start=2**64 - 1).rows.num_rows == 0


def test_reasons_are_counted_over_everything_that_the_place_holds(index: Index, everything: Everything) -> None:
    for wanted in (
        CandidateFilter(),
        CandidateFilter("accepted", domain="math"),
        CandidateFilter(job="no such job"),
        CandidateFilter(verdict="correct"),
        CandidateFilter(verdict="error", domain="stem"),
    ):
        place = {"domain": wanted.domain, "job": wanted.job, "verdict": wanted.verdict}
        counts = count_reasons(index, RULES, wanted)
        for status in Status:
            assert counts.of(status) == len(everything.matching(CandidateFilter(status, **place)))  # type: ignore[arg-type]
        assert counts.reasons == tuple(
            ReasonCount(
                reason,
                len(everything.matching(CandidateFilter(reason=reason, **place))),  # type: ignore[arg-type]
                len(everything.matching(CandidateFilter(reason=reason, only=True, **place))),  # type: ignore[arg-type]
            )
            for reason in ("incorrect", "undecided", "error", "mixed_language", "long_paragraph", "truncated")
        )


def test_one_candidate_is_found_whichever_split_its_prompt_is_of(index: Index, everything: Everything) -> None:
    for identifier, (response, _job, reasons) in list(everything.rows.items())[::9]:
        found = find_candidate(index, RULES, identifier)
        assert found is not None
        assert (found.prompt_id, list(found.reasons)) == (response.prompt.prompt_id, reasons or [])
        assert found.status == ("unscored" if reasons is None else "rejected" if reasons else "accepted")
    held_out = find_candidate(index, RULES, everything.held_out)
    assert held_out is not None
    assert held_out.reasons == ("incorrect",)
    assert find_candidate(index, RULES, 1) is None


def test_a_candidate_whose_prompt_is_missing_is_found(workspace: Workspace) -> None:
    response = Response(question(1))
    job = sampled(workspace, [response])
    with Index.open(workspace) as index:
        index.refresh()
        found = find_candidate(index, RULES, id_of(job, response))
        assert found is not None
        assert (found.domain, found.task) == (None, None)
        assert browse(index, RULES, CandidateFilter(Status.ALL)).total == 0


def test_what_there_is_not_is_refused(index: Index) -> None:
    with pytest.raises(InputError, match="'switched_off' is no reason"):
        browse(index, RULES, CandidateFilter(reason="switched_off"))
    with pytest.raises(InputError, match="'gone' is no status"):
        CandidateFilter("gone")
    with pytest.raises(InputError, match="'maths' is no domain"):
        CandidateFilter(domain="maths")
    with pytest.raises(InputError, match="'right' is no verdict"):
        CandidateFilter(verdict="right")
    with pytest.raises(InputError, match="name the reason"):
        CandidateFilter(only=True)
    with pytest.raises(InputError, match="'1; DROP TABLE scores' is no measure"):
        Order("1; DROP TABLE scores")
    assert browse(index, RULES, CandidateFilter(job="'; DROP TABLE scores; --")).total == 0
