"""What a sign-off report says, before it is HTML or PDF: texts, numbers and small pictures."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Final

from sneakeraug.errors import InputError
from sneakeraug.records import Candidate
from sneakeraug.wording import percent

LONGEST_NAME: Final = 120
LONGEST_NOTE: Final = 2000

Facts = tuple[tuple[str, str], ...]
"""What, and what is said of it."""


@dataclass(frozen=True)
class SignOff:
    """Who signs, when, and what they add; all of it given by them, none of it checked.

    Raises
    ------
    InputError
        If the name or the date is missing, or a text too long.
    """

    by: str
    on: str
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse what no report should stand on."""
        for what, text, most in (
            ("name of who signs", self.by, LONGEST_NAME),
            ("date", self.on, LONGEST_NAME),
        ):
            if not text.strip() or len(text) > most:
                raise InputError(
                    f"The {what} has {len(text.strip())} characters; 1 to {most} are expected in "
                    "a sign-off."
                )
        if len(self.note) > LONGEST_NOTE:
            raise InputError(
                f"The note has {len(self.note):,} characters; at most {LONGEST_NOTE:,} are "
                "expected."
            )


@dataclass(frozen=True)
class Shown:
    """A picture in a report: a JPEG or PNG file, its size in pixels, its text."""

    data: bytes = field(repr=False)
    mime: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True)
class Line:
    """One row of a table: a picture with its figures."""

    name: str
    note: str
    shown: Shown
    scored: Candidate
    p_best: float | None
    mark: str
    is_original: bool = False


@dataclass(frozen=True)
class Report:
    """A whole report, in the order it is read.

    Attributes
    ----------
    title
        Names the picture.
    head, rest
        The verdict, and the numbers behind it.
    alternate
        The sentence on the catalog.
    demo
        That the model is a demo, where it is.
    departure
        That another picture was chosen than the advised one, where so.
    original, chosen
        The two pictures; their captions are their texts.
    chosen_name
        Of the version that is sent.
    event
        What is counted, for instance ``clicks``; and whether fewer are better.
    variants, alternates
        Rows, best first.
    axis
        Ends of the axis of all bars; the original's estimate stands on it.
    campaign, file, model
        What was asked, what was written, what spoke.
    figures
        Of the model's card: what, value, over what.
    limits, notes
        Sentences.
    sign_off
        Who, when, and a note.
    """

    title: str
    head: str
    rest: str
    alternate: str
    demo: str | None
    departure: str | None
    original: Shown
    chosen: Shown
    chosen_name: str
    event: str
    fewer_is_better: bool
    variants: tuple[Line, ...]
    alternates: tuple[Line, ...]
    axis: tuple[float, float]
    p_original: float
    campaign: Facts
    file: Facts
    model: Facts
    figures: tuple[tuple[str, str, str], ...]
    limits: tuple[str, ...]
    notes: tuple[str, ...]
    sign_off: SignOff

    def place(self, value: float) -> float:
        """Return where a probability stands on the axis, in [0, 1]."""
        low, high = self.axis
        return min(max((value - low) / max(high - low, 1e-9), 0.0), 1.0)

    @property
    def axis_said(self) -> str:
        """What the bars run over, in words."""
        better = "fewer are better" if self.fewer_is_better else "more are better"
        return (
            f"Predicted {self.event}, {better}. Every bar runs from {percent(self.axis[0])} to "
            f"{percent(self.axis[1])}; the thin line is your picture. Ranges are meant to hold 90 "
            "times in 100; differences are in percentage points."
        )


def plain_text(text: str, known: frozenset[int] | None = None) -> str:
    """Return text on one line; of what a font does not know, the nearest it does.

    Parameters
    ----------
    text
        From anywhere.
    known
        Code points the font has; all where None.
    """
    line = "".join(c if c.isprintable() or c == "\u00a0" else " " for c in text)
    if known is None:
        return line
    return "".join(c if ord(c) in known else _nearest(c, known) for c in line)


def _nearest(character: str, known: frozenset[int]) -> str:
    """The letter without its accent, else a question mark."""
    parts = unicodedata.normalize("NFKD", character)
    return "".join(c for c in parts if ord(c) in known) or "?"
