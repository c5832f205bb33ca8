"""The product's colours, for files: those of the page's light theme."""

from __future__ import annotations

from typing import Final

TEXT: Final = "#12161C"
QUIET: Final = "#46505D"
PRIMARY: Final = "#005F99"
PRIMARY_PALE: Final = "#E2F0F9"
ORANGE: Final = "#8A3D00"
ORANGE_PALE: Final = "#FCEEE0"
BORDER: Final = "#D5DBE3"
PANEL: Final = "#F3F5F8"
PAPER: Final = "#FFFFFF"
BAR: Final = "#2E86C1"
TRACK: Final = "#C6CDD6"
MARK: Final = "#5B6675"
