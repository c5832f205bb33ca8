from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from sneakeraug.arrays import UInt8Array
from sneakeraug.embed.encoder import N_IDENTITY
from sneakeraug.embed.fit import FitPlan, calibrate_head
from sneakeraug.embed.identity import product_contrast
from sneakeraug.embed.preprocess import (
    MEAN,
    N_TONES,
    STD,
    fit_square,
    normalise,
    tone_profile,
)
from sneakeraug.embed.resnet import (
    HEADS,
    AugmentationNet,
    choose_device,
    net_depth,
    start_from,
)
from sneakeraug.embed.torch_encoder import TorchEncoder
from sneakeraug.errors import InputError, ModelError, ModelNotFoundError


def test_a_square_keeps_the_aspect_and_continues_the_edges(shoe: UInt8Array) -> None:
    square = fit_square(shoe, 96)
    assert square.shape == (96, 96, 3)
    assert (square[:10] == np.median(fit_square(shoe, 96)[12], axis=0)).all()
    assert fit_square(np.ascontiguousarray(shoe.transpose(1, 0, 2)), 96).shape == (96, 96, 3)


def test_normalisation_is_the_published_one() -> None:
    x = normalise(np.full((1, 2, 2, 3), 255, np.uint8))
    assert x.shape == (1, 3, 2, 2)
    np.testing.assert_allclose(x[0, :, 0, 0], (1 - np.array(MEAN)) / np.array(STD), rtol=1e-5)


@pytest.mark.parametrize(("name", "depth"), [("resnet18", 18), ("resnet34", 34), ("resnet50", 50)])
def test_depths_are_told_apart(name: str, depth: int) -> None:
    assert net_depth(AugmentationNet(name)) == depth


def test_training_can_start_from_earlier_weights(tmp_path: Path) -> None:
    torch.manual_seed(0)
    first = AugmentationNet("resnet18")
    save_file(
        {k: v.contiguous() for k, v in first.state_dict().items()}, tmp_path / "w.safetensors"
    )
    second = AugmentationNet("resnet18")
    start_from(second, str(tmp_path / "w.safetensors"))
    assert all(
        torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True)
    )


def test_missing_starting_weights_are_an_error_never_random(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="There is no weights file"):
        start_from(AugmentationNet("resnet18"), str(tmp_path / "none.safetensors"))


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    net = AugmentationNet("resnet18")
    save_file({k: v.contiguous() for k, v in net.state_dict().items()}, tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match="the weights of a resnet34"):
        TorchEncoder(tmp_path / "w.safetensors", "resnet34", 6, 32, "cpu")


def test_training_does_not_start_from_another_networks_weights(tmp_path: Path) -> None:
    net = AugmentationNet("resnet18")
    path = tmp_path / "w.safetensors"
    save_file({k: v.contiguous() for k, v in net.state_dict().items()}, path)
    with pytest.raises(InputError, match="does not hold the weights of a ResNet34"):
        start_from(AugmentationNet("resnet34"), str(path))
    path.write_bytes(b"no weights")
    with pytest.raises(InputError, match="does not hold the weights"):
        start_from(AugmentationNet("resnet18"), str(path))


def test_heads_alone_are_trained_upon_weights_that_lack_them(tmp_path: Path) -> None:
    torch.manual_seed(0)
    finished = AugmentationNet("resnet18")
    path = tmp_path / "w.safetensors"
    state = {k: v.contiguous() for k, v in finished.state_dict().items()}
    save_file({k: v for k, v in state.items() if not k.startswith(HEADS)}, path)
    net = AugmentationNet("resnet18")
    start_from(net, str(path))
    net.keep_all_but_heads()
    changed = {name for name, p in net.named_parameters() if p.requires_grad}
    assert changed == {name for name, _ in net.named_parameters() if name.startswith(HEADS)}
    x, tones = torch.rand(4, 3, 64, 64), torch.rand(4, N_TONES)
    before = net.train()(x, tones)
    (before.identity.square()[:, 0].sum() + before.gate.square().sum()).backward()
    torch.optim.SGD([p for p in net.parameters() if p.requires_grad], 0.1).step()
    after = net(x, tones)
    assert torch.equal(before.logits, after.logits)
    assert not torch.equal(before.gate, after.gate)
    assert not torch.equal(before.identity, after.identity)


