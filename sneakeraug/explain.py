"""What moved a score: effects and trees, added over what belongs together, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sneakeraug.arrays import FloatArray, ProbabilityArray
from sneakeraug.records import Context, Driver


def group_drivers(
    x: FloatArray, contributions: ProbabilityArray, names: Sequence[str], context: Context
) -> list[Driver]:
    """Add contributions of columns that belong together, most first.

    Parameters
    ----------
    x
        One feature row, shape ``(d,)``.
    contributions
        Of its columns on the log-odds scale, shape ``(d,)``.
    names
        The columns, see `score.features.feature_names`.
    context
        Gives the values of the context fields.

    Returns
    -------
    drivers
        The edit is one driver, each context field one, each measure one, and the identity
        embedding one.
    """
    totals: dict[str, float] = {}
    values: dict[str, str] = {}
    for name, value, amount in zip(names, x, contributions, strict=True):
        group = "identity" if name.startswith("identity_") else name.split("=")[0]
        totals[group] = totals.get(group, 0.0) + float(amount)
        values[group] = f"{value:.2f}"
    outputs = [i for i, name in enumerate(names) if name.startswith("augmentation=")]
    seen_as = names[outputs[int(np.argmax(x[outputs]))]]
    values["augmentation"] = seen_as.split("=")[1]
    for group in ("is_plain", "source_is_plain"):
        values[group] = "yes" if values[group] == "1.00" else "no"
    values["identity"] = "as the network sees it"
    for field in type(context).model_fields:
        values[field] = (getattr(context, field) or "not given").replace("_", " ")
    drivers = [
        Driver(name=_WORDS.get(group, group.replace("_", " ")), value=values[group], contribution=v)
        for group, v in totals.items()
    ]
    return sorted(drivers, key=lambda driver: -abs(driver.contribution))


_MEASURES = {
    "brightness": "brightness",
    "contrast": "contrast",
    "saturation": "saturation",
    "warmth": "warmth",
    "fill": "how much the product fills",
    "background_brightness": "background brightness",
    "is_plain": "plain background",
    "aspect": "shape of the frame",
}
_WORDS = (
    {"augmentation": "edit", "identity": "which product it is"}
    | _MEASURES
    | {f"source_{name}": f"{words}, before the edit" for name, words in _MEASURES.items()}
)
