"""Colours that carry a meaning can be seen on both backgrounds and told apart by colour-blind readers, and the theme
uses the same ones."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components import palette
from curation.jobs import State
from curation.records import Domain, Verdict

CONFIG = tomllib.loads((Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
THEME = CONFIG["theme"]
COLOURS = (palette.CORRECT, palette.INCORRECT, palette.UNDECIDED, palette.ERROR, palette.NEUTRAL, palette.ACCENT)

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: str) -> np.ndarray[Any, Any]:
    share = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    low, high = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    ratio = TO_XYZ @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_marks_stand_out_from_the_background(mode: str) -> None:
    background = THEME[mode]["backgroundColor"]
    assert {
        colour: round(contrast(colour, background), 2) for colour in COLOURS if contrast(colour, background) < 3
    } == {}


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_no_two_colours_look_alike(deficiency: str) -> None:
    seen = {colour: lab(DEFICIENCIES[deficiency] @ linear(colour)) for colour in COLOURS}
    closest = min(np.linalg.norm(seen[one] - seen[other]) for one, other in itertools.combinations(COLOURS, 2))
    assert closest > 15  # CIE 1976; 2.3 is the least difference that can be seen side by side


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_can_be_read(mode: str) -> None:
    for section in (THEME[mode], {**THEME[mode], **THEME[mode]["sidebar"]}):
        assert contrast(section["textColor"], section["backgroundColor"]) > 7
        assert contrast("#FFFFFF", section["primaryColor"]) > 4.5  # the words on a primary button
        for name in ("green", "red", "yellow", "orange", "violet", "gray", "blue"):
            assert contrast(section[f"{name}TextColor"], section["backgroundColor"]) > 4.5


def test_badges_and_charts_share_their_colours() -> None:
    named = {"green": palette.CORRECT, "red": palette.INCORRECT, "yellow": palette.UNDECIDED, "violet": palette.ERROR}
    assert {name: THEME[f"{name}Color"] for name in named} == named
    assert THEME["grayColor"] == palette.NEUTRAL
    assert {THEME[mode]["blueColor"] for mode in ("light", "dark")} == {palette.ACCENT}
    badge = {**named, "gray": palette.NEUTRAL, "blue": palette.ACCENT}
    for mark in (*palette.VERDICTS.values(), *palette.STATES.values(), palette.NOT_SCORED):
        assert badge[mark.badge] == mark.colour


def test_every_value_has_a_word_an_icon_and_a_colour() -> None:
    assert set(palette.VERDICTS) == set(Verdict)
    assert set(palette.STATES) == set(State)
    assert set(palette.DOMAINS) == set(Domain)
    for mark in (*palette.VERDICTS.values(), *palette.STATES.values()):
        assert mark.word and mark.icon.startswith(":material/")


def test_the_app_is_local_and_quiet() -> None:
    assert CONFIG["server"]["address"] == "127.0.0.1"
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["client"]["showErrorDetails"] == "none"
    assert "http" not in " ".join(str(value) for value in THEME.values())  # fonts come from the system
