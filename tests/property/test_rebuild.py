"""Any picture gives a small file that its manifest rebuilds to the bit, or our own error."""

from __future__ import annotations

import io

import numpy as np
from export_data import of_picture
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from sneakeraug.delivery import deliver, rebuild
from sneakeraug.errors import InputError
from sneakeraug.export.manifest import read_manifest
from sneakeraug.export.picture import LEAST_SSIM, MAX_BYTES
from sneakeraug.limits import Limits
from sneakeraug.vocabulary import AUGMENTATIONS


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    size=st.tuples(st.integers(64, 200), st.integers(64, 120)),
    seed=st.integers(0, 2**32 - 1),
    grain=st.sampled_from([0, 4, 40, 255]),
    mode=st.sampled_from(["RGB", "RGBA", "L"]),
    augmentation=st.sampled_from(AUGMENTATIONS),
    kind=st.sampled_from(["jpeg", "png"]),
    width=st.sampled_from([600, 1200]),
)
def test_a_picture_is_small_and_rebuilt_to_the_bit_or_refused(
    size: tuple[int, int],
    seed: int,
    grain: int,
    mode: str,
    augmentation: str,
    kind: str,
    width: int,
) -> None:
    rng = np.random.default_rng(seed)
    w, h = size
    base = np.linspace(0, 255 - grain, w)[None, :, None] * np.ones((h, 1, 4))
    noisy = base + rng.integers(0, grain + 1, (h, w, 4))
    buffer = io.BytesIO()
    Image.fromarray(noisy.astype(np.uint8), "RGBA").convert(mode).save(buffer, "PNG")
    source = buffer.getvalue()
    try:
        made = deliver(
            source,
            "x.png",
            of_picture(source),
            augmentation,
            "A picture",
            Limits(),
            width,
            kind,  # type: ignore[arg-type]
        )
    except InputError:
        return
    assert len(made.picture.data) <= MAX_BYTES
    assert made.picture.ssim >= LEAST_SSIM
    assert made.picture.width == width
    manifest = read_manifest(made.manifest.to_json().encode())
    assert rebuild(manifest, source, Limits()) == made.picture.data
