"""The shop's sneakers: brands, models, colourways, and what is built for each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from colourways import COLOURWAYS

BRANDS = ("Velmora", "Tarnhill", "Okivo", "Fernstep", "Lumaro", "Brisk & Fell")

# Type: the models' names in order; the first six come in three colourways, the others in two.
MODELS: dict[str, tuple[str, ...]] = {
    "running": (
        "Drift Pacer", "Tempo Cloudline", "Nimbus Mile", "Sprint Halden", "Tide Runner", "Arc Lane",
        "Ember Dash", "Lumen Stride", "Halo Distance", "Vista Tempo", "Flint Racer", "Orbit Glide",
    ),
    "basketball": (
        "Pivot Mid", "Halo Court", "Orbit Rise", "Ember Rim", "Tempo Bank", "Quarry Jump",
        "Arc Tipoff", "Flint Post", "Meridian Hoop", "Ridge Buzzer", "Lumen Fadeaway",
        "Vista Point",
    ),
    "training": (
        "Flint Lifter", "Tempo Base", "Arc Circuit", "Quarry Rep", "Pivot Gym", "Cedar Squat",
        "Halo Interval", "Ridge Press", "Orbit Drill", "Sprint Agility", "Tide Studio", "Ember Set",
    ),
    "skate": (
        "Ledge Low", "Cove Suede", "Loft Kick", "Harbor Rail", "Cedar Deck", "Tide Grip",
        "Quarry Bowl", "Ember Ollie", "Flint Curb", "Vista Plaza", "Drift Stair", "Arc Manual",
    ),
    "trail_hiking": (
        "Ridge Runner", "Quarry GT", "Cedar Scout", "Tarn Crossing", "Flint Scree", "Cove Pathway",
        "Ember Moor", "Drift Summit", "Halo Traverse", "Meridian Fell", "Tide Gorge", "Loft Ranger",
    ),
    "tennis_court": (
        "Baseline Clean", "Rally Court", "Meridian Ace", "Lumen Volley", "Arc Deuce", "Cove Serve",
        "Halo Slice", "Tempo Set", "Vista Match", "Orbit Topspin", "Sprint Clay", "Loft Advantage",
    ),
    "lifestyle": (
        "Harbor 84", "Vista Jogger", "Lumen Retro", "Cedar Avenue", "Drift Quarter", "Loft Plain",
        "Tide Marina", "Orbit Gallery", "Cove Sunday", "Arc Boulevard", "Meridian 79",
        "Halo Arcade",
    ),
    "high_top": (
        "Ember High", "Cove High", "Loft Canvas", "Harbor Ankle", "Cedar Stage", "Flint Encore",
        "Vista Backdrop", "Quarry High", "Tide Chorus", "Drift Matinee", "Arc Rooftop",
        "Ridge Collar",
    ),
}  # fmt: skip

# The cheapest and the dearest model in euros.
PRICES: dict[str, tuple[int, int]] = {
    "running": (85, 165), "basketball": (90, 160), "training": (70, 130), "skate": (55, 95),
    "trail_hiking": (95, 170), "tennis_court": (60, 125), "lifestyle": (65, 130),
    "high_top": (50, 110),
}  # fmt: skip

GENDERS = (
    "women", "men", "unisex", "boys", "girls", "men", "women", "men", "women", "unisex", "girls",
    "boys",
)  # fmt: skip

# Colourways that suit a type; None is all of them.
WHITE = tuple(name for name in COLOURWAYS if name.startswith("White"))
SUITED: dict[str, tuple[str, ...]] = {
    "tennis_court": (
        *WHITE, *WHITE, "Ice / Navy", "Navy / White", "Blush", "Sky / Lemon", "Fog / Apricot",
        "Black / White", "Sage",
    ),
    "skate": (
        "Black / Gum", "Black / White", "Brick", "Teal / Sand", "Mocha", "Navy / White", "Burgundy",
        "Forest / Cream", "Mustard", "Sand / Brown", "Storm Grey", "Plum / Rose", "Stone / Moss",
        "White / Gum", "Sage", "Tangerine", "Scarlet / White", "Cobalt",
    ),
    "trail_hiking": (
        "Olive / Orange", "Aqua / Flare", "Sand / Brown", "Stone / Moss", "Charcoal / Crimson",
        "Storm Grey", "Black / Ember", "Teal / Sand", "Mocha", "Navy / Gold", "Graphite / Mint",
        "Forest / Cream", "Plum / Rose", "Tangerine", "Brick", "Black / Volt", "Cobalt",
    ),
    "high_top": (
        "Burgundy", "Mustard", "Black / White", "Forest / Cream", "Navy / White", "Scarlet / White",
        "White", "Cobalt", "Blush", "Teal / Sand", "Tangerine", "Black", "Sage", "Plum / Rose",
        "White / Navy", "White / Scarlet", "Sand / Brown", "Brick", "Sky / Lemon",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Design:
    """One sneaker of the shop.

    Attributes
    ----------
    product_id, name, brand, gender, sneaker_type, colourway, price_cents
        As in the shop's table.
    seed
        Of the form: the same for all colourways of a model.
    style
        Number of the model; chooses the cut.
    """

    product_id: str
    name: str
    brand: str
    gender: str
    sneaker_type: str
    colourway: str
    price_cents: int
    seed: tuple[int, ...]
    style: int


def shop() -> list[Design]:
    """Return the 240 sneakers of the demonstration shop, thirty of each type."""
    designs = []
    for t, (kind, names) in enumerate(MODELS.items()):
        rng = np.random.default_rng([11, t])
        suited = SUITED.get(kind, tuple(COLOURWAYS))
        bag: list[str] = []
        number = 0
        low, high = PRICES[kind]
        for style, name in enumerate(names):
            gender = GENDERS[(style + 5 * t) % len(GENDERS)]
            euros = low + (high - low) * rng.random()
            if gender in ("boys", "girls"):
                euros = 0.62 * euros
            chosen: list[str] = []
            while len(chosen) < (3 if style < 6 else 2):
                if not bag:
                    bag = [str(c) for c in rng.permutation(suited)]
                fits = [c for c in bag if c not in chosen] or bag
                # Of one model no two colourways begin with the same colour, if it can be.
                firsts = {c.split(" /")[0] for c in chosen}
                fits = [c for c in fits if c.split(" /")[0] not in firsts] or fits
                bag.remove(fits[0])
                if fits[0] not in chosen:
                    chosen.append(fits[0])
            for colourway in chosen:
                number += 1
                designs.append(
                    Design(
                        product_id=f"demo-{kind.replace('_', '-')}-{number:02d}",
                        name=name,
                        brand=BRANDS[(style + t + style // 6) % len(BRANDS)],
                        gender=gender,
                        sneaker_type=kind,
                        colourway=colourway,
                        price_cents=int(euros // 5 * 500 + 490),
                        seed=(11, t, style),
                        style=style,
                    )
                )
    return designs


def sample(kind: str, gender: str, colourway: str, style: int) -> Design:
    """Return a sneaker that is not in the shop."""
    brand = BRANDS[style % len(BRANDS)]
    return Design("", "", brand, gender, kind, colourway, 0, (22, style), style)
