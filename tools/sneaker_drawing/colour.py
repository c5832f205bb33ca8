"""Colourways: tasteful sets of colours for the parts of a sneaker."""

from __future__ import annotations

import colorsys

import numpy as np

from .shape import Array
from .surface import Colours

# name: base, overlay, accent, midsole, outsole, lace, lining
COLOURWAYS: dict[str, str] = {
    "White": "f1f1ee e6e6e2 d5d7d6 f3f2ee efede6 f5f4f1 e2e1dd",
    "White / Royal": "f0f1f1 dfe3e6 2456b8 f4f4f2 2b2d33 f4f4f4 c4cbd4",
    "White / Forest": "f1f0ea e9e7df 1f6043 f3efe3 e9e2d0 f4f2ec 1f6043",
    "White / Coral": "f2f0ee e4e0de f2634c f5f2ee f2634c f5f3f0 f0b8aa",
    "White / Gum": "f0eee8 dfdcd3 23262b f2eee4 a9713d f2f0ea cfc9bb",
    "Black": "202225 141518 3b3e44 1d1e21 111214 1b1d20 2b2d31",
    "Black / White": "202226 17181b ececea f2f1ee e8e6e0 f0efec 2a2c30",
    "Black / Volt": "1f2124 15161a c8e636 2a2c30 c8e636 222428 33363b",
    "Black / Ember": "25262a 17181b f0512c f1efeb 1a1b1d 24262a 3a2a28",
    "Black / Gum": "242427 1a1a1c e8e4da ece7db a06a36 efece4 2c2b2b",
    "Graphite / Mint": "4a5057 33383e 7fe0c3 eef1ef 32363b e9efec 5f6770",
    "Storm Grey": "9aa1a8 7c848c 2d3d52 eceef0 4a5058 e6e8ea 686f78",
    "Fog / Apricot": "cfd3d4 b5bbbe f7a35c f5f3ef e9e4da f4f4f2 8d959a",
    "Navy / White": "22345a 192743 f1f1ee f3f2ee e9e7e0 f3f3f1 2d4270",
    "Navy / Gold": "243a63 1a2a49 e9b13a f1ede2 a8733f f2efe6 1a2a49",
    "Cobalt": "2a5fd0 1f469e f4f4f2 f4f5f7 e8ecf4 f4f5f7 183878",
    "Sky / Lemon": "8fc3e8 6ba6d2 f6dc4a f6f6f3 5c93c0 f7f7f4 dcebf5",
    "Teal / Sand": "1f7378 155257 efd9ae f2ecdf b98f5b f2ecde 12474b",
    "Sage": "a5b49a 869579 eee6d2 f2eee2 b8905e f1ede2 6d7b62",
    "Olive / Orange": "656a45 4a4e33 f08a2c 3a3b30 22231e 4b4d38 33352a",
    "Forest / Cream": "24503c 19392b eee3c8 f0e9d8 a9743f efe8d6 16301f",
    "Sand / Brown": "d9c7a6 b49469 5c3d25 f0e8d8 8b5e34 efe6d3 7d5f41",
    "Mocha": "7d5c47 5f4332 d9b48c efe5d6 4a3427 e6d8c4 46301f",
    "Brick": "b4472f 8a3322 f1e6d2 f2ecdf a76c3a f2eadc 6d281b",
    "Scarlet / White": "cc2a2d a51f24 f3f1ed f4f2ee ecebe6 f4f3f0 7c161b",
    "Burgundy": "6f1f33 531626 e3b7a4 f0e9e2 3a1019 ecdcd4 3f101d",
    "Tangerine": "f2772b d85d17 23304a f5f2ec 28324a f6f4ef 9f430f",
    "Mustard": "dca62c b98619 33302b f2ecdd a06c37 f1ead8 6d5114",
    "Blush": "ecc6c2 dba8a5 a94e62 f5f0ec ddb8ae f7f3f1 c98f8e",
    "Lilac / Citrus": "b9a6dd 9a85c6 e4ea55 f5f3f7 8a75b6 f6f4f8 e7dff3",
    "Fuchsia / Ink": "d5317f ad2163 1f2440 f5f2f4 20243c f7f4f6 6d1340",
    "Aqua / Flare": "6fd3cf 4bb3b2 ff6a4a f5f7f5 ff6a4a f6f8f7 2e7f80",
}


def linear(code: str) -> Array:
    """Return the linear RGB of a hexadecimal colour."""
    v = np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    return np.where(v < 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4).astype(np.float32)


def colours(name: str) -> Colours:
    """Return the colours of a named colourway."""
    return Colours(*(linear(c) for c in COLOURWAYS[name].split()))


def invent(rng: np.random.Generator) -> tuple[str, Colours]:
    """Return a colourway picked and, half the time, turned in hue."""
    name = str(rng.choice(list(COLOURWAYS)))
    if rng.random() < 0.5:
        return name, colours(name)
    turn, rich = rng.uniform(0, 1), rng.uniform(0.8, 1.15)
    codes = []
    for code in COLOURWAYS[name].split():
        hue, sat, val = colorsys.rgb_to_hsv(*(int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)))
        rgb = colorsys.hsv_to_rgb((hue + turn) % 1, min(1, sat * rich), val)
        codes.append("".join(f"{round(c * 255):02x}" for c in rgb))
    return "Mixed", Colours(*(linear(c) for c in codes))
