from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sneakeraug.arrays import UInt8Array
from sneakeraug.augment.transforms import apply_augmentation
from sneakeraug.errors import ContextError, FeatureSchemaError, InputError, PhotoError
from sneakeraug.recommend import Recommender
from sneakeraug.records import Context, Recommendation
from sneakeraug.score.features import (
    build_features,
    check_schema,
    encode_contexts,
    feature_names,
    measure_picture,
)
from sneakeraug.serving import load
from sneakeraug.settings import Settings
from sneakeraug.training.six_fold import SixFold
from sneakeraug.vocabulary import AUGMENTATIONS, TARGETS


@pytest.fixture(scope="module")
def recommender(small_models: Path) -> Recommender:
    return load(settings=Settings(models_dir=small_models, device="cpu"))


def test_all_five_parts_come_back(recommender: Recommender, demo_paths: list[Path]) -> None:
    result = recommender.recommend(demo_paths[0], sneaker_type="running", gender="women")
    assert 0 <= result.original.p <= 1
    assert {v.augmentation for v in result.variants} == set(AUGMENTATIONS)
    assert result.best_augmentation.verdict in ("recommend", "keep_original", "cannot_tell")
    assert [a.rank for a in result.alternates] == [1, 2, 3, 4, 5]
    assert result.best_alternate.sentence
    document = result.to_dict()
    assert document["schema"] == "sneakeraug.recommendation/1"
    assert Recommendation.model_validate(json.loads(json.dumps(document))) == result


@pytest.mark.parametrize("target", TARGETS)
def test_ranks_follow_the_targets_direction(
    recommender: Recommender, demo_paths: list[Path], target: str
) -> None:
    result = recommender.recommend(demo_paths[1], target=target)
    for scored in (result.variants, result.alternates):
        p = [entry.p for entry in scored]
        assert p == sorted(p, reverse=TARGETS[target] == "raise")


def test_path_bytes_pil_and_array_score_alike(
    recommender: Recommender, shoe: UInt8Array, encode: Callable[..., bytes], tmp_path: Path
) -> None:
    data = encode(shoe)
    path = tmp_path / "shoe.png"
    path.write_bytes(data)
    results = [
        recommender.recommend(image)
        for image in (path, str(path), data, Image.open(io.BytesIO(data)), shoe)
    ]
    assert len({round(r.original.p, 9) for r in results}) == 1


def test_an_analysis_by_another_network_is_refused(
    recommender: Recommender, demo_paths: list[Path]
) -> None:
    own = recommender.analyse(demo_paths[0])
    foreign = replace(own, network="0" * 64)
    assert recommender.explain(own, "sketch")
    for ask in (
        recommender.score,
        recommender.past,
        recommender.cover,
        partial(recommender.explain, augmentation="sketch"),
        partial(recommender.regions, augmentation="sketch"),
    ):
        with pytest.raises(InputError, match="exchanged"):
            ask(foreign)


def test_many_equals_one_by_one(recommender: Recommender, demo_paths: list[Path]) -> None:
    many = recommender.recommend_many(demo_paths[:3], target="open_rate")
    single = [recommender.recommend(path, target="open_rate") for path in demo_paths[:3]]
    assert [r.variants for r in many] == [r.variants for r in single]


def test_a_batch_equals_single_passes(recommender: Recommender, demo_paths: list[Path]) -> None:
    photos = [v.photo for v in recommender.analyse(demo_paths[2]).variants]
    together = recommender.model.encoder.encode(photos)
    apart = [recommender.model.encoder.encode([photo]) for photo in photos]
    np.testing.assert_allclose(
        together.outputs, np.concatenate([a.outputs for a in apart]), atol=1e-5
    )
    np.testing.assert_allclose(np.linalg.norm(together.embeddings, axis=1), 1, atol=1e-5)


