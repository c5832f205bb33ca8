"""What `kills.py` kills: a process that writes without end and checks what others confirmed."""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from sneakeraug import registry
from sneakeraug.card import ModelCard, read_card
from sneakeraug.catalog.own import OwnCatalog, Picture
from sneakeraug.errors import SneakeraugError
from sneakeraug.records import Context, Product, Scored
from sneakeraug.settings import REPOSITORY_MODELS
from sneakeraug.store.db import open_database
from sneakeraug.store.decisions import Advice, Chosen, Decision, DecisionLog, new_id
from sneakeraug.store.encoded import EncodedPictures


@dataclass
class Known:
    """What processes confirmed by now.

    Attributes
    ----------
    decisions, encoded, models
        Ids; all of them have to be there.
    products
        Name by id. Of `pending` ones either state is right: their writer was killed.
    active
        The models one of which serves: the confirmed one, and one that was being activated.
    seen
        Pictures and models that were looked at whole; they are not looked at again.
    """

    decisions: set[str] = field(default_factory=set)
    encoded: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)
    products: dict[str, str] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    active: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def learn(self, line: str) -> None:
        """Take in what a process said."""
        kind, *values = json.loads(line)
        if kind == "decision":
            self.decisions.add(values[0])
        elif kind == "encoded":
            self.encoded |= set(values)
        elif kind == "published":
            self.models.add(values[0])
        elif kind == "changing":
            self.pending |= set(values)
        elif kind == "products":
            self.products |= dict(values)
            self.pending -= {product_id for product_id, _ in values}
        elif kind == "removed":
            for product_id in values:
                self.products.pop(product_id, None)
            self.pending -= set(values)
        elif kind == "activating":
            self.active.add(values[0])
        elif kind == "active":
            self.active = {values[0]}
        elif kind == "seen":
            self.seen |= set(values)


