"""The database's tables."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Double, ForeignKey, Integer, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Base of all tables."""


class PictureRow(Base):
    """A picture file that was taken in, known by what it holds.

    Attributes
    ----------
    sha256
        Of the file.
    file
        Its name in the folder of pictures.
    width, height
        Upright, in pixels.
    difference_hash
        256 bits that near-identical pictures share; None of pictures of before there were any.
    """

    __tablename__ = "picture"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    file: Mapped[str] = mapped_column(String(80))
    width: Mapped[int]
    height: Mapped[int]
    difference_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class ProductRow(Base):
    """A product of one's own catalog; the columns are `records.Product`'s."""

    __tablename__ = "product"

    product_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[str] = mapped_column(String(300))
    brand: Mapped[str] = mapped_column(String(120), index=True)
    gender: Mapped[str] = mapped_column(String(20), index=True)
    sneaker_type: Mapped[str] = mapped_column(String(20), index=True)
    colour: Mapped[str] = mapped_column(String(120))
    price_cents: Mapped[int | None] = mapped_column(index=True)
    currency: Mapped[str] = mapped_column(String(3))
    in_stock: Mapped[bool]
    picture_sha256: Mapped[str] = mapped_column(ForeignKey("picture.sha256"), index=True)


class RevisionRow(Base):
    """A token that every change replaces: who has read the rows knows whether to read again."""

    __tablename__ = "revision"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    token: Mapped[str] = mapped_column(String(32))


class EncodedRow(Base):
    """What a network says of a picture, so that none is sent through it twice.

    Attributes
    ----------
    sha256
        Of the picture file.
    weights_sha256
        Of the network's weights.
    numbers
        Outputs, identity embedding and picture measures one after the other, float32.
    """

    __tablename__ = "encoded"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    weights_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    numbers: Mapped[bytes] = mapped_column(LargeBinary)


class DecisionRow(Base):
    """Who chose what for a campaign, on which evidence; rows are added and never changed.

    Attributes
    ----------
    number
        Place in the log, counted up and never used again.
    decided_utc
        By the clock of the machine that kept it.
    decided_by
        As given; nobody checks it.
    account
        As whom they signed in, or the name of their key; None where nobody was asked.
    door
        ``page``, ``cli`` or ``service``.
    guard
        Limits by target, JSON.
    chosen_kind, chosen
        ``original``, ``variant`` or ``alternate``, and which.
    p_chosen, predicted_difference, p_original
        Probabilities, with the bounds of their 90 % ranges beside them.
    verdict, advised, alternate_verdict, advised_alternate
        What the model recommended; the sentences as they were read.
    export_sha256
        Of the picture that was made ready for e-mail, where one was.
    """

    __tablename__ = "decision"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    decision_id: Mapped[str] = mapped_column(String(32), unique=True)
    decided_utc: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(String(120))
    account: Mapped[str | None] = mapped_column(String(254))
    note: Mapped[str] = mapped_column(Text)
    door: Mapped[str] = mapped_column(String(10))
    image_sha256: Mapped[str] = mapped_column(String(64), index=True)
    model_id: Mapped[str] = mapped_column(String(64), index=True)
    target: Mapped[str] = mapped_column(String(40))
    direction: Mapped[str] = mapped_column(String(10))
    campaign_type: Mapped[str] = mapped_column(String(40))
    industry: Mapped[str] = mapped_column(String(40))
    sneaker_type: Mapped[str | None] = mapped_column(String(40))
    gender: Mapped[str | None] = mapped_column(String(40))
    guard: Mapped[str] = mapped_column(Text)
    chosen_kind: Mapped[str] = mapped_column(String(10))
    chosen: Mapped[str] = mapped_column(String(200))
    p_chosen: Mapped[float] = mapped_column(Double)
    chosen_low: Mapped[float] = mapped_column(Double)
    chosen_high: Mapped[float] = mapped_column(Double)
    predicted_difference: Mapped[float] = mapped_column(Double)
    difference_low: Mapped[float] = mapped_column(Double)
    difference_high: Mapped[float] = mapped_column(Double)
    is_barred: Mapped[bool]
    p_original: Mapped[float] = mapped_column(Double)
    original_low: Mapped[float] = mapped_column(Double)
    original_high: Mapped[float] = mapped_column(Double)
    verdict: Mapped[str] = mapped_column(String(20))
    advised: Mapped[str | None] = mapped_column(String(40))
    sentence: Mapped[str] = mapped_column(Text)
    alternate_verdict: Mapped[str] = mapped_column(String(20))
    advised_alternate: Mapped[str | None] = mapped_column(String(200))
    alternate_sentence: Mapped[str] = mapped_column(Text)
    export_sha256: Mapped[str | None] = mapped_column(String(64))
