"""The main job: one picture and one campaign in, probabilities and one verdict of each kind out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypedDict, Unpack

import numpy as np
from sqlalchemy import Engine

from sneakeraug.analysis import (
    ORIGINAL,
    SCORING_SIDE_PX,
    Analysis,
    Gate,
    ImageInput,
    decode_input,
    judge_shoe,
    name_edit,
    prepare,
    render_variant,
)
from sneakeraug.arrays import FloatArray, IntArray, ProbabilityArray
from sneakeraug.augment.transforms import Parameters
from sneakeraug.background import shrink_photo
from sneakeraug.catalog.own import open_own_catalog
from sneakeraug.catalog.products import DEMO, Catalog, load_catalog
from sneakeraug.embed.encoder import BACKEND, Encoder
from sneakeraug.errors import InputError, PhotoError, TargetError
from sneakeraug.evidence import HISTORY, Evidence, find_evidence, read_past
from sneakeraug.explain import group_drivers
from sneakeraug.offers import DEMO_PICTURES, IN_STOCK, EncodedCatalog, load_pictures
from sneakeraug.rank.alternates import choose_alternate, rank_alternates
from sneakeraug.rank.guards import check_guard, judge_guard
from sneakeraug.rank.variants import choose_augmentation, rank_variants
from sneakeraug.records import (
    UNKNOWN_EDIT,
    AlternateScore,
    Context,
    Driver,
    Guard,
    Product,
    ProductFilter,
    Recommendation,
    Request,
    Scored,
    Timing,
    direction_of,
)
from sneakeraug.regions import Covered, Regions, cover_patches, measure_regions
from sneakeraug.registry import WEIGHTS, ModelCard, chosen_folder, verify
from sneakeraug.score.conversion import load_conversions
from sneakeraug.score.features import (
    PictureRows,
    build_features,
    check_schema,
    encode_contexts,
    feature_names,
    measure_picture,
)
from sneakeraug.score.uncertainty import difference_intervals, probability_intervals, share_best
from sneakeraug.settings import Settings, get_settings
from sneakeraug.store.encoded import EncodedPictures
from sneakeraug.vocabulary import AUGMENTATIONS, DEFAULT_CATEGORY, PRODUCTS, Direction

MAX_ALTERNATES = 100

NO_GUARD: Final[Mapping[str, float]] = MappingProxyType({})

Report = Callable[[str], None]


def _silent(_line: str) -> None:
    """Nobody asked for progress."""


class Campaign(TypedDict, total=False):
    """The keyword arguments of `Recommender.score`."""

    target: str
    campaign_type: str
    industry: str
    sneaker_type: str | None
    gender: str | None
    n_alternates: int
    among: ProductFilter
    guard: Mapping[str, float]


class Recommender:
    """A loaded model with a catalog; safe to share between threads.

    Parameters
    ----------
    folder
        A model folder; every file is verified against the card first.
    catalog
        Products to offer as alternates.
    settings
        Limits, device, threads.
    engine
        Database that keeps what the network says of catalog pictures; nothing is kept where None.
    report
        Called with a line of progress while the catalog is encoded.

    Raises
    ------
    ModelNotFoundError, ModelCorruptError, FeatureSchemaError
        If a file is missing or changed, or the model is another version's.
    """

    backend = BACKEND

    def __init__(
        self,
        folder: Path,
        catalog: Catalog,
        settings: Settings,
        engine: Engine | None = None,
        report: Report = _silent,
    ) -> None:
        self.card: ModelCard = verify(folder)
        check_schema(self.card.features, feature_names(AUGMENTATIONS))
        self.settings = settings
        self._encoder = Encoder.of(
            folder / WEIGHTS, self.card.embedder, settings.device, settings.threads
        )
        self._gate = Gate(**self.card.embedder["gate"])
        self._product = PRODUCTS.get(self.card.category, "product")
        self._conversions, self._projection = load_conversions(folder, self.card.conversion)
        self._shipped = load_pictures(folder) if DEMO_PICTURES in self.card.files else {}
        self._past = read_past(folder) if HISTORY in self.card.files else None
        self._lock = threading.Lock()
        self.use_catalog(catalog, engine, report)

    def use_catalog(
        self, catalog: Catalog, engine: Engine | None = None, report: Report = _silent
    ) -> None:
        """Offer alternates from a catalog from now on; pictures known are not encoded again.

        Parameters
        ----------
        catalog, engine, report
            As for the recommender itself.
        """
        encoded = self.encode_catalog(catalog, engine, report)
        with self._lock:
            self.catalog, self.pictures = catalog, encoded

    def encode_catalog(
        self, catalog: Catalog, engine: Engine | None = None, report: Report = _silent
    ) -> EncodedCatalog:
        """Return a catalog as the model sees it; the parameters are the recommender's."""
        known = EncodedPictures(engine, self.card.files[WEIGHTS]) if engine else None
        return EncodedCatalog(
            catalog,
            self._encoder,
            self.settings.limits,
            self._shipped,
            known,
            self.settings.index_dir if engine else None,
            report,
        )

    @property
    def model_id(self) -> str:
        """The model's name."""
        return self.card.model_id

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``."""
        return self._encoder.device

    def analyse(self, image: ImageInput, name: str = "picture") -> Analysis:
        """Decode and judge a picture, make its six variants, send them through the network once.

        Parameters
        ----------
        image
            A path, a file's bytes, a PIL image, or an RGB uint8 array ``(h, w, 3)``.
        name
            What messages call it; a path's own name is used for a path.

        Raises
        ------
        PhotoError
            If it cannot be read or is over a limit.
        """
        started = time.perf_counter()
        photo = decode_input(image, self.settings.limits, name)
        decoded = time.perf_counter()
        prepared = prepare(photo)
        pictures = [variant.photo for variant in prepared.variants]
        measures = np.stack([measure_picture(picture) for picture in pictures])
        augmented = time.perf_counter()
        with self._lock:
            encoded = self._encoder.encode(pictures)
        embedded = time.perf_counter()
        return Analysis(
            photo=prepared.photo,
            width=prepared.width,
            height=prepared.height,
            quality=judge_shoe(
                prepared.quality, float(encoded.is_shoe[ORIGINAL]), self._gate, self._product
            ),
            variants=prepared.variants,
            detected=name_edit(
                encoded.outputs[ORIGINAL], float(encoded.is_known_edit[ORIGINAL]), self._gate
            ),
            outputs=encoded.outputs,
            embedding=encoded.embeddings[ORIGINAL],
            measures=measures,
            timing_ms={
                "decode": 1e3 * (decoded - started),
                "augment": 1e3 * (augmented - decoded),
                "embed": 1e3 * (embedded - augmented),
            },
        )

    def score(
        self,
        analysis: Analysis,
        target: str = "click_through",
        campaign_type: str = "promotional",
        industry: str = "retail",
        sneaker_type: str | None = None,
        gender: str | None = None,
        n_alternates: int = 5,
        among: ProductFilter = IN_STOCK,
        guard: Mapping[str, float] = NO_GUARD,
    ) -> Recommendation:
        """Score an analysed picture for a campaign; nothing is embedded again.

        Parameters
        ----------
        analysis
            From `analyse`.
        target, campaign_type, industry, sneaker_type, gender
            Terms of `sneakeraug.vocabulary`; the last two may be left open.
        n_alternates
            Catalog pictures wanted, 0 to 100.
        among
            Products that may be offered, by brand, price and stock.
        guard
            By target, how many more bad (or fewer good) events per 10,000 sends are tolerated;
            what does not surely stay within is never recommended, see `rank.guards`.

        Raises
        ------
        ContextError
            If a term is unknown; names the known ones.
        InputError
            If a guard's limit is no number of 0 to 10,000.
        TargetError
            If the model was not trained for the target.
        PhotoError
            If the picture's quality verdict is ``refuse``.
        """
        started = time.perf_counter()
        direction = self._direction(target)
        check_guard(guard)
        context = Context.of(
            campaign_type=campaign_type, industry=industry, sneaker_type=sneaker_type, gender=gender
        )
        if not 0 <= n_alternates <= MAX_ALTERNATES:
            raise InputError(
                f"{n_alternates} alternates were asked for; 0 to {MAX_ALTERNATES} is expected."
            )
        if analysis.quality.verdict == "refuse":
            raise PhotoError(" ".join(analysis.quality.reasons), reason="quality")
        members = {
            name: self._predict_variants(name, analysis, context) for name in {target, *guard}
        }
        of_original = {name: drawn[:, ORIGINAL] for name, drawn in members.items()}
        p, intervals = probability_intervals(members[target])
        difference, ranges = difference_intervals(members[target], of_original[target])
        variants = rank_variants(
            [(variant.augmentation, variant.parameters) for variant in analysis.variants],
            p,
            intervals,
            difference,
            ranges,
            share_best(members[target], lower_is_better=direction == "lower"),
            target,
            _judge_guards(guard, members, of_original),
        )
        scored = time.perf_counter()
        alternates, note = self._alternates(
            analysis, context, target, of_original, n_alternates, among, guard
        )
        done = time.perf_counter()
        timing = analysis.timing_ms | {
            "score": 1e3 * (scored - started),
            "alternates": 1e3 * (done - scored),
        }
        return Recommendation(
            model_id=self.model_id,
            device=self.device,
            backend=self.backend,
            request=Request(
                image_sha256=analysis.photo.sha256,
                width=analysis.width,
                height=analysis.height,
                target=target,
                direction=direction,
                context=context,
                guard=dict(guard),
            ),
            quality=analysis.quality,
            detected_augmentation=analysis.detected,
            original=Scored(
                p=p[ORIGINAL], interval=(intervals[ORIGINAL, 0], intervals[ORIGINAL, 1])
            ),
            variants=variants,
            best_augmentation=choose_augmentation(variants, target),
            alternates=alternates,
            best_alternate=choose_alternate(alternates, float(p[ORIGINAL]), target),
            warnings=self._warnings(analysis, note),
            timing_ms=Timing(
                **{k: round(v, 2) for k, v in timing.items()}, total=round(sum(timing.values()), 2)
            ),
        )

    def recommend(
        self, image: ImageInput, name: str = "picture", **campaign: Unpack[Campaign]
    ) -> Recommendation:
        """Analyse and score in one call, with the arguments of both."""
        return self.score(self.analyse(image, name), **campaign)

    def recommend_many(
        self, images: Sequence[ImageInput], **campaign: Unpack[Campaign]
    ) -> list[Recommendation]:
        """Recommend for each of several pictures in one campaign, in their order."""
        return [self.recommend(image, **campaign) for image in images]

    def explain(
        self,
        analysis: Analysis,
        augmentation: str,
        target: str = "click_through",
        campaign_type: str = "promotional",
        industry: str = "retail",
        sneaker_type: str | None = None,
        gender: str | None = None,
    ) -> list[Driver]:
        """Say what moved a variant's score on the log-odds scale, most first.

        Raises
        ------
        ContextError, InputError
            If a term or the augmentation is unknown.
        """
        self._direction(target)
        context = Context.of(
            campaign_type=campaign_type, industry=industry, sneaker_type=sneaker_type, gender=gender
        )
        rows = analysis.picture_rows().take(np.array([_label_of(augmentation)]))
        x = build_features(rows, encode_contexts([context]), self._projection)
        with self._lock:
            contributions = self._conversions[target].contributions(x)[0, :-1]
        return group_drivers(x[0], contributions, self.card.features, context)

    def cover(self, analysis: Analysis) -> Covered:
        """Cover one patch of a picture after the other; what `regions` needs of the network."""
        with self._lock:
            return cover_patches(analysis.photo.pixels, self._encoder)

    def regions(
        self,
        analysis: Analysis,
        augmentation: str,
        target: str = "click_through",
        campaign_type: str = "promotional",
        industry: str = "retail",
        sneaker_type: str | None = None,
        gender: str | None = None,
        covered: Covered | None = None,
    ) -> Regions:
        """Say which parts of the picture move a variant's score, by covering each in turn.

        Parameters
        ----------
        analysis
            From `analyse`.
        augmentation
            The variant; patches of the picture as it came are covered before the edit.
        target, campaign_type, industry, sneaker_type, gender
            As for `score`.
        covered
            From `cover`, where it is kept for several calls; it takes a second or two.

        Raises
        ------
        ContextError, InputError
            If a term or the augmentation is unknown.
        """
        direction_of(target)
        context = Context.of(
            campaign_type=campaign_type, industry=industry, sneaker_type=sneaker_type, gender=gender
        )
        label, rows = _label_of(augmentation), analysis.picture_rows()
        members = self._predict_variants(target, analysis, context)
        covered = covered or self.cover(analysis)
        with self._lock:
            return measure_regions(
                covered,
                analysis.photo.pixels,
                rows.take(np.array([label])),
                analysis.variants[label],
                self._conversions[target],
                self._projection,
                context,
                target,
                float(members[:, label].mean()),
            )

    def past(
        self,
        analysis: Analysis,
        target: str = "click_through",
        campaign_type: str = "promotional",
        industry: str = "retail",
        sneaker_type: str | None = None,
        gender: str | None = None,
        n: int = 5,
    ) -> list[Evidence]:
        """Find past campaigns with pictures like this one; none where the model has no history.

        Parameters
        ----------
        analysis
            From `analyse`.
        target, campaign_type, industry, sneaker_type, gender
            As for `score`.
        n
            Campaigns wanted.

        Raises
        ------
        ContextError
            If a term is unknown.
        """
        direction_of(target)
        context = Context.of(
            campaign_type=campaign_type, industry=industry, sneaker_type=sneaker_type, gender=gender
        )
        if self._past is None:
            return []
        return find_evidence(self._past, analysis.embedding, context, target, n)

    def render(self, image: ImageInput, augmentation: str, parameters: Parameters) -> bytes:
        """Make one variant at the picture's full size, as PNG bytes without metadata."""
        return render_variant(image, augmentation, parameters, self.settings.limits)

    def embed(self, image: ImageInput, name: str = "the picture") -> FloatArray:
        """Return a picture's identity embedding, shape ``(d,)``, float32, L2 norm 1.

        Raises
        ------
        PhotoError
            If it cannot be read or is over a limit.
        """
        photo = decode_input(image, self.settings.limits, name)
        with self._lock:
            encoded = self._encoder.encode([shrink_photo(photo.pixels, SCORING_SIDE_PX)])
        return np.asarray(encoded.embeddings[0], dtype=np.float32)

    def search(
        self,
        image: ImageInput,
        sneaker_type: str | None = None,
        gender: str | None = None,
        n: int = 10,
        among: ProductFilter = IN_STOCK,
    ) -> tuple[list[tuple[Product, float]], str | None]:
        """Find the catalog products most like a picture.

        Parameters
        ----------
        image
            As `analyse` takes it.
        sneaker_type, gender
            Products of these first; open where None.
        n
            Products wanted, 1 to `MAX_ALTERNATES`.
        among
            Products that may be found at all, by brand, price and stock.

        Returns
        -------
        found
            Products with their cosine similarity, most alike first.
        note
            A sentence where others than those asked for had to be added, or none fits.

        Raises
        ------
        PhotoError, ContextError, InputError
            If the picture cannot be read, a term is unknown, or `n` is out of range.
        """
        if not 1 <= n <= MAX_ALTERNATES:
            raise InputError(f"{n} products were asked for; 1 to {MAX_ALTERNATES} is expected.")
        context = Context.of(sneaker_type=sneaker_type, gender=gender)
        offer = self.pictures.choose(self.embed(image), context, n, among)
        if not offer.products:
            return [], "No product of the catalog fits; widen the brand, the price or the stock."
        found = sorted(zip(offer.products, offer.similarity, strict=True), key=lambda f: -f[1])
        return found, offer.note

    @property
    def n_newly_encoded(self) -> int:
        """Catalog pictures that were sent through the network at loading."""
        return self.pictures.n_encoded

    @property
    def targets(self) -> tuple[str, ...]:
        """What the model was trained for."""
        return tuple(self._conversions)

    def _direction(self, target: str) -> Direction:
        """Where a target is wanted; refused where the model does not know it."""
        direction = direction_of(target)
        if target not in self._conversions:
            raise TargetError(self.model_id, target, self.targets)
        return direction

    def _predict(
        self, target: str, pictures: PictureRows, context: Context, products: IntArray
    ) -> ProbabilityArray:
        """Probabilities by draw, shape ``(draws, n)``; the uploaded picture is product 0."""
        x = build_features(pictures, encode_contexts([context]), self._projection)
        with self._lock:
            return self._conversions[target].predict_members(x, products)

    def _predict_variants(
        self, target: str, analysis: Analysis, context: Context
    ) -> ProbabilityArray:
        """Probabilities of the six by draw, shape ``(draws, 6)``."""
        rows = analysis.picture_rows()
        return self._predict(target, rows, context, np.zeros(len(rows), np.int64))

    def _alternates(
        self,
        analysis: Analysis,
        context: Context,
        target: str,
        of_original: Mapping[str, ProbabilityArray],
        n: int,
        among: ProductFilter,
        guard: Mapping[str, float],
    ) -> tuple[tuple[AlternateScore, ...], str | None]:
        """Alternates scored and ranked, and a note where the filter had to be widened."""
        offer = self.pictures.choose(analysis.embedding, context, n, among)
        if not offer.products:
            return (), offer.note
        products = np.arange(1, len(offer.products) + 1)
        rows = offer.picture_rows()
        members = {name: self._predict(name, rows, context, products) for name in {target, *guard}}
        alternates = rank_alternates(
            offer.products,
            offer.similarity,
            *probability_intervals(members[target]),
            *difference_intervals(members[target], of_original[target]),
            target,
            _judge_guards(guard, members, of_original),
        )
        return alternates, offer.note

    def _warnings(self, analysis: Analysis, note: str | None) -> tuple[str, ...]:
        """What the reader should know, in sentences."""
        notes = list(analysis.photo.warnings)
        detected = analysis.detected
        if detected.label == UNKNOWN_EDIT:
            notes.append(
                f"The picture seems to carry an edit the model does not know "
                f"({detected.probability:.0%} sure): read its scores with care."
            )
        elif detected.label != "original":
            notes.append(
                f"The picture looks already edited ({detected.label}, "
                f"{detected.probability:.0%} sure); its variants are edits of an edit."
            )
        elif detected.probability < 0.8:
            notes.append("The network is not sure that the picture is an unedited product photo.")
        if note:
            notes.append(note)
        if self.card.is_demo:
            notes.append(
                "Demo model, trained on simulated campaigns: use it to choose what to test, "
                "not as a forecast."
            )
        if self.card.is_confounded:
            notes.append(
                "Differences between pictures may be differences between the campaigns they were "
                "sent in: the model's history was not randomised. Test before relying on them."
            )
        return tuple(notes)


