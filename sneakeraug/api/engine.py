"""The recommender a service keeps: loaded in the background, tried again, what changes followed."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from sneakeraug.catalog.own import OwnCatalog, open_own_catalog
from sneakeraug.errors import ModelError, SneakeraugError
from sneakeraug.recommend import Recommender
from sneakeraug.serving import activated, load, serving_catalog
from sneakeraug.settings import Settings

RETRY_S: Final = 5.0
"""Between two tries to load a model that could not be loaded."""

logger = logging.getLogger(__name__)


class Engine:
    """One model and its catalog, for all requests.

    Parameters
    ----------
    settings
        Those of the service.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._recommender: Recommender | None = None
        self._error: SneakeraugError | None = None
        self._unusable: str | None = None
        self._tried_s = -RETRY_S
        self._loading, self._following = threading.Lock(), threading.Lock()
        self._store: tuple[int, OwnCatalog] | None = None

    @property
    def model_id(self) -> str | None:
        """The model that serves; None while there is none."""
        return self._recommender.model_id if self._recommender else None

    @property
    def error(self) -> SneakeraugError:
        """Why nothing can be served yet."""
        return self._error or ModelError("The model is being loaded. Try again in a few seconds.")

    def get(self) -> Recommender:
        """Return the recommender; a load that failed is tried again now and then.

        Raises
        ------
        SneakeraugError
            If there is none: it is being loaded, or cannot be.
        """
        if self._recommender is None:
            self.try_load()
        if self._recommender is None:
            raise self.error
        return self._recommender

    def try_load(self) -> None:
        """Load the model, unless that is under way or failed a moment ago; errors are kept."""
        if not self._loading.acquire(blocking=False):
            return
        try:
            if self._recommender is None and time.monotonic() - self._tried_s >= RETRY_S:
                self._recommender = self._load()
        except SneakeraugError as exc:
            self._error, self._tried_s = exc, time.monotonic()
            logger.error("%s", exc)
        finally:
            self._loading.release()

    def _load(self) -> Recommender:
        """A recommender that has served once, so that its first request is like the others."""
        recommender = load(self.settings.model_id, settings=self.settings)
        if len(recommender.catalog):
            first = recommender.catalog.products[0]
            recommender.recommend(recommender.catalog.image_bytes(first.product_id))
        logger.info("Model %s serves.", recommender.model_id)
        return recommender

    def follow(self) -> None:
        """Serve the model, and offer the catalog, that another process changed to."""
        if self._recommender is None:
            self.try_load()
            return
        with self._following:  # who comes later has seen later changes
            self._follow_model(self._recommender)
            self._follow_catalog(self._recommender)

    def _follow_catalog(self, serving: Recommender) -> None:
        try:
            if serving.catalog.revision != self._revision():
                serving.use_catalog(*serving_catalog(self.settings))
                logger.info("The catalog was read again.")
        except SneakeraugError as exc:  # requests go on with the catalog there is
            logger.error("The catalog could not be read again: %s", exc)

    def _follow_model(self, serving: Recommender) -> None:
        wanted = activated(self.settings)
        if wanted in (None, serving.model_id, self._unusable):
            return
        try:
            self._recommender = self._load()
        except SneakeraugError as exc:  # requests go on with the model there is
            if isinstance(exc, ModelError):
                self._unusable = wanted
            logger.error("Model %s goes on, %s cannot: %s", serving.model_id, wanted, exc)

    def _revision(self) -> str:
        """Of the database, opened once for each file it was."""
        if not self.settings.has_database:
            return ""
        is_file = self.settings.database_url is None
        inode = self.settings.database_file.stat().st_ino if is_file else 0
        if self._store is None or self._store[0] != inode:
            self._store = inode, open_own_catalog(self.settings)
        return self._store[1].revision()
