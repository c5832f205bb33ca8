"""What runs the network here: the one door of serving behind which torch is imported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from sneakeraug.embed.encoder import Encoder
from sneakeraug.embed.openvino_encoder import OpenvinoEncoder, is_openvino_installed, open_graph
from sneakeraug.errors import InputError, ModelError

Backend = Literal["torch", "openvino"]

BACKENDS: Final = ("auto", "torch", "openvino")

NVIDIA: Final = ("nvidia*", "nvhost-gpu", "nvmap", "dxg")
"""Under ``/dev``, at least one of which is there where CUDA is: servers, Jetsons, WSL."""


def open_encoder(
    weights: Path,
    about: Mapping[str, Any],
    graph: Path | None = None,
    device: str = "auto",
    backend: str = "auto",
    threads: int = 0,
    cache_dir: Path | None = None,
) -> Encoder:
    """Open a network with the backend that fits what is there.

    Parameters
    ----------
    weights
        Its safetensors file, which torch reads.
    about
        What its training says of it: depth, labels, size.
    graph
        Its CPU graph, which OpenVINO reads; None where it has none.
    device
        ``auto``, ``cpu`` or ``cuda``.
    backend
        ``auto``, ``torch`` or ``openvino``; see `choose_backend`.
    threads
        Processor threads; 0 leaves the choice to the backend.
    cache_dir
        Where OpenVINO keeps what it compiled of this graph; nothing is kept where None.

    Raises
    ------
    InputError, ModelError
        If a backend is asked for that cannot run it.
    ModelNotFoundError
        If a file is missing.
    """
    if choose_backend(device, backend, graph is not None) == "openvino" and graph is not None:
        return OpenvinoEncoder(
            open_graph(graph, threads, cache_dir), len(about["labels"]), int(about["size_px"])
        )
    try:
        from sneakeraug.embed.torch_encoder import TorchEncoder
    except ModuleNotFoundError as exc:
        raise ModelError(
            "The package torch is not installed, which runs a model's weights. Install "
            "requirements.txt, or serve a model that has a CPU graph by --backend openvino."
        ) from exc
    return TorchEncoder.of(weights, about, device, threads)


def choose_backend(device: str, backend: str, has_graph: bool) -> Backend:
    """Return what runs a network.

    Where it is left open: torch where there is a GPU, else OpenVINO where the model has a CPU
    graph and the package is there, else torch.

    Parameters
    ----------
    device
        ``auto``, ``cpu`` or ``cuda``.
    backend
        One of `BACKENDS`.
    has_graph
        Whether the model has a CPU graph.

    Raises
    ------
    InputError
        If there is no such backend, or OpenVINO is asked for on a GPU.
    ModelError
        If OpenVINO is asked for and the model has no CPU graph.
    """
    if backend not in BACKENDS:
        raise InputError(
            f"Unknown backend {backend[:60]!r}; expected one of: {', '.join(BACKENDS)}."
        )
    if backend == "torch":
        return "torch"
    if backend == "openvino":
        if device == "cuda":
            raise InputError(
                "OpenVINO runs the network on the CPU; --device cuda was given. Use --backend "
                "torch on a GPU, or --device cpu."
            )
        if not has_graph:
            raise ModelError(
                "The model has no CPU graph, which --backend openvino runs. Add one with "
                "`sneakeraug train int8`, or use --backend torch."
            )
        return "openvino"
    if device == "cuda" or (device != "cpu" and has_gpu()):
        return "torch"
    return "openvino" if has_graph and is_openvino_installed() else "torch"


def has_gpu() -> bool:
    """Whether CUDA can be used; torch is asked only where an NVIDIA device is to be seen."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1"):
        return False
    if not any(next(Path("/dev").glob(name), None) for name in NVIDIA):
        return False
    from sneakeraug.embed.torch_encoder import is_cuda_available

    return is_cuda_available()