def _judge_guards(
    guard: Mapping[str, float],
    members: Mapping[str, ProbabilityArray],
    of_original: Mapping[str, ProbabilityArray],
) -> list[tuple[Guard, ...]]:
    """What the guards say of each picture, from draws of the guarded targets."""
    judged = [
        judge_guard(name, limit, *difference_intervals(members[name], of_original[name]))
        for name, limit in guard.items()
    ]
    return list(zip(*judged, strict=True))


def _label_of(augmentation: str) -> int:
    """The position of an augmentation among the variants."""
    if augmentation not in AUGMENTATIONS:
        raise InputError(
            f"Unknown augmentation {augmentation!r}; expected one of: {', '.join(AUGMENTATIONS)}."
        )
    return AUGMENTATIONS.index(augmentation)


def load(
    model_id: str | None = None,
    *,
    category: str = DEFAULT_CATEGORY,
    settings: Settings | None = None,
    report: Report = _silent,
) -> Recommender:
    """Load a model and the catalog, once, for many recommendations.

    Alternates come from one's own catalog; from the demo catalog while that is empty.

    Parameters
    ----------
    model_id
        A model folder's name; the settings' model, else the category's active one, where None.
    category
        Of products, for instance ``sneakers``.
    settings
        Those of the environment where None.
    report
        Called with a line of progress while a new catalog is encoded.

    Raises
    ------
    ModelNotFoundError, ModelCorruptError
        If the model is missing, or a file of it was changed.
    """
    settings = settings or get_settings()
    usual = settings.model_id if category == DEFAULT_CATEGORY else None
    folder = chosen_folder(settings.models_dir, model_id, usual, category=category)
    catalog, engine = Catalog(DEMO, ()), None
    if category == DEFAULT_CATEGORY:
        catalog, engine = serving_catalog(settings)
    return Recommender(folder, catalog, settings, engine, report)


