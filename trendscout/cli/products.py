"""Commands about single products: match, merge, split, mark, why."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trendscout.cli.app import AsJson, AsOf, app, call_of, example, moment
from trendscout.cli.choices import given_products
from trendscout.cli.language import t
from trendscout.errors import UsageError
from trendscout.lang import tr

if TYPE_CHECKING:
    from trendscout.store.labels import Judgement
    from trendscout.store.products import Word

Product = Annotated[
    str,
    typer.Argument(
        metavar="PRODUCT",
        help=t("Row of the last report, an id's beginning, item key, or words of a title."),
        autocompletion=given_products,
    ),
]


@app.command(
    help=example(
        "Join listings into products: those of the store, or those of a file.",
        "trendscout match",
        "trendscout match records.parquet --out clusters.parquet --pairs-out pairs.parquet",
    )
)
def match(
    context: typer.Context,
    records: Annotated[Path | None, typer.Argument(help=t("Parquet: id, source, title, brand, price."))] = None,
    out: Annotated[Path | None, typer.Option("--out", help=t("Where id, product_id go (Parquet)."))] = None,
    pairs_out: Annotated[Path | None, typer.Option("--pairs-out", help=t("Where scored pairs go."))] = None,
    many_shops: Annotated[
        list[str] | None,
        typer.Option("--many-shops", metavar="SOURCE", help=t("A source of the file that stands for many shops.")),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Match listings."""
    from trendscout import pipeline
    from trendscout.cli.output import answer
    from trendscout.steps.match import match_file

    call = call_of(context)
    if records and not out:
        raise UsageError(
            "{file} needs --out.", next_step="Name the file that id and product_id go to.", file=records
        )
    with call.progress("Matching"):
        if records and out:
            done = match_file(records, out, pairs_out, many_shops=many_shops or ())
        else:
            done = pipeline.match(call.workspace)
    if as_json:
        answer(done)
    else:
        call.say(
            "{listings} listings are {products} products ({joined} joined, {likely} of them likely).",
            listings=done.listings,
            products=done.products,
            joined=done.joined,
            likely=done.likely,
        )
        for finding in done.findings:
            call.say("{finding}", finding=finding.said(call.lang))


@app.command(help=example("Say that two products are one; kept for good.", "trendscout merge pab12 pcd34"))
def merge(context: typer.Context, a: Product, b: Product) -> None:
    """Merge two products."""
    _decide(context, "merge", a, b)


@app.command(help=example("Say that a product's listings are not one; kept for good.", "trendscout split pab12"))
def split(
    context: typer.Context,
    a: Product,
    variants: Annotated[bool, typer.Option("--variants", help=t("They are variants of one another."))] = False,
) -> None:
    """Split a product."""
    _decide(context, "variants" if variants else "split", a, None)


@app.command(
    help=example("Say that two products are variants, not one; kept for good.", "trendscout variants p1 p2")
)
def variants(context: typer.Context, a: Product, b: Product) -> None:
    """Keep two products apart, as variants."""
    _decide(context, "variants", a, b)


@app.command(
    help=example("Answer up to five doubtful joins a day, each with a key; your word holds.", "trendscout review")
)
def review(context: typer.Context, as_json: AsJson = False) -> None:
    """Ask about doubtful joins of the products that the last report showed."""
    from trendscout import pipeline
    from trendscout.cli.output import answer
    from trendscout.report import amounts, phrases
    from trendscout.report.clean import visible

    call = call_of(context)
    asked = pipeline.doubts(call.workspace, now=moment(None))
    if as_json:
        answer(asked)
        return
    if not asked:
        call.say("Nothing doubtful in the last report is left for today.")
    for doubt in asked:
        call.say(
            "Row {position}: is this one product? ({reason}, {probability})",
            position=doubt.position,
            reason=tr(doubt.reason, call.lang),
            probability=f"{doubt.probability:.2f}",
        )
        for side in doubt.sides:
            price = amounts.money(side.price, side.currency)
            place = phrases.place(side.platform, side.market)
            call.say("  {place}  {title}  {price}", place=place, title=visible(side.title), price=price)
        call.say("s the same · v a variant · d another product · q stop · any other key: later")
        key = _key()
        if key == "q":
            break
        judgement = _JUDGEMENTS.get(key)
        if judgement:
            right, judged = pipeline.judge(call.workspace, doubt, judgement, now=moment(None))
            call.say("Of the joins that you judged, right: {right} of {judged}.", right=right, judged=judged)


_JUDGEMENTS: "dict[str, Judgement]" = {"s": "S", "v": "V", "d": "D"}


def _key() -> str:
    """One key of a terminal, else the first letter of the next line; q where nothing more comes."""
    if sys.stdin.isatty():
        return str(typer.getchar()).lower()
    line = sys.stdin.readline()
    return line[:1].lower() if line else "q"


def _decide(context: typer.Context, word: "Word", a: str, b: str | None) -> None:
    from trendscout import pipeline

    call = call_of(context)
    done = pipeline.decide(call.workspace, word, a, b, now=moment(None))
    call.say(
        {
            "merge": "One product from now on: {before} → {after}.",
            "split": "Products of their own from now on: {before} → {after}.",
            "variants": "Variants from now on, not one product: {before} → {after}.",
        }[word],
        before=", ".join(done.before),
        after=", ".join(done.after),
    )


@app.command(
    help=example(
        "Remember a product: mine that fade and watch that move lead the report, ignore leaves it.",
        'trendscout mark pab12 mine --note "200 in stock"',
    )
)
def mark(
    context: typer.Context,
    product: Product,
    word: Annotated[str, typer.Argument(metavar="mine|watch|ignore|none", help=t("none takes a mark away."))],
    note: Annotated[str, typer.Option("--note", help=t("For yourself."))] = "",
) -> None:
    """Mark a product."""
    from trendscout import pipeline

    if word not in ("mine", "watch", "ignore", "none"):
        raise UsageError("{word} is no mark.", next_step="Choose mine, watch, ignore or none.", word=word)
    call = call_of(context)
    reader = call.settings.reader
    title = pipeline.mark(call.workspace, product, word, note, now=moment(None), reader=reader)
    call.say("{product}: {word}.", product=title, word="no mark" if word == "none" else word)


@app.command(
    help=example(
        "Why a product stands where it stands: history, parts of the score, listings joined.",
        "trendscout why pab12",
    )
)
def why(context: typer.Context, product: Product, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Explain a product."""
    from trendscout import pipeline
    from trendscout.cli.output import answer
    from trendscout.cli.show import show_why

    call = call_of(context)
    explanation = pipeline.why(call.workspace, product, now=moment(as_of), settings=call.settings)
    if as_json:
        answer(explanation)
    else:
        show_why(explanation, call.lang)
