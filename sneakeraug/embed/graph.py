"""The network as an OpenVINO graph: converted from torch, and quantised to int8."""

from __future__ import annotations

import contextlib
import logging
import math
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn

from sneakeraug.embed.openvino_encoder import GRAPH_INPUTS, GRAPH_OUTPUTS, import_openvino
from sneakeraug.embed.preprocess import MEAN, N_TONES, STD, NetworkInput
from sneakeraug.embed.resnet import AugmentationNet
from sneakeraug.errors import ModelError

if TYPE_CHECKING:
    import openvino

FLOAT_TYPES: Final = [
    "AdaptiveAvgPool",
    "Concat",
    "Divide",
    "MatMul",
    "Maximum",
    "Multiply",
    "ReduceL2",
    "ReduceMean",
    "Sigmoid",
    "Softmax",
]
"""Operations that stay float32: heads, tones, what makes the identity's norm 1, probabilities."""


LARGE: Final = 1_000_000
"""Numbers of a linear layer's weights from which they are stored as int8."""


class ServedNet(nn.Module):
    """A network with all that serving does around it: normalisation before, probabilities after.

    Parameters
    ----------
    net
        In evaluation mode, float32, on the CPU. Not modified.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, net: AugmentationNet) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("mean", torch.tensor(MEAN) * 255)
        self.register_buffer("std", torch.tensor(STD) * 255)

    def forward(self, squares: Tensor, tones: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return what `Encoded` is made of, in the order of `GRAPH_OUTPUTS`."""
        x = ((squares.float() - self.mean) / self.std).permute(0, 3, 1, 2)
        output = self.net(x, tones)
        return torch.softmax(output.logits, dim=1), output.identity, torch.sigmoid(output.gate)


def convert_network(net: AugmentationNet, size_px: int) -> openvino.Model:
    """Return a network as a float32 graph for batches of any size.

    Parameters
    ----------
    net
        In evaluation mode, float32, on the CPU. Not modified.
    size_px
        Side of its input squares.

    Returns
    -------
    graph
        Takes `NetworkInput` as it is, uint8 squares and float32 tones, by the names of
        `GRAPH_INPUTS`; gives `GRAPH_OUTPUTS`.
    """
    ov = import_openvino()
    example = (torch.zeros(2, size_px, size_px, 3, dtype=torch.uint8), torch.zeros(2, N_TONES))
    shapes = [([-1, size_px, size_px, 3], ov.Type.u8), ([-1, N_TONES], ov.Type.f32)]
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # torch's own, of the tracing that OpenVINO calls
        graph = ov.convert_model(ServedNet(net).eval(), example_input=example, input=shapes)
    for ports, names in ((graph.inputs, GRAPH_INPUTS), (graph.outputs, GRAPH_OUTPUTS)):
        for port, name in zip(ports, names, strict=True):
            port.set_names({name})
    return graph


def quantise_graph(graph: openvino.Model, inputs: Sequence[NetworkInput]) -> openvino.Model:
    """Return a graph whose ResNet is reckoned in int8; heads and first convolution in float32.

    With all of it in int8, identities are not of norm 1, and probabilities move by nearly twice as
    much; the first convolution sees the last dark pixels. Ranges hold all that was seen: cut off
    at a mean of extremes, or at quantiles, two to four times as many edits are named otherwise.
    Weights of a large head are stored as int8, a scale a row, and reckoned with as float32.

    Post-training quantisation (Kozlov et al., "Neural network compression framework for fast
    model inference", 2020): ranges of what flows between layers are taken from `inputs`.

    Parameters
    ----------
    graph
        From `convert_network`. Not modified.
    inputs
        Of pictures as they are served; a batch each.

    Raises
    ------
    ModelError
        If nncf is not installed.
    """
    import_openvino()
    try:
        import nncf
        from nncf.quantization.range_estimator import RangeEstimatorParametersSet
    except ImportError as exc:
        raise ModelError(
            "The package nncf is not installed, which makes int8 graphs; serving needs none of "
            "it. Install requirements-dev.txt and run again."
        ) from exc
    nncf.set_log_level(logging.ERROR)
    samples = [dict(zip(GRAPH_INPUTS, each, strict=True)) for each in inputs]
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what NNCF imports warns of itself
        quantised = nncf.quantize(
            graph.clone(),
            nncf.Dataset(samples),
            preset=nncf.QuantizationPreset.MIXED,  # sums of residuals have either sign
            subset_size=len(samples),
            ignored_scope=nncf.IgnoredScope(
                names=[each.get_friendly_name() for each in _convolutions_kept(graph)],
                types=FLOAT_TYPES,
                validate=False,  # not every depth and size has all of them
            ),
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                activations_range_estimator_params=RangeEstimatorParametersSet.MINMAX
            ),
        )
        return nncf.compress_weights(
            quantised,
            mode=nncf.CompressWeightsMode.INT8_SYM,
            ignored_scope=nncf.IgnoredScope(names=list(_small_layers(quantised)), validate=False),
        )


def _small_layers(graph: openvino.Model) -> Iterator[str]:
    """Names of layers whose weights are stored as they are."""
    for node in graph.get_ordered_ops():
        if node.get_type_name() in ("MatMul", "Convolution"):
            weights = node.input(1).get_partial_shape()
            if weights.is_dynamic or math.prod(weights.to_shape()) < LARGE:
                yield node.get_friendly_name()


def _convolutions_kept(graph: openvino.Model) -> Iterator[openvino.Node]:
    """The convolution that reads pixels, and those that narrow maps for the identity's grid."""
    for node in graph.get_ordered_ops():
        if node.get_type_name() == "Convolution" and node.input(1).get_shape()[1] == len(MEAN):
            yield node
        if node.get_type_name() == "AdaptiveAvgPool":
            above = node
            while above.get_type_name() != "Convolution":
                above = above.input_value(0).get_node()
            yield above
