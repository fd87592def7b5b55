"""Texts that a careless page would act on, and a workspace full of them."""

from __future__ import annotations

import json
from itertools import cycle
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from curation import Workspace
from curation.jobs import Job, ShardWriter, create_job
from curation.prompts import import_prompts
from curation.records import CANDIDATE_SCHEMA, SCORE_SCHEMA, candidate_id, response_hash
from tests.app.filled_workspace import STAGE, ended
from training.evaluation import EVALUATION_SCHEMA, FAMILY
from training.evaluation.results import write_results

STRANGER: Final = "http://stranger.example"
KINDS: Final = (
    "<script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned=1'>",
    f"<img src={STRANGER}/pixel.png>",
    "<svg onload='window.pwned=1'><circle r=9></svg>",
    f"<iframe src={STRANGER}></iframe>",
    f"<object data={STRANGER}/x.swf></object>",
    f"<video src={STRANGER}/x.mp4 autoplay></video>",
    "<a href='javascript:window.pwned=1'>press</a>",
    "<body onload=window.pwned=1>",
    "<details open ontoggle=window.pwned=1>x</details>",
    "<input autofocus onfocus=window.pwned=1>",
    "<style>* { display: none !important }</style>",
    f"<style>@import url({STRANGER}/x.css);</style>",
    f"<link rel=stylesheet href={STRANGER}/x.css>",
    f"<base href={STRANGER}/>",
    f"<meta http-equiv=refresh content='0;url={STRANGER}'>",
    f"<form action={STRANGER}><button>send</button></form>",
    f'"><img src={STRANGER}/quoted.png>',
    "</textarea></pre></code><script>window.pwned=1</script>",
    "<template shadowrootmode=open><script>window.pwned=1</script></template>",
    "[press](javascript:window.pwned=1)",
    f"[press]({STRANGER}/markdown)",
    f"![picture]({STRANGER}/markdown.png)",
    f"<{STRANGER}/angle>",
    f"{STRANGER}/bare and www.stranger.example",
    f"[ref]: {STRANGER}/reference\n\n[ref]",
    f"$\\href{{{STRANGER}/tex}}{{x}}$ and $x^2$",
    f"$$\\includegraphics{{{STRANGER}/tex.png}}$$",
    "**bold** _slanted_ ~~struck~~ `code` :red[tint] :blue-background[back]",
    ":material/delete: :smile: :streamlit: :small[x]",
    "# A heading\n\n> a quote\n\n- a list\n\n---\n\n| a | b |\n|---|---|\n| 1 | 2 |",
    "```html\n<script>window.pwned=1</script>\n```",
    "&lt;b&gt; &#x3c;script&#x3e; &amp;amp; %3Cscript%3E",
    "\x1b[31mred\x1b[0m \x07bell \x08back \x00null \x7fdelete",
    "\u202eright to left\u202c \u2066isolated\u2069 \u200bzero\u200dwidth",
    '=HYPERLINK("http://stranger.example","press")',
    "{{7*7}} ${7*7} #{7*7} <%= 7*7 %>",
    "'; DROP TABLE scores; --",
    "../../../etc/passwd",
    "<think>nested</think> </think> <think>",
    "A" * 3_000,
    "👩‍👩‍👧‍👦 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 汉字 עברית ",
)
"""One text of each kind; each would show that a page takes data for markup, script, address or command."""