def test_an_unknown_network_names_the_known_ones() -> None:
    with pytest.raises(InputError, match="resnet18, resnet34, resnet50, resnet101"):
        AugmentationNet("vgg16")


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there")
def test_asking_for_a_missing_gpu_is_an_error_not_a_fallback() -> None:
    with pytest.raises(InputError, match="No CUDA device"):
        choose_device("cuda")
    assert choose_device("auto").type == "cpu"


def test_the_learning_rate_rises_then_falls_to_nothing() -> None:
    plan = FitPlan((96, 96), 500, learning_rate=0.1, warmup_steps=100)
    rates = [plan.rate_at(step) for step in range(plan.n_steps)]
    assert rates[:50] == sorted(rates[:50])
    assert rates[100:] == sorted(rates[100:], reverse=True)
    assert max(rates) <= 0.1
    assert rates[-1] < 1e-4


def test_calibration_undoes_a_known_distortion_in_the_last_layer() -> None:
    rng = np.random.default_rng(0)
    true = rng.dirichlet(np.full(6, 0.4), size=20_000)
    labels = np.array([rng.choice(6, p=row) for row in true])
    shift = np.array([1.0, 0.0, -0.5, 0.0, 0.0, 0.0])
    distorted = np.exp(0.5 * np.log(np.maximum(true, 1e-12)) + shift)
    distorted /= distorted.sum(axis=1, keepdims=True)
    net = AugmentationNet("resnet18")
    before = net.head.weight.detach().clone()
    about = calibrate_head(net, torch.from_numpy(distorted), torch.from_numpy(labels))
    assert about["scale"] == pytest.approx(2.0, abs=0.1)
    found = np.array(about["shift"])
    np.testing.assert_allclose(found - found[1], -2 * shift, atol=0.25)
    torch.testing.assert_close(net.head.weight, before * about["scale"], rtol=1e-3, atol=1e-4)


def test_a_tone_profile_shows_the_last_dark_pixel_and_not_where_it_is() -> None:
    pale = np.full((100, 80, 3), 200, dtype=np.uint8)
    dark, moved = pale.copy(), pale.copy()
    dark[3, 5] = 20
    moved[90, 1] = 20
    assert tone_profile(pale).shape == (N_TONES,)
    np.testing.assert_array_equal(tone_profile(dark), tone_profile(moved))
    assert np.abs(tone_profile(dark) - tone_profile(pale)).max() > 0.2


def test_a_tone_profile_is_nearly_the_same_at_another_size(shoe: UInt8Array) -> None:
    half = cv2.resize(shoe, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    assert np.abs(tone_profile(half) - tone_profile(shoe)).mean() < 0.05


def test_the_products_loss_is_low_where_products_lie_apart_and_leaves_out_what_is_none() -> None:
    axes = torch.nn.functional.pad(torch.eye(4), (0, N_IDENTITY - 4))
    products = torch.tensor([0, 0, 1, 1])
    assert product_contrast(axes[[0, 0, 1, 1]], products) < 0.01
    assert product_contrast(axes[[0, 1, 0, 1]], products) > 5
    assert product_contrast(axes, torch.arange(4)) == 0  # no second picture of any
    with_others = product_contrast(axes[[0, 1, 0, 1, 2]], torch.tensor([0, 0, 1, 1, -1]))
    assert with_others == product_contrast(axes[[0, 1, 0, 1]], products)


def test_outputs_and_identity_come_from_one_pass() -> None:
    net = AugmentationNet("resnet18").eval()
    with torch.inference_mode():
        output = net(torch.zeros(3, 3, 32, 32), torch.zeros(3, N_TONES))
    assert output.logits.shape == (3, 6)
    assert output.identity.shape == (3, N_IDENTITY)
    torch.testing.assert_close(output.identity.norm(dim=1), torch.ones(3))
