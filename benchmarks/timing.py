"""What timed benchmarks share: the machine in words, and a file of what was found."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any


def machine() -> str:
    """The processor, how many of it, and the system."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        named = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else model
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} × {model}, {platform.system()}, load {load:.1f} at the start"


def write_json(path: Path | None, document: dict[str, Any]) -> None:
    """Write what was found, where a file is named."""
    if path is not None:
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
