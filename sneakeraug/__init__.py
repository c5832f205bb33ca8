"""sneakeraug: which version of a sneaker picture converts best, with honest uncertainty.

Importing this package loads nothing heavy; its public names load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sneakeraug.errors import (
        ContextError,
        InputError,
        ModelError,
        PhotoError,
        SneakeraugError,
    )
    from sneakeraug.recommend import Recommender
    from sneakeraug.records import Context, Recommendation
    from sneakeraug.serving import load, make_prediction_recommendation

__version__ = "0.1.0"

_HOMES = {
    "Context": "records",
    "ContextError": "errors",
    "InputError": "errors",
    "ModelError": "errors",
    "PhotoError": "errors",
    "Recommendation": "records",
    "Recommender": "recommend",
    "SneakeraugError": "errors",
    "load": "serving",
    "make_prediction_recommendation": "serving",
}

__all__ = [
    "Context",
    "ContextError",
    "InputError",
    "ModelError",
    "PhotoError",
    "Recommendation",
    "Recommender",
    "SneakeraugError",
    "__version__",
    "load",
    "make_prediction_recommendation",
]


def __getattr__(name: str) -> Any:
    """Load a public name's home on first use."""
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names."""
    return list(__all__)
