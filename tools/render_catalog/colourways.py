"""Colourways: sets of colours for the parts of a sneaker."""

from __future__ import annotations

from dataclasses import dataclass

from curves import Array, linear


@dataclass(frozen=True)
class Colours:
    """Linear RGB of the parts."""

    base: Array
    overlay: Array
    accent: Array
    midsole: Array
    outsole: Array
    lace: Array
    lining: Array


# name: base, overlay, accent, midsole, outsole, lace, lining
COLOURWAYS: dict[str, str] = {
    "White": "efeeea e4e3df c9cac9 efeeea e6e4dc f1f0ed dddcd8",
    "White / Royal": "eff0f0 dfe3e6 2456b8 f0f0ee 2b2d33 f2f2f2 2456b8",
    "White / Forest": "f0efe9 e9e7df 1f6043 efebe0 e0d8c4 f2f0ea 1f6043",
    "White / Coral": "f0eeec e4e0de f2634c f1eeea f2634c f2f0ee f0b8aa",
    "White / Gum": "efece6 dfdcd3 23262b ece8dc a9713d f0eee8 cfc9bb",
    "White / Navy": "eeefee 24345c 24345c f0efec 24345c f0f0ee 24345c",
    "White / Scarlet": "efeeec c3282b c3282b f0efec c3282b f1f0ee 22242a",
    "Black": "26282b 17181b 44474c 232427 141517 202225 303236",
    "Black / White": "232427 1a1b1e e8e8e6 efeeea e4e2dc ecebe8 2e3035",
    "Black / Volt": "222428 17191d c8e636 2c2e33 c8e636 c8e636 33363b",
    "Black / Ember": "282a2e 1a1b1f f0512c eeece8 1a1b1d 24262a f0512c",
    "Black / Gum": "272729 1d1d1f e0dacc e9e3d6 a06a36 ebe7dc 2c2b2b",
    "Graphite / Mint": "4a5057 33383e 7fe0c3 eaedeb 32363b 7fe0c3 5f6770",
    "Storm Grey": "9aa1a8 7c848c 2d3d52 e9ebed 4a5058 e2e4e6 686f78",
    "Fog / Apricot": "cfd3d4 b5bbbe f7a35c f1efeb e9e4da f1f1ef 8d959a",
    "Navy / White": "263a63 1b2a4a efefec f0efeb e6e4dc f0f0ee 2d4270",
    "Navy / Gold": "263c66 1c2d4f e9b13a eeeadf a8733f efece3 1c2d4f",
    "Cobalt": "2a5fd0 1f469e f0f0ee f1f2f4 e4e8f0 f1f2f4 183878",
    "Sky / Lemon": "8fc3e8 6ba6d2 f6dc4a f2f2ef 5c93c0 f3f3f0 dcebf5",
    "Teal / Sand": "1f7378 155257 efd9ae efe9dc b98f5b efe9dc 12474b",
    "Sage": "a5b49a 869579 eee6d2 efebdf b8905e eeeadf 6d7b62",
    "Olive / Orange": "656a45 4a4e33 f08a2c 3a3b30 22231e f08a2c 33352a",
    "Forest / Cream": "24503c 19392b eee3c8 ede6d5 a9743f ece5d3 16301f",
    "Sand / Brown": "d9c7a6 b49469 5c3d25 ede5d5 8b5e34 ece3d0 7d5f41",
    "Mocha": "7d5c47 5f4332 d9b48c ece2d3 4a3427 e3d5c1 46301f",
    "Brick": "b4472f 8a3322 f1e6d2 efe9dc a76c3a efe7d7 6d281b",
    "Scarlet / White": "cc2a2d a51f24 f0eeea f1efeb e9e8e3 f1f0ed 7c161b",
    "Burgundy": "6f1f33 531626 e3b7a4 ede6df 3a1019 e9d9d1 3f101d",
    "Tangerine": "f2772b d85d17 23304a f2efe9 28324a f3f1ec 9f430f",
    "Mustard": "dca62c b98619 33302b efe9da a06c37 eee7d5 6d5114",
    "Blush": "ecc6c2 dba8a5 a94e62 f2ede9 ddb8ae f4f0ee c98f8e",
    "Lilac / Citrus": "b9a6dd 9a85c6 e4ea55 f2f0f4 8a75b6 f3f1f5 e7dff3",
    "Fuchsia / Ink": "d5317f ad2163 1f2440 f2eff1 20243c f4f1f3 6d1340",
    "Aqua / Flare": "6fd3cf 4bb3b2 ff6a4a f2f4f2 ff6a4a f3f5f4 2e7f80",
    "Ice / Navy": "d3dfe8 b3c4d3 22365f f0f2f4 22365f f2f4f5 22365f",
    "Stone / Moss": "bdb7a8 958e7b 5c6b3a ece8de 4a4a3c e9e4d8 6b6555",
    "Charcoal / Crimson": "3c3f45 2a2c31 d22f3c ecebe9 d22f3c 2a2c31 55585f",
    "Plum / Rose": "5a3658 432742 e79bb0 efe9ed 432742 eddbe3 35203a",
}


def colours(name: str) -> Colours:
    """Return the colours of a named colourway."""
    return Colours(*(linear(code) for code in COLOURWAYS[name].split()))
