"""The worst mistakes of the serving model on our own pictures, which it never saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import streamlit as st

from sneakeraug.catalog.products import load_catalog
from sneakeraug.recommend import Recommender
from sneakeraug.ui import pictures, words
from sneakeraug.ui.samples import load_samples
from sneakeraug.vocabulary import AUGMENTATIONS

SHOWN: Final = 6

EVERY: Final = 10
"""Of the demo catalog every tenth picture is read, three of each type: in seconds, not a minute."""


@dataclass(frozen=True)
class Reading:
    """One edit of one of our pictures, and what the network took it for.

    Attributes
    ----------
    image
        The edited picture, as a card shows it.
    name
        Of the product, plain text.
    true, named
        The edit it carries, and the one the network named.
    probability
        That the network gave the edit it carries.
    """

    image: bytes
    name: str
    true: str
    named: str
    probability: float


def show(recommender: Recommender) -> None:
    """Show the edits of the demo pictures that were read worst."""
    st.subheader("Where it is least sure", anchor=False)
    with st.spinner("Reading six versions of some demo pictures…"):
        readings, n_wrong, n = _read(recommender)
    st.caption(
        f"Of {n} versions of demo pictures that it was not trained on, the network named "
        f"{n - n_wrong} right. It was least sure of these:"
    )
    grid = st.grid(SHOWN, min_column_width=150, gap="small")
    for reading in readings:
        with grid.container(border=True, height="stretch", gap="xsmall"):
            true, named = words.VARIANTS[reading.true], words.VARIANTS[reading.named]
            st.image(reading.image, width="stretch", alt=f"{reading.name}, {true.lower()}")
            st.markdown(f"**{words.plain(true)}**")
            sure = f"{words.percent(reading.probability)} sure"
            said = f"Taken for {named.lower()}; {sure} of the truth"
            if reading.true == reading.named:
                said = f"Named right, {sure}"
            st.caption(f"{words.plain(reading.name)}  \n{said}")


def _model(recommender: Recommender) -> str:
    return recommender.model_id


@st.cache_resource(show_spinner=False, max_entries=2, hash_funcs={Recommender: _model})
def _read(recommender: Recommender) -> tuple[list[Reading], int, int]:
    """The readings with the least probability of the truth; wrong ones; all."""
    catalog = load_catalog()
    some = catalog.products[::EVERY]
    shown = {product.name: catalog.image_bytes(product.product_id) for product in some}
    shown |= {sample.title: sample.read() for sample in load_samples()}
    found: list[tuple[float, str, str, str]] = []
    n_wrong = 0
    for name, data in shown.items():
        analysis = recommender.analyse(data, name)
        for label, variant in enumerate(analysis.variants):
            row = analysis.outputs[label]
            named = AUGMENTATIONS[int(row.argmax())]
            n_wrong += named != variant.augmentation
            found.append((float(row[label]), name, variant.augmentation, named))
        found = sorted(found)[:SHOWN]
    readings = []
    for probability, name, true, named in found:
        picture = pictures.variant_picture(recommender.analyse(shown[name], name), true)
        readings.append(Reading(picture, name, true, named, min(1.0, probability)))
    return readings, n_wrong, len(AUGMENTATIONS) * len(shown)
