"""Colours, icons and words that mean the same on every page.

Each colour keeps a contrast of 3:1 against the light and the dark background, and the six stay apart for readers with
protanopia, deuteranopia and tritanopia (tests/app/test_palette.py measures both). A colour never stands alone: an icon
or a word is always beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from components.text import N_, _

Badge = Literal["green", "red", "yellow", "violet", "gray", "blue"]

CORRECT: Final = "#04A56C"
INCORRECT: Final = "#B84220"
UNDECIDED: Final = "#C58200"
ERROR: Final = "#9A52A7"
NEUTRAL: Final = "#656A71"
ACCENT: Final = "#127BED"


@dataclass(frozen=True, slots=True)
class Mark:
    """How one value of a fixed set is shown: its word, colour, Material icon and Streamlit badge colour."""

    name: str  # a text of the catalogue
    colour: str
    icon: str
    badge: Badge

    @property
    def word(self) -> str:
        """Its word in the reader's language."""
        return _(self.name)


VERDICTS: Final[Mapping[str, Mark]] = {
    "correct": Mark(N_("Correct"), CORRECT, ":material/check_circle:", "green"),
    "undecided": Mark(N_("Undecided"), UNDECIDED, ":material/help:", "yellow"),
    "incorrect": Mark(N_("Incorrect"), INCORRECT, ":material/cancel:", "red"),
    "error": Mark(N_("Check failed"), ERROR, ":material/error:", "violet"),
}
"""Verdicts in the order in which charts stack them; neighbours differ in lightness as well as in hue."""

NOT_SCORED: Final = Mark(N_("Not scored yet"), NEUTRAL, ":material/pending:", "gray")

STATES: Final[Mapping[str, Mark]] = {
    "queued": Mark(N_("Queued"), UNDECIDED, ":material/schedule:", "yellow"),
    "running": Mark(N_("Running"), ACCENT, ":material/play_circle:", "blue"),
    "stopping": Mark(N_("Stopping"), UNDECIDED, ":material/pending:", "yellow"),
    "stopped": Mark(N_("Stopped"), NEUTRAL, ":material/stop_circle:", "gray"),
    "finished": Mark(N_("Finished"), CORRECT, ":material/check_circle:", "green"),
    "failed": Mark(N_("Failed"), INCORRECT, ":material/error:", "red"),
    "lost": Mark(N_("Lost"), ERROR, ":material/link_off:", "violet"),
}

KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "demo": (N_("Demo"), ":material/rocket_launch:"),
    "sample": (N_("Sampling"), ":material/casino:"),
    "score": (N_("Scoring"), ":material/rule:"),
    "judge": (N_("Judging"), ":material/gavel:"),
    "export": (N_("Export"), ":material/inventory_2:"),
    "sft": (N_("Training"), ":material/model_training:"),
    "evaluate": (N_("Evaluation"), ":material/monitoring:"),
}
"""A job's kind: its name and icon."""

DOMAINS: Final[Mapping[str, str]] = {
    "math": N_("Math"),
    "code": N_("Code"),
    "stem": N_("STEM"),
    "logic": N_("Logic"),
    "general": N_("General"),
}


def kind_name(kind: str) -> str:
    """What a job of this kind is called; an unknown kind keeps its own name."""
    return _(KINDS[kind][0]) if kind in KINDS else kind


def kind_icon(kind: str) -> str:
    """The Material icon of a kind of job."""
    return KINDS.get(kind, ("", ":material/settings:"))[1]


def domain_name(domain: str) -> str:
    """What a domain is called in headings and charts."""
    return _(DOMAINS[domain]) if domain in DOMAINS else domain


def tint(colour: str, opacity: float) -> str:
    """`#RRGGBB` as a translucent colour that works on either background."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
