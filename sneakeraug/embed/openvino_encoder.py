"""The network as an OpenVINO graph on the CPU; loads no torch, and sends nothing anywhere."""

from __future__ import annotations

import importlib.util
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sneakeraug.embed.encoder import Encoded, Encoder
from sneakeraug.embed.preprocess import NetworkInput
from sneakeraug.errors import ModelError, ModelNotFoundError

if TYPE_CHECKING:
    import openvino

GRAPH_INPUTS: Final = ("squares", "tones")
GRAPH_OUTPUTS: Final = ("outputs", "identity", "gate")
"""Names of what a graph takes and gives: `NetworkInput`, and what `Encoded` is made of."""

TELEMETRY: Final = "openvino_telemetry"


def is_openvino_installed() -> bool:
    """Whether the package is there; it is not imported."""
    return importlib.util.find_spec("openvino") is not None


def import_openvino() -> Any:
    """Import OpenVINO without its telemetry, which would report every import to its makers.

    Raises
    ------
    ModelError
        If it is not installed.
    """
    # An entry of None makes an import fail, upon which OpenVINO and NNCF take stubs of their own.
    sys.modules.setdefault(TELEMETRY, None)  # type: ignore[arg-type]
    try:
        import openvino
    except ImportError as exc:
        raise ModelError(
            "The package openvino cannot be imported, which runs the CPU graph of a model. "
            "Install requirements.txt, or use --backend torch."
        ) from exc
    return openvino


class OpenvinoEncoder(Encoder):
    """The network's graph, compiled for this processor.

    Parameters
    ----------
    compiled
        From `open_graph` or `compile_graph`.
    n_outputs
        Augmentations it tells apart.
    size_px
        Side of the input square it serves at.
    """

    backend = "openvino"

    def __init__(self, compiled: openvino.CompiledModel, n_outputs: int, size_px: int) -> None:
        super().__init__(n_outputs, size_px)
        self._request = compiled.create_infer_request()
        self._running = threading.Lock()

    @property
    def device(self) -> str:
        """``cpu``."""
        return "cpu"

    def encode_inputs(self, inputs: NetworkInput) -> Encoded:
        """Send prepared photos through the network once; one thread at a time."""
        given = dict(zip(GRAPH_INPUTS, inputs, strict=True))
        with self._running:
            found = self._request.infer(given)
            outputs, identity, gate = (np.array(found[name]) for name in GRAPH_OUTPUTS)
        return Encoded(outputs, identity, gate[:, 0], gate[:, 1])


def open_graph(
    graph: Path, threads: int = 0, cache_dir: Path | None = None
) -> openvino.CompiledModel:
    """Compile a graph from its files, or take it from the cache of an earlier start.

    Parameters
    ----------
    graph
        The ``.xml``; its weights lie beside it as ``.bin``.
    threads
        Processor threads; 0 leaves the choice to OpenVINO.
    cache_dir
        Where what is compiled of this very graph is kept: what OpenVINO tells graphs apart by
        does not read all weights. None, or a folder that cannot be written, keeps nothing.

    Raises
    ------
    ModelNotFoundError, ModelError
        If a file is missing, or is no graph of this network.
    """
    for path in (graph, graph.with_suffix(".bin")):
        if not path.is_file():
            raise ModelNotFoundError(
                f"Model file {path.name!r} is missing from its folder. Restore it and try again."
            )
    ov = import_openvino()
    try:
        model = _open_core(ov).read_model(graph)
    except RuntimeError as exc:
        raise _unusable(graph) from exc
    named = {name for port in (*model.inputs, *model.outputs) for name in port.names}
    if named != {*GRAPH_INPUTS, *GRAPH_OUTPUTS}:
        raise _unusable(graph)
    if cache_dir is not None:
        with suppress(OSError, RuntimeError):
            cache_dir.mkdir(parents=True, exist_ok=True)
            return compile_graph(model, threads, cache_dir)
    return compile_graph(model, threads)


def compile_graph(
    model: openvino.Model, threads: int = 0, cache_dir: Path | None = None
) -> openvino.CompiledModel:
    """Compile a graph for this processor; what is not int8 is reckoned in float32 on each.

    Parameters
    ----------
    model
        The graph.
    threads
        Processor threads; 0 leaves the choice to OpenVINO.
    cache_dir
        Folder of OpenVINO's own cache; it drops by itself what is damaged or of another version.
    """
    options: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    if threads:
        options["INFERENCE_NUM_THREADS"] = threads
    core = _open_core(import_openvino())
    if cache_dir is not None:
        core.set_property({"CACHE_DIR": str(cache_dir)})
    return core.compile_model(model, "CPU", options)


def _open_core(ov: Any) -> Any:
    """OpenVINO with every file read into memory: one mapped there and cut would end the process."""
    core = ov.Core()
    core.set_property({"ENABLE_MMAP": False})
    return core


def _unusable(graph: Path) -> ModelError:
    return ModelError(
        f"{graph.name} is not a graph of this network as this version of sneakeraug knows it. "
        "Make it anew with `sneakeraug train int8`, or use --backend torch."
    )