def fill_hostile(workspace: Workspace) -> dict[str, Job]:
    """Prompts, candidates, an evaluation, failed and noisy jobs, all of whose words are KINDS."""
    questions = workspace.folder.parent / "hostile.jsonl"
    with questions.open("w", encoding="utf-8") as lines:
        for number, kind in enumerate(KINDS):
            kind = "".join(
                sign for sign in kind if sign == "\n" or (sign >= " " and sign != "\x7f")
            )  # imports refuse them
            row = {"question": f"{number}: {kind}", "reference": kind[:500], "domain": "math", "task": kind[:60]}
            lines.write(json.dumps(row) + "\n")
            row = {"question": f"held out {number}: {kind}", "reference": kind[:500], "domain": "logic"}
            lines.write(json.dumps({**row, "split": "held_out"}) + "\n")
    import_prompts(workspace, questions)
    ids = [
        prompt
        for path in sorted(workspace.prompts.glob("*.parquet"))
        for prompt in pq.read_table(path, columns=["prompt_id"])["prompt_id"].to_pylist()
    ]
    sample = ended(create_job(workspace, "sample", STAGE, {"model": KINDS[0], "n": 1, "note": KINDS[1]}))
    _write_candidates(sample, ids)
    models = [{"name": name, "model": f"/models/{name}", "adapter": None} for name in (KINDS[1], KINDS[21])]
    evaluation = ended(create_job(workspace, "evaluate", STAGE, {"models": models, "rules": []}))
    _write_evaluation(evaluation, ids, [model["name"] for model in models])
    training = create_job(workspace, "sft", STAGE, {"base": KINDS[22], "export": KINDS[1], "output": KINDS[20]})
    with (training.folder / "metrics.jsonl").open("w") as rows:
        for step in range(1, 9):
            rows.write(json.dumps({"step": step, "loss": 2 / step, "learning_rate": 1e-3, "grad_norm": 1.0}) + "\n")
    failed = create_job(workspace, "export", STAGE, {"fails": "\n".join(KINDS), "says": "\n".join(KINDS)})
    return {"sample": sample, "evaluate": evaluation, "sft": ended(training), "export": ended(failed)}


def _score(kind: str, verdict: str) -> dict[str, object]:
    return {
        "rule_verdict": verdict,
        "rule_detail": kind[:200],
        "prediction": kind[:500],
        "rule_version": 1,
        "measures_version": 1,
        "target_word_ratio": 0.5,
        "foreign_words": 3,
        "longest_paragraph": 200,
        "code_blocks": 1,
        "code_ratio": 0.1,
        "repetition": 0.0,
        "well_formed": True,
    }


def _write_candidates(job: Job, prompts: list[int]) -> None:
    candidates, scores = [], []
    for prompt, kind, verdict in zip(prompts, cycle(KINDS), cycle(("correct", "incorrect", "undecided", "error"))):
        text = f"<think>\n{kind}\n</think>\n\n{kind}"
        ids = {
            "candidate_id": candidate_id(job.id, prompt, 0),
            "prompt_id": prompt,
            "response_hash": response_hash(text),
        }
        about = {"sample": 0, "text": text, "finish_reason": "stop", "prompt_tokens": 9, "reasoning_tokens": 40}
        made = {"answer_tokens": 9, "seed": None, "engine": "replay", "model": kind[:100]}
        candidates.append({**ids, **about, **made})
        scores.append({**ids, **_score(kind, verdict)})
    for family, schema, rows in (("candidates", CANDIDATE_SCHEMA, candidates), ("scores", SCORE_SCHEMA, scores)):
        with ShardWriter(job.shards, family, schema) as writer:
            writer.write(pa.Table.from_pylist(rows, schema=schema))


def _write_evaluation(job: Job, prompts: list[int], models: list[str]) -> None:
    rows = []
    for at, model in enumerate(models):
        for number, (prompt, kind) in enumerate(zip(prompts, cycle(KINDS))):
            verdict = "correct" if (number + at) % 3 else "incorrect"
            about = {"model": model, "revision": kind[:50], "prompt_id": prompt, "sample": 0, "domain": "logic"}
            text = {"verifier": "math", "text": f"<think>\n{kind}\n</think>\n\n{kind}", "finish_reason": "stop"}
            lengths = {"reasoning_tokens": 40, "answer_tokens": 9, "seed": None}
            rows.append({**about, **text, **lengths, **_score(kind, verdict)})
    with ShardWriter(job.shards, FAMILY, EVALUATION_SCHEMA) as writer:
        writer.write(pa.Table.from_pylist(rows, schema=EVALUATION_SCHEMA))
    write_results(job)
