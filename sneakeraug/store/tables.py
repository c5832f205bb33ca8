"""The database's tables."""

from __future__ import annotations

from sqlalchemy import ForeignKey, LargeBinary, String
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
