"""The examples of the OpenAPI document: requests, and what the shipped model answers.

After a change of the model or of an answer run `python tests/api/examples.py` and look.
"""

from __future__ import annotations

import base64
import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from PIL import Image

from sneakeraug.api.openapi import EXAMPLES
from sneakeraug.settings import Settings

ROOT: Final = Path(__file__).resolve().parents[2]
PATHS: Final = {
    "recommendation": "/v1/recommendations",
    "batch": "/v1/recommendations:batch",
    "search": "/v1/catalog/search",
    "export": "/v1/exports",
    "decision": "/v1/decisions",
    "problem": "/v1/recommendations",
}


def requests_of_examples() -> dict[str, dict[str, Any]]:
    """What is asked, by the example's name; the picture is a small one of ours."""
    with Image.open(ROOT / "sneakeraug/ui/samples/running-cobalt.jpg") as image:
        buffer = io.BytesIO()
        image.convert("RGB").resize((96, 72), Image.Resampling.LANCZOS).save(
            buffer, "JPEG", quality=60
        )
    image_text = base64.b64encode(buffer.getvalue()).decode()
    campaign = {"target": "open_rate", "campaign_type": "newsletter", "industry": "retail"}
    picture = {"image": image_text, "name": "running-cobalt.jpg"}
    broken = {"image": base64.b64encode(b"hello").decode(), "name": "notes.jpg"}
    return {
        "recommendation": {
            **campaign,
            "sneaker_type": "running",
            "n_alternates": 1,
            "guard": {"unsubscribed": 5},
            **picture,
        },
        "batch": {**campaign, "n_alternates": 0, "images": [picture, broken]},
        "decision": {
            **campaign,
            "n_alternates": 0,
            **picture,
            "by": "Ada",
            "chosen": {"augmentation": "swivel"},
            "note": "Agreed with the brand.",
        },
        "search": {"sneaker_type": "running", "max_price": 100, "n": 2, **picture},
        "export": {**campaign, "variant": "brighter", "only": "manifest", **picture},
        "problem": {**picture, "target": "sales"},
    }


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    from api.conftest import serve

    found = {}
    with (
        tempfile.TemporaryDirectory() as home,
        serve(Settings(home=Path(home), device="cpu", backend="torch")) as service,
    ):
        for name, asked in requests_of_examples().items():
            answer = service.post(PATHS[name], json=asked, headers={"X-Request-ID": "an-example"})
            found[name] = {"request": asked, "answer": answer.json()}
    EXAMPLES.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
