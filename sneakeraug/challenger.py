"""A new model beside the one that serves, on history neither was trained on."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Difference(BaseModel):
    """How much more log loss a candidate has than the model that serves, in nats a trial.

    Attributes
    ----------
    value, interval
        Below 0 the candidate is better; a 95 % interval from a paired bootstrap by product.
    candidate, serving
        The two losses.
    n, n_products
        Trials and products it rests on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float
    interval: tuple[float, float]
    candidate: float
    serving: float
    n: int
    n_products: int


class Comparison(BaseModel):
    """A candidate beside the model that served when it was trained, on held-out history.

    Attributes
    ----------
    serving
        Id of the model that served.
    targets
        By target that both know.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    serving: str
    targets: dict[str, Difference]

    @property
    def worse(self) -> dict[str, Difference]:
        """Targets at which the candidate is worse by more than chance among products explains."""
        return {name: found for name, found in self.targets.items() if found.interval[0] > 0}

    def sentence(self) -> str:
        """Every difference in words."""
        return "; ".join(
            f"{name} log loss {d.candidate:.5f} against {d.serving:.5f} "
            f"({d.value:+.5f}, {d.interval[0]:+.5f} to {d.interval[1]:+.5f}, "
            f"n={d.n:,} of {d.n_products:,} products)"
            for name, d in self.targets.items()
        )

    def objection(self, candidate: str, serving: str) -> str:
        """Return why `candidate` should not take the place of `serving`; empty where it may."""
        if self.serving != serving:
            return (
                f"Model {candidate!r} was compared with {self.serving!r} on held-out history, and "
                f"{serving!r} serves now. Train it again, to compare the two."
            )
        if self.worse:
            return (
                f"Model {candidate!r} is worse than {serving!r} on held-out history at "
                f"{', '.join(self.worse)}: {self.sentence()}."
            )
        return ""
