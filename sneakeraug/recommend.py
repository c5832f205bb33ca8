"""The main job: one picture and one campaign in, probabilities and one verdict of each kind out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypedDict, Unpack

from sneakeraug import reasons
from sneakeraug.analysis import Analysis, ImageInput, render_variant
from sneakeraug.arrays import FloatArray
from sneakeraug.augment.transforms import Parameters
from sneakeraug.card import WEIGHTS, ModelCard
from sneakeraug.catalog.products import Catalog
from sneakeraug.errors import InputError
from sneakeraug.evidence import Evidence
from sneakeraug.model import LoadedModel
from sneakeraug.offers import IN_STOCK, EncodedCatalog
from sneakeraug.progress import Report, silent
from sneakeraug.records import Context, Driver, Product, ProductFilter, Recommendation
from sneakeraug.regions import Covered, Regions
from sneakeraug.scoring import MAX_ALTERNATES, score_analysis
from sneakeraug.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

NO_GUARD: Final[Mapping[str, float]] = MappingProxyType({})


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
        Limits, device, backend, threads.
    engine
        Database that keeps what the network says of catalog pictures; nothing is kept where None.
    report
        Called with a line of progress while the catalog is encoded.

    Raises
    ------
    ModelNotFoundError, ModelCorruptError, FeatureSchemaError
        If a file is missing or changed, or the model is another version's.
    """

    def __init__(
        self,
        folder: Path,
        catalog: Catalog,
        settings: Settings,
        engine: Engine | None = None,
        report: Report = silent,
    ) -> None:
        self.model = LoadedModel(folder, settings)
        self.settings = settings
        self.use_catalog(catalog, engine, report)

    def use_catalog(
        self, catalog: Catalog, engine: Engine | None = None, report: Report = silent
    ) -> None:
        """Offer alternates from a catalog from now on; pictures known are not encoded again.

        Parameters
        ----------
        catalog, engine, report
            As for the recommender itself.
        """
        encoded = self.encode_catalog(catalog, engine, report)
        with self.model.lock:
            self.catalog, self.pictures = catalog, encoded

    def encode_catalog(
        self, catalog: Catalog, engine: Engine | None = None, report: Report = silent
    ) -> EncodedCatalog:
        """Return a catalog as the model sees it; the parameters are the recommender's."""
        known = None
        if engine is not None:
            from sneakeraug.store.encoded import EncodedPictures  # without a database, not needed

            known = EncodedPictures(engine, self.card.files[WEIGHTS])
        return EncodedCatalog(
            catalog,
            self.model.encoder.alone,
            self.settings.limits,
            self.model.shipped,
            known,
            self.settings.index_dir if engine else None,
            report,
        )

    @property
    def card(self) -> ModelCard:
        """What the model says about itself."""
        return self.model.card

    @property
    def model_id(self) -> str:
        """The model's name."""
        return self.model.model_id

    @property
    def targets(self) -> tuple[str, ...]:
        """What the model was trained for."""
        return self.model.targets

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``."""
        return self.model.device

    @property
    def backend(self) -> str:
        """What runs the network."""
        return self.model.backend

    @property
    def n_newly_encoded(self) -> int:
        """Catalog pictures that were sent through the network at loading."""
        return self.pictures.n_encoded

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
        return self.model.analyse(image, name)

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
            If a guard's limit is no number of 0 to 10,000, or another network made the analysis.
        TargetError
            If the model was not trained for the target, or for a guarded one.
        PhotoError
            If the picture's quality verdict is ``refuse``.
        """
        self.model.check_own(analysis)
        context = Context.of(
            campaign_type=campaign_type, industry=industry, sneaker_type=sneaker_type, gender=gender
        )
        return score_analysis(
            self.model, self.pictures, analysis, context, target, n_alternates, among, guard
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
        TargetError
            If the model was not trained for the target.
        """
        self.model.check_own(analysis)
        context = self._context(target, campaign_type, industry, sneaker_type, gender)
        return reasons.find_drivers(self.model, analysis, augmentation, target, context)

    def cover(self, analysis: Analysis) -> Covered:
        """Cover one patch of a picture after the other; what `regions` needs of the network."""
        self.model.check_own(analysis)
        return reasons.cover_picture(self.model, analysis)

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
        TargetError
            If the model was not trained for the target.
        """
        self.model.check_own(analysis)
        context = self._context(target, campaign_type, industry, sneaker_type, gender)
        return reasons.find_regions(self.model, analysis, augmentation, target, context, covered)

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
        TargetError
            If the model was not trained for the target.
        """
        self.model.check_own(analysis)
        context = self._context(target, campaign_type, industry, sneaker_type, gender)
        return reasons.find_past(self.model, analysis, target, context, n)

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
        return self.model.embed(image, name)

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

    def _context(
        self,
        target: str,
        campaign_type: str,
        industry: str,
        sneaker_type: str | None,
        gender: str | None,
    ) -> Context:
        """A campaign, after a look whether the model knows the target."""
        self.model.direction(target)
        return Context.of(
            campaign_type=campaign_type, industry=industry, sneaker_type=sneaker_type, gender=gender
        )
