"""What moved a score: the trees' contributions, added over what belongs together, in words."""

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
        The network's outputs are one driver, each context field one, each measure one.
    """
    totals: dict[str, float] = {}
    values: dict[str, str] = {}
    for name, value, amount in zip(names, x, contributions, strict=True):
        group = name.split("=")[0]
        totals[group] = totals.get(group, 0.0) + float(amount)
        values[group] = f"{value:.2f}"
    outputs = [i for i, name in enumerate(names) if name.startswith("augmentation=")]
    seen_as = names[outputs[int(np.argmax(x[outputs]))]]
    values["augmentation"] = seen_as.split("=")[1]
    values["is_plain"] = "yes" if values["is_plain"] == "1.00" else "no"
    for field in type(context).model_fields:
        values[field] = (getattr(context, field) or "not given").replace("_", " ")
    drivers = [
        Driver(name=_WORDS.get(group, group.replace("_", " ")), value=values[group], contribution=v)
        for group, v in totals.items()
    ]
    return sorted(drivers, key=lambda driver: -abs(driver.contribution))


_WORDS = {
    "augmentation": "edit the network sees",
    "fill": "how much the product fills",
    "is_plain": "plain background",
    "aspect": "shape of the frame",
}