class Writer:
    """What a process does until it is killed.

    Parameters
    ----------
    home
        Of pictures and models.
    database
        Its address.
    rng
        Draws what is done next.
    say
        Takes what was confirmed.
    """

    def __init__(
        self, home: Path, database: str, rng: random.Random, say: Callable[..., None]
    ) -> None:
        self._rng, self._say = rng, say
        self.models_dir = home / "models"
        engine = open_database(database)
        self.log = DecisionLog(engine)
        self.own = OwnCatalog(engine, home / "catalog")
        self.encoded = EncodedPictures(engine, "w" * 64)
        self.card = read_card(registry.chosen_folder(REPOSITORY_MODELS))

    def check(self, known: Known) -> list[str]:
        """Say what is not as it has to be."""
        wrong: list[str] = []
        kept = [decision.decision_id for decision in self.log.walk()]
        if lost := known.decisions - set(kept):
            wrong.append(f"{len(lost)} decisions lost")
        if len(kept) != len(set(kept)):
            wrong.append("a decision is there twice")
        found = {product.product_id: product for product in self.own.catalog().products}
        for product_id, name in known.products.items():
            if product_id in known.pending:
                continue
            if product_id not in found or found[product_id].name != name:
                wrong.append(f"product {product_id} lost or older than confirmed")
        seen: list[str] = []
        for product in found.values():
            sha256 = Path(product.image).stem
            path = self.own.folder / product.image
            if not path.is_file():
                wrong.append(f"the picture of {product.product_id} is not there")
            elif product.image not in known.seen:
                if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
                    wrong.append(f"the picture of {product.product_id} is half there")
                seen.append(product.image)
        numbers = self.encoded.read(sorted(known.encoded))
        if lost := {sha for sha in known.encoded if sha not in numbers}:
            wrong.append(f"{len(lost)} pictures' numbers lost")
        if any(row[0] != int(sha, 16) % 97 or len(row) != 64 for sha, row in numbers.items()):
            wrong.append("a picture's numbers are half there")
        return wrong + self._check_models(known, seen)

    def _check_models(self, known: Known, seen: list[str]) -> list[str]:
        models = registry.list_models(self.models_dir)
        wrong = [f"model {model_id} lost" for model_id in known.models - set(models)]
        for model_id in set(models) - known.seen:
            try:
                registry.verify(self.models_dir / model_id)
            except SneakeraugError as exc:
                wrong.append(f"model {model_id} is half published: {exc}")
            seen.append(model_id)
        serving = None
        with suppress(SneakeraugError):
            serving = registry.active_model(self.models_dir)
        if known.active and serving not in known.active:
            wrong.append(f"{serving} serves, one of {sorted(known.active)} was activated")
        if serving is not None:
            self._say("active", serving)
        self._say("seen", *seen)
        return wrong

    def work(self) -> None:
        """Do one thing after the other, without end."""
        todo = [self._decide] * 6 + [self._put] * 4 + [self._encode] * 2
        todo += [self._remove, self._publish, self._activate]
        while True:
            self._rng.choice(todo)()

    def _decide(self) -> None:
        decision = a_decision(new_id(), "Ada")
        self.log.append(decision)
        self._say("decision", decision.decision_id)

    def _put(self) -> None:
        rows = []
        for _ in range(self._rng.randint(1, 5)):
            data = self._rng.randbytes(self._rng.randint(100, 20_000))
            picture = Picture(hashlib.sha256(data).hexdigest(), ".jpg", 1, 1, bytes(32))
            self.own.keep_picture(picture, data)
            product_id = f"p{self._rng.randrange(300)}"
            name = f"named {self._rng.getrandbits(60)}"
            rows.append((Product(product_id=product_id, name=name, image=picture.file), picture))
        rows = list({product.product_id: (product, p) for product, p in rows}.values())
        self._say("changing", *(product.product_id for product, _ in rows))
        self.own.put(rows)
        self._say("products", *((product.product_id, product.name) for product, _ in rows))

    def _remove(self) -> None:
        product_id = f"p{self._rng.randrange(300)}"
        self._say("changing", product_id)
        self.own.remove([product_id])
        self._say("removed", product_id)

    def _encode(self) -> None:
        shas = [f"{self._rng.getrandbits(256):064x}" for _ in range(8)]
        self.encoded.write({s: np.full(64, int(s, 16) % 97, dtype=np.float32) for s in shas})
        self._say("encoded", *shas)

    def _publish(self) -> None:
        model_id = f"m-{self._rng.getrandbits(60):x}"
        publish_small(self.models_dir, self.card, model_id, self._rng)
        self._say("published", model_id)

    def _activate(self) -> None:
        models = registry.list_models(self.models_dir)
        if not models:
            return
        model_id = self._rng.choice(models)
        self._say("activating", model_id)
        registry.activate(self.models_dir, model_id)
        self._say("active", model_id)


def a_decision(decision_id: str, by: str) -> Decision:
    """A decision with made-up evidence."""
    return Decision(
        decision_id=decision_id,
        decided_utc=datetime.now(UTC).isoformat(timespec="microseconds"),
        by=by,
        door="cli",
        model_id="m",
        image_sha256="0" * 64,
        target="open_rate",
        direction="raise",
        context=Context(),
        guard={},
        chosen=Chosen(
            kind="variant",
            name="brighter",
            p=0.2,
            interval=(0.1, 0.3),
            predicted_difference=0.05,
            difference_interval=(0.0, 0.1),
            is_barred=False,
        ),
        original=Scored(p=0.15, interval=(0.1, 0.2)),
        advice=Advice(
            verdict="recommend",
            augmentation="brighter",
            sentence="Use the brighter picture.",
            alternate_verdict="cannot_tell",
            product_id=None,
            alternate_sentence="No alternate is surely better.",
        ),
    )


def publish_small(models_dir: Path, card: ModelCard, model_id: str, rng: random.Random) -> None:
    """Publish a model of three small files under a card like the shipped one's."""
    beside = models_dir.parent  # what a killed process leaves goes with the run's own folder
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=beside, prefix="staged-") as staged:
        for name in ("weights", "trees", "calibration"):
            (Path(staged) / name).write_bytes(rng.randbytes(rng.randint(10, 100_000)))
        changes = {"model_id": model_id, "comparison": None, "figures": (), "tables": {}}
        registry.publish(Path(staged), models_dir, card.model_copy(update=changes))
