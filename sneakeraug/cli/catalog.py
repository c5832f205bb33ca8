"""`sneakeraug import` and `sneakeraug catalog`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sneakeraug.cli.options import (
    AllowPrivate,
    Engine,
    EngineName,
    Json,
    Model,
    Rate,
    RayAddress,
    ServingBackend,
    ServingDevice,
    check_ray_address,
)
from sneakeraug.cli.output import print_json, progress
from sneakeraug.errors import InputError
from sneakeraug.vocabulary import GENDERS, SNEAKER_TYPES

GROUPS_NAMED, IDS_NAMED = 10, 8
"""Of products that look the same, in what is written for people."""

import_app = typer.Typer(help="Take in what shops and teams export.", no_args_is_help=True)
catalog_app = typer.Typer(help="The products that alternates come from.", no_args_is_help=True)


@import_app.command("products")
def import_products(
    path: Annotated[
        Path, typer.Argument(help="Folder of pictures, CSV, TSV, JSON lines, XML feed, or a zip.")
    ],
    column: Annotated[
        list[str] | None,
        typer.Option(help="field=Header, where the file calls a field otherwise; may be repeated."),
    ] = None,
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Fetch pictures that the file names by address.")
    ] = False,
    rate: Rate = 1.0,
    allow_private: AllowPrivate = False,
    as_json: Json = False,
) -> None:
    """Import products into your catalog; run again to go on after a stop."""
    from sneakeraug import ingest
    from sneakeraug.collect.fetch import Politeness

    columns = dict(_pair(text) for text in column or [])
    politeness = Politeness(rate_s=rate, allow_private=allow_private) if fetch else None
    done = ingest.import_products(path, columns, politeness, progress)
    if as_json:
        print_json(asdict(done) | {"n_same": done.n_same})
        return
    typer.echo(
        f"{done.n_added:,} products added, {done.n_changed:,} changed, {done.n_same:,} as before; "
        f"{len(done.rejects):,} of {done.n_rows:,} rows left out."
    )
    for reject in done.rejects[:10]:
        typer.echo(f"row {reject.row}: {reject.reason}")
    if len(done.rejects) > 10:
        typer.echo("All of them are in rejects.csv beside the catalog's pictures.")


@catalog_app.command("build")
def catalog_build(
    model: Model = None,
    device: ServingDevice = None,
    backend: ServingBackend = None,
    engine: Engine = EngineName.LOCAL,
    ray_address: RayAddress = None,
) -> None:
    """Send pictures that are new through the network; those known are not touched."""
    from sneakeraug.serving import load
    from sneakeraug.settings import read_settings

    check_ray_address(engine, ray_address)
    settings = read_settings(device=device, backend=backend)
    n_new = 0
    if engine is EngineName.RAY:
        from sneakeraug.catalog_on_ray import encode_on_ray

        n_new = encode_on_ray(settings, model, ray_address, progress)
    recommender = load(model, settings=settings, report=progress)
    typer.echo(
        f"{len(recommender.catalog):,} products are ready; "
        f"{n_new + recommender.n_newly_encoded:,} pictures were new."
    )


@catalog_app.command("search")
def catalog_search(
    image: Annotated[Path, typer.Argument(help="Picture file.")],
    sneaker_type: Annotated[str | None, typer.Option(help=", ".join(SNEAKER_TYPES))] = None,
    gender: Annotated[str | None, typer.Option(help=", ".join(GENDERS))] = None,
    brand: Annotated[
        list[str] | None, typer.Option(help="Only of this brand; may be repeated.")
    ] = None,
    min_price: Annotated[
        float | None, typer.Option(min=0, help="Only at this price or above, as 59.90.")
    ] = None,
    max_price: Annotated[
        float | None, typer.Option(min=0, help="Only at this price or below.")
    ] = None,
    in_stock: Annotated[
        bool, typer.Option("--in-stock/--sold-out-too", help="Leave out what is sold out.")
    ] = True,
    n: Annotated[int, typer.Option(min=1, max=100, help="Products wanted.")] = 10,
    model: Model = None,
    device: ServingDevice = None,
    backend: ServingBackend = None,
    as_json: Json = False,
) -> None:
    """Find the products most like a picture."""
    from sneakeraug.records import ProductFilter
    from sneakeraug.serving import load
    from sneakeraug.settings import read_settings

    among = ProductFilter(
        brands=tuple(brand or ()),
        least_cents=_cents(min_price),
        most_cents=_cents(max_price),
        in_stock=in_stock,
    )
    settings = read_settings(device=device, backend=backend)
    found, note = load(model, settings=settings).search(
        image, sneaker_type=sneaker_type, gender=gender, n=n, among=among
    )
    if as_json:
        rows = [product.model_dump() | {"similarity": s} for product, s in found]
        print_json({"products": rows, "note": note})
        return
    for product, similarity in found:
        named = " · ".join(filter(None, (product.name, product.brand, product.colour)))
        typer.echo(f"{similarity:.3f}  {product.product_id}  {named}")
    if note:
        progress(note)


@catalog_app.command("stats")
def catalog_stats(as_json: Json = False) -> None:
    """Count your catalog's products and pictures, and name those that look the same."""
    from sneakeraug.catalog.own import open_own_catalog
    from sneakeraug.duplicates import find_duplicates
    from sneakeraug.settings import get_settings

    settings = get_settings()
    own = open_own_catalog(settings)
    stats = own.stats()
    groups = find_duplicates(own, own.catalog(), settings.limits, progress)
    if as_json:
        alike = [[product.product_id for product in group] for group in groups]
        print_json(asdict(stats) | {"near_duplicates": alike})
        return
    typer.echo(
        f"{stats.n_products:,} products ({stats.n_in_stock:,} in stock), "
        f"{stats.n_pictures:,} pictures"
    )
    for title, counts in (
        ("type", stats.by_sneaker_type),
        ("gender", stats.by_gender),
        ("brand", stats.by_brand),
    ):
        shown = ", ".join(f"{name or 'none'} {n:,}" for name, n in list(counts.items())[:12])
        typer.echo(f"{title}: {shown}")
    if groups:
        n = sum(len(group) for group in groups)
        named = "group" if len(groups) == 1 else "groups"
        typer.echo(f"look the same: {n:,} products in {len(groups):,} {named}")
    for group in groups[:GROUPS_NAMED]:
        ids = ", ".join(product.product_id for product in group[:IDS_NAMED])
        rest = f" and {len(group) - IDS_NAMED:,} more" if len(group) > IDS_NAMED else ""
        typer.echo(f"  {ids}{rest}")
    if len(groups) > GROUPS_NAMED:
        typer.echo("  … all of them with --json")


@catalog_app.command("remove")
def catalog_remove(
    product_ids: Annotated[list[str], typer.Argument(help="Product ids.")],
) -> None:
    """Take products out of your catalog, and pictures that none shows any more."""
    from sneakeraug.catalog.own import open_own_catalog
    from sneakeraug.settings import get_settings

    n = open_own_catalog(get_settings()).remove(product_ids)
    typer.echo(f"{n:,} of {len(set(product_ids)):,} products removed.")


def _cents(price: float | None) -> int | None:
    return None if price is None else round(100 * price)


def _pair(text: str) -> tuple[str, str]:
    field, is_pair, header = text.partition("=")
    if not is_pair or not header:
        raise InputError(f"--column {text[:60]!r}: field=Header is expected, as in name=Title.")
    return field.strip(), header.strip()
