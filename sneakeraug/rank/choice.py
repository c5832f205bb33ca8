"""The one choice among candidates: the best that no guardrail bars, judged against the original."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sneakeraug.rank.guards import say_barred
from sneakeraug.rank.verdict import decide, sentence
from sneakeraug.records import Candidate, Verdict
from sneakeraug.vocabulary import TARGETS

Scored = TypeVar("Scored", bound=Candidate)


@dataclass(frozen=True)
class Choice(Generic[Scored]):
    """What is chosen, and why.

    Attributes
    ----------
    shown
        The candidate whose numbers are said: the best free one, the best where all are barred.
    verdict
        On it; ``keep_original`` where all are barred.
    sentence
        Says so.
    barred
        Says which better candidate is barred; empty where none is.
    """

    shown: Scored
    verdict: Verdict
    sentence: str
    barred: str


def choose_best(
    candidates: Sequence[Scored],
    name: Callable[[Scored], str],
    kind: str,
    p_original: float,
    target: str,
) -> Choice[Scored]:
    """Judge the best candidate that no guard bars against the original.

    Parameters
    ----------
    candidates
        Best first, at least one.
    name
        A candidate as it stands in a sentence.
    kind
        What a candidate is, for instance ``edit``.
    p_original
        The original's probability.
    target
        One of the targets.
    """

    def judge(candidate: Scored) -> Verdict:
        return decide(
            candidate.predicted_difference,
            candidate.difference_interval,
            p_original,
            TARGETS[target],
        )

    first = candidates[0]
    barred = say_barred(name(first), judge(first), first) if first.is_barred else ""
    best = next((candidate for candidate in candidates if not candidate.is_barred), None)
    if best is None:
        says = f"Keep the original. Every {kind} is barred by a guardrail. {barred}"
        return Choice(first, "keep_original", says, "")
    verdict = judge(best)
    says = sentence(
        verdict,
        name(best),
        target,
        best.p,
        p_original,
        best.predicted_difference,
        best.difference_interval,
    )
    is_missed = first.is_barred and judge(first) != "keep_original"
    return Choice(best, verdict, says, barred if is_missed else "")