def serving_catalog(settings: Settings) -> tuple[Catalog, Engine | None]:
    """Return the catalog that alternates come from, and the database of one's own one.

    Returns
    -------
    catalog
        One's own; the demo catalog where there is none, or nothing in it.
    engine
        None where nothing was ever imported: looking makes no database.
    """
    if not settings.has_database:
        return load_catalog(), None
    own = open_own_catalog(settings)
    catalog = own.catalog()
    if not len(catalog):
        catalog = replace(load_catalog(), revision=catalog.revision)
    return catalog, own.engine


def make_prediction_recommendation(
    image: ImageInput,
    target: str = "click_through",
    campaign_type: str = "promotional",
    industry: str = "retail",
    sneaker_type: str | None = None,
    gender: str | None = None,
    n_alternates: int = 5,
) -> Recommendation:
    """Score a picture and its alternatives with the active model, loaded once and kept.

    Parameters
    ----------
    image
        A path, a file's bytes, a PIL image, or an RGB uint8 array ``(h, w, 3)``.
    target, campaign_type, industry, sneaker_type, gender
        Terms of `sneakeraug.vocabulary`.
    n_alternates
        Catalog pictures wanted.

    Raises
    ------
    PhotoError, ContextError, ModelError
        If the picture, the campaign or the model cannot be used.
    """
    return _default_recommender().recommend(
        image,
        target=target,
        campaign_type=campaign_type,
        industry=industry,
        sneaker_type=sneaker_type,
        gender=gender,
        n_alternates=n_alternates,
    )


_loaded: list[Recommender] = []
_loading = threading.Lock()


def _default_recommender() -> Recommender:
    """The active model, loaded once a process."""
    with _loading:
        if not _loaded:
            _loaded.append(load())
        return _loaded[0]