def test_full_size_and_its_small_copy_score_alike(
    recommender: Recommender, demo_paths: list[Path]
) -> None:
    with Image.open(demo_paths[4]) as image:
        large = image.convert("RGB").resize((2000, 1500), Image.Resampling.LANCZOS)
        small = large.resize((448, 336), Image.Resampling.BOX)
    by_name = {
        size: {v.augmentation: v.p for v in recommender.recommend(picture).variants}
        for size, picture in (("large", large), ("small", small))
    }
    for name in AUGMENTATIONS:
        assert by_name["large"][name] == pytest.approx(by_name["small"][name], abs=0.05)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("target", "likes"),
        ("campaign_type", "spam"),
        ("industry", ""),
        ("sneaker_type", "sandal"),
        ("gender", "Men"),
    ],
)
def test_an_unknown_term_names_the_known_ones(
    recommender: Recommender, demo_paths: list[Path], field: str, value: str
) -> None:
    with pytest.raises(ContextError, match="expected one of") as caught:
        recommender.recommend(demo_paths[0], **{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field


def test_a_flat_picture_is_refused_with_a_reason(recommender: Recommender) -> None:
    with pytest.raises(PhotoError, match="flat surface"):
        recommender.recommend(np.full((200, 200, 3), 200, np.uint8))


@pytest.mark.parametrize("n", [-1, 101])
def test_an_impossible_number_of_alternates_is_refused(
    recommender: Recommender, demo_paths: list[Path], n: int
) -> None:
    with pytest.raises(InputError, match="0 to 100"):
        recommender.recommend(demo_paths[0], n_alternates=n)


def test_no_alternates_is_said(recommender: Recommender, demo_paths: list[Path]) -> None:
    result = recommender.recommend(demo_paths[0], n_alternates=0)
    assert result.alternates == ()
    assert result.best_alternate.p is None


def test_another_type_of_input_is_refused(recommender: Recommender) -> None:
    with pytest.raises(InputError, match="A int is no picture"):
        recommender.recommend(7)  # type: ignore[arg-type]


def test_contributions_add_up_to_the_log_odds(
    recommender: Recommender, demo_paths: list[Path]
) -> None:
    analysis = recommender.analyse(demo_paths[0])
    rows, context = analysis.picture_rows(), encode_contexts([Context()])
    x = build_features(rows, context, recommender.model.projection)
    model = recommender.model.conversions["open_rate"]
    log_odds = model.calibration.margin(model.mean_log_odds(x))
    np.testing.assert_allclose(model.contributions(x).sum(axis=1), log_odds, atol=1e-4)


def test_drivers_come_largest_first_in_words(
    recommender: Recommender, demo_paths: list[Path]
) -> None:
    analysis = recommender.analyse(demo_paths[0])
    drivers = recommender.explain(analysis, "brighter", "click_through", industry="healthcare")
    sizes = [abs(driver.contribution) for driver in drivers]
    assert sizes == sorted(sizes, reverse=True)
    assert {d.name: d.value for d in drivers}["industry"] == "healthcare"


def test_a_rendered_variant_is_the_full_size_edit(
    recommender: Recommender, demo_paths: list[Path]
) -> None:
    variant = recommender.analyse(demo_paths[0]).variants[3]
    png = recommender.render(demo_paths[0], variant.augmentation, variant.parameters)
    with Image.open(demo_paths[0]) as source, Image.open(io.BytesIO(png)) as image:
        whole = np.asarray(source.convert("RGB"))
        assert (np.asarray(image) == apply_augmentation(whole, "rotate").photo).all()
        assert "exif" not in image.info


def test_a_training_row_equals_the_serving_row(
    recommender: Recommender, demo_paths: list[Path]
) -> None:
    analysis = recommender.analyse(demo_paths[0])
    context = encode_contexts([Context(sneaker_type="running")])
    served = build_features(analysis.picture_rows(), context, recommender.model.projection)
    six_fold = SixFold(
        analysis.outputs,
        np.repeat(analysis.embedding[None], 6, axis=0),
        np.stack([measure_picture(v.photo) for v in analysis.variants]),
        np.arange(6),
        np.zeros(6, dtype=np.int64),
    )
    contexts = {name: np.repeat(codes, 6) for name, codes in context.items()}
    trained = build_features(six_fold.picture_rows(), contexts, recommender.model.projection)
    edits = np.arange(6) != AUGMENTATIONS.index("original")  # of an upload the network says it
    np.testing.assert_array_equal(served[edits], trained[edits])


def test_features_of_another_schema_are_refused() -> None:
    names = feature_names(AUGMENTATIONS)
    with pytest.raises(FeatureSchemaError, match="missing"):
        check_schema(names, (*names[:-1], "gender=martian"))
