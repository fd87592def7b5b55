"""From completion to funnel: how fast a trivially fast engine's candidates are stored, scored and counted.

    python benchmarks/ingest.py [--quick]

The sampling stage (shards written and fsynced), the scoring process beside it and a third process that refreshes an
index and asks for the funnel run as in a job; the clock starts once all three are up and stops when the funnel counts
the last candidate as scored. The baseline writes the same texts into one Parquet file, and does nothing else.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.report import report
from benchmarks.warm_sampling import warm_sampling
from curation import Workspace
from curation.funnel import funnel
from curation.index import Index
from curation.prompts import import_prompts
from curation.sampling import SamplingConfig
from curation.thresholds import default_thresholds

GOAL_PER_S: Final = 20_000
GOAL_FLAT: Final = 1.25
SAMPLES_PER_PROMPT: Final = 8
WARM_UP: Final = 512
SENTENCE: Final = (
    "so we take the first number and add what is left then half of it gives the next step which we check once more "
    "because every box holds twelve of them and three were given away before the price went up again"
)
WORDS: Final = SENTENCE.split()


def response(rng: random.Random) -> str:
    """About 4 KB of short paragraphs, and a number as the answer."""
    lines: list[str] = []
    size = 0
    while size < 3_950:
        line = f"{' '.join(rng.choices(WORDS, k=rng.randint(12, 30)))} {rng.randint(2, 99)} + {rng.randint(2, 99)}."
        lines.append(line)
        size += len(line) + 2
    return "<think>\n" + "\n\n".join(lines) + f"\n</think>\n\nThe answer is \\boxed{{{rng.randint(0, 9)}}}."


def build(folder: Path, count: int) -> tuple[Workspace, Path]:
    """A workspace with prompts for `count` candidates, and a file of responses for the replay engine."""
    rng = random.Random(0)
    workspace = Workspace.create(folder / "workspace")
    questions = folder / "prompts.jsonl"
    with questions.open("w") as lines:
        for number in range(count // SAMPLES_PER_PROMPT):
            row = {"question": f"Question {number}: how many?", "reference": str(number % 10), "domain": "math"}
            lines.write(json.dumps(row) + "\n")
    import_prompts(workspace, questions)
    responses = folder / "responses.parquet"
    pq.write_table(pa.table({"text": [response(rng) for _ in range(2_000)]}), responses)
    return workspace, responses


def watch(folder: Path, count: int) -> None:
    """The process that looks: says "up", then refreshes until the funnel has every candidate scored."""
    with Index.open(Workspace.open(folder)) as index:
        index.refresh()
        print("up", flush=True)
        while True:
            index.refresh()
            if funnel(index, default_thresholds()).scored >= count:
                break
            time.sleep(0.25)
        usage = Usage(os.getpid())
        print(json.dumps({"end": time.monotonic(), "cpu_s": usage.cpu_s, "peak": usage.peak}), flush=True)


class Usage:
    """CPU seconds and peak resident memory of a process; `look` again for as long as it lives."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.cpu_s, self.peak = 0.0, 0
        self.look()

    def look(self) -> bool:
        """Read anew; True, so that it can be asked for while something is waited for."""
        with contextlib.suppress(psutil.Error, OSError, StopIteration):  # ended: its last figures stay
            times = self._process.cpu_times()
            self.cpu_s = times.user + times.system
            status = Path(f"/proc/{self._process.pid}/status").read_text()
            self.peak = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
        return True


def measure_once(count: int) -> dict[str, float]:
    """Seconds, CPU seconds of the three processes, and their peak resident memory in bytes, for `count` candidates."""
    with tempfile.TemporaryDirectory(prefix="winnow-ingest-") as scratch:
        workspace, responses = build(Path(scratch), count + WARM_UP)
        config = SamplingConfig(model=str(responses), engine="replay", n=SAMPLES_PER_PROMPT)
        with warm_sampling(workspace, config, WARM_UP) as warm:
            watcher = subprocess.Popen(
                [sys.executable, __file__, "--watch", str(workspace.folder), "--count", str(warm.total)],
                stdout=subprocess.PIPE,
                text=True,
            )
            assert watcher.stdout is not None
            watcher.stdout.readline()
            sampler, scorer, looker = Usage(os.getpid()), Usage(warm.scorer.pid), Usage(watcher.pid)
            before = sampler.cpu_s + scorer.cpu_s + looker.cpu_s
            start = time.monotonic()
            warm.run(scorer.look)
            sampler.look()
            seen = json.loads(watcher.stdout.readline())
            watcher.wait()
    return {
        "seconds": seen["end"] - start,
        "cpu_s": sampler.cpu_s + scorer.cpu_s + seen["cpu_s"] - before,
        "peak": max(sampler.peak, scorer.peak, seen["peak"]),
    }


def write_plainly(count: int) -> float:
    """Seconds to write `count` such texts into one Parquet file, in batches of 256."""
    rng = random.Random(0)
    texts = [response(rng) for _ in range(2_000)]
    schema = pa.schema([("text", pa.string())])
    with tempfile.TemporaryDirectory(prefix="winnow-ingest-") as scratch:
        start = time.monotonic()
        with pq.ParquetWriter(
            Path(scratch) / "plain.parquet", schema, compression="zstd", use_dictionary=False
        ) as writer:
            for at in range(0, count, 256):
                batch = [texts[(at + i) % len(texts)] for i in range(min(256, count - at))]
                writer.write_table(pa.table({"text": batch}, schema=schema))
        return time.monotonic() - start


def in_a_process(*arguments: str) -> dict[str, float]:
    """One measurement in a process of its own, since a peak of memory never goes down."""
    done = subprocess.run([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Run small and large in turns and print one JSON object a metric."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="20,000 candidates, once")
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--watch", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.watch:
        watch(chosen.watch, chosen.count)
        return
    if chosen.count:
        print(json.dumps(measure_once(chosen.count)))
        return
    small, large, rounds = (1_000, 20_000, 1) if chosen.quick else (1_000, 100_000, 3)
    runs: dict[int, list[dict[str, float]]] = {small: [], large: []}
    plain = []
    for _ in range(rounds):
        plain.append(write_plainly(large))
        for count, results in runs.items():
            results.append(in_a_process("--count", str(count)))

    def median(count: int, name: str) -> float:
        return statistics.median(run[name] for run in runs[count])

    rate, baseline = large / median(large, "seconds"), large / statistics.median(plain)
    named = f"{baseline:,.0f} candidates/s: pyarrow writes the same texts into one file"
    report("candidates_per_s", rate, "candidates/s from completion to funnel", named, GOAL_PER_S, rate >= GOAL_PER_S)
    cost = (median(large, "cpu_s") / large) / (median(small, "cpu_s") / small)
    named = f"{median(small, 'cpu_s') / small * 1e6:,.0f} µs of CPU time a candidate at {small:,}"
    report("cost_ratio", cost, f"cost of a candidate at {large:,} / at {small:,}", named, GOAL_FLAT, cost <= GOAL_FLAT)
    memory = median(large, "peak") / median(small, "peak")
    named = f"{median(small, 'peak') / 2**20:,.0f} MiB at {small:,}, the largest process"
    report("memory_ratio", memory, f"peak memory at {large:,} / at {small:,}", named, GOAL_FLAT, memory <= GOAL_FLAT)


if __name__ == "__main__":
    main()
