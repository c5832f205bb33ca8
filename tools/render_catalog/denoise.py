"""Denoising of path-traced pictures by Intel Open Image Denoise.

The library is the one in the ``oidn`` wheel, called by its C interface.
"""

from __future__ import annotations

import ctypes
import importlib.util
from functools import lru_cache
from pathlib import Path

import numpy as np
from curves import Array

FLOAT3 = 3  # OIDN_FORMAT_FLOAT3


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    """Load the library, and before it the TBB that lies beside it."""
    spec = importlib.util.find_spec("oidn")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("The package 'oidn' is missing; docs/catalog.md lists what is needed.")
    folder = Path(next(iter(spec.submodule_search_locations))) / "lib.linux.x64"
    for name in ("libtbb.so*", "libOpenImageDenoise.so*"):
        library = ctypes.CDLL(str(next(folder.glob(name))), mode=ctypes.RTLD_GLOBAL)
    for name in ("oidnNewDevice", "oidnNewFilter"):
        getattr(library, name).restype = ctypes.c_void_p
    return library


def denoise(colour: Array, albedo: Array, normal: Array) -> Array:
    """Return a picture without the noise of few samples.

    Parameters
    ----------
    colour, albedo, normal
        What was rendered, shape ``(h, w, 3)``, linear; noise-free edges in the latter two stay
        sharp.

    Returns
    -------
    clean
        Shape ``(h, w, 3)``, float32.
    """
    lib = _library()
    pointer = ctypes.c_void_p
    h, w, _ = colour.shape
    device = pointer(lib.oidnNewDevice(0))
    lib.oidnCommitDevice(device)
    kernel = pointer(lib.oidnNewFilter(device, b"RT"))
    clean = np.empty((h, w, 3), np.float32)
    images = {b"color": colour, b"albedo": np.clip(albedo, 0, 1), b"normal": normal}
    kept = {name: np.ascontiguousarray(image, np.float32) for name, image in images.items()}
    kept[b"output"] = clean
    size = ctypes.c_size_t
    for name, image in kept.items():
        data = image.ctypes.data_as(pointer)
        lib.oidnSetSharedFilterImage(
            kernel, name, data, FLOAT3, size(w), size(h), size(0), size(0), size(0)
        )
    lib.oidnSetFilter1b(kernel, b"hdr", ctypes.c_bool(True))
    lib.oidnCommitFilter(kernel)
    lib.oidnExecuteFilter(kernel)
    message = ctypes.c_char_p()
    if lib.oidnGetDeviceError(device, ctypes.byref(message)):
        raise RuntimeError(f"Denoising failed: {(message.value or b'').decode()}.")
    lib.oidnReleaseFilter(kernel)
    lib.oidnReleaseDevice(device)
    return clean
