"""Products: what the matcher joined, what the user said, and how a product is named on the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from trendscout.errors import UsageError
from trendscout.store.query import LISTED, PRODUCT
from trendscout.store.sql import Connection, affected, arrow, naive, one, registered, transaction

if TYPE_CHECKING:
    from trendscout.tables import Table

Mark = Literal["mine", "watch", "ignore"]
Word = Literal["merge", "split", "variants"]
EVERYONE = ""  # the reader whose marks all see who have none of their own
_OF_READER = "coalesce(reader, '') = ?"
YOUR_WORD = "you said so"  # the reason of what a decision made
ONE_ITEM = "one item in two markets"
LISTING_ID = "lower(to_hex(listing))"
_LEAST_BEGINNING = 4  # characters of an id that may stand for it
_NAMED = 6  # products that an ambiguous name lists
_KEY = "('0x' || {})::BIGINT"
_PLACES = "count(DISTINCT platform || coalesce(market, '')) FILTER (price IS NOT NULL)"
_LAST_WORDS = """
    SELECT arg_max(action, (decided_at, action)) AS action, max(decided_at) AS decided_at,
           lower(to_hex(least(listing_a, listing_b))) AS a, lower(to_hex(greatest(listing_a, listing_b))) AS b
    FROM decisions GROUP BY a, b
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """The user's last word on two listings, by their ids: one product, two, or two that are variants."""

    action: Word
    a: str
    b: str


# Platforms whose ids mean the same in every market are its variable.
_NEW_RECORDS = f"""
    WITH titled AS (
        SELECT l.* REPLACE (coalesce(nullif(l.title, ''), t.title) AS title) FROM listings l
        LEFT JOIN (SELECT platform, item_key, arg_max(title, last_seen) AS title FROM listings
                   WHERE list_contains(getvariable('worldwide')::VARCHAR[], platform) AND title <> ''
                   GROUP BY ALL) t USING (platform, item_key))
    SELECT {LISTING_ID} AS id, platform || '_' || coalesce(market, 'XX') AS source, title, seller AS brand,
           price::DOUBLE AS price, currency, image
    FROM titled ANTI JOIN match_index k ON k.id = {LISTING_ID}
    WHERE (title <> '' OR listing IN (SELECT unnest([listing_a, listing_b]) FROM decisions))
      AND {LISTED}"""


def has_new(connection: Connection, worldwide: Sequence[str] = ()) -> bool:
    """Whether there are `new_records`."""
    return len(arrow(connection, f"SELECT 1 FROM ({_NEW_RECORDS}) LIMIT 1", worldwide=list(worldwide))) > 0


def new_records(connection: Connection, worldwide: Sequence[str] = ()) -> Table:
    """Listings that the matcher has not read: id, source, title, brand, price, currency, image.

    They have a title, or the user merged them. On `worldwide` platforms, whose ids mean the same in every market,
    a listing without a title has its twin's. Recall notices and exchange rates are no listings.
    """
    return arrow(connection, f"{_NEW_RECORDS} ORDER BY id", worldwide=list(worldwide))


def twins(connection: Connection, worldwide: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of listing ids that are one item of a `worldwide` platform in two markets."""
    rows = connection.execute(
        """SELECT lower(to_hex(first)), lower(to_hex(listing)) FROM (
            SELECT listing, first_value(listing) OVER (PARTITION BY platform, item_key ORDER BY listing) AS first
            FROM listings WHERE list_contains(?, platform))
        WHERE listing <> first ORDER BY ALL""",
        [list(worldwide)],
    ).fetchall()
    return [(first, other) for first, other in rows]


def match_index(connection: Connection, columns: Sequence[str], version: int) -> Table | None:
    """The known listings as the matcher read them, with their products; None if another `version` read them."""
    kept = one(connection, "SELECT value FROM facts WHERE name = 'matcher'")
    found = arrow(connection, "SELECT * FROM match_index ORDER BY id")
    same = {*columns, "product_id"} == set(found.column_names) and kept == (str(version),)
    return found if same else None


def ground(connection: Connection, worldwide: Sequence[str], matcher: Sequence[object]) -> str:
    """What products rest on besides the listings: the matcher, the user's words, and which ids are one item."""
    words, ids = one(
        connection,
        """SELECT (SELECT md5(string_agg(d::VARCHAR, '|' ORDER BY d::VARCHAR)) FROM decisions d),
            (SELECT bit_xor(hash(platform, item_key, listing)) FROM listings WHERE list_contains(?, platform))""",
        [list(worldwide)],
    ) or (None, None)
    return f"{' '.join(map(str, matcher))} {words} {ids}"


def stands_on(connection: Connection, ground: str, version: int) -> bool:
    """Whether the products were made on this ground, by this `version` of the matcher."""
    kept = connection.execute("SELECT name, value FROM facts WHERE name IN ('matcher', 'matched_on')").fetchall()
    return dict(kept) == {"matcher": str(version), "matched_on": ground}


def forget_index(connection: Connection) -> None:
    """Let the matcher read every listing again; products stay."""
    connection.execute("CREATE OR REPLACE TABLE match_index (id VARCHAR NOT NULL, product_id VARCHAR NOT NULL)")


def products_of(connection: Connection) -> Table:
    """Id (of a listing) and product_id of everything that is joined so far."""
    return arrow(connection, f"SELECT {LISTING_ID} AS id, product_id FROM memberships ORDER BY id")


@dataclass(frozen=True, slots=True)
class Rejoined:
    """What a matching from the start changed."""

    products_before: int  # of the listings that were matched before
    products_after: int
    undone: int  # pairs of listings that were one product
    made: int  # pairs that are one now
    spreads_before: int  # products with prices in two places or more: what a spread or a gap is told of
    spreads_after: int


def rejoined(connection: Connection, before: Table) -> Rejoined:
    """How the products differ from those of `before` (`products_of`), over its listings."""
    with registered(connection, before=before):
        row = one(
            connection,
            f"""WITH moved AS (
                SELECT b.product_id AS old, m.product_id AS new, l.platform, l.market, l.price
                FROM before_view b JOIN memberships m ON m.listing = {_KEY.format("b.id")}
                JOIN listings l ON l.listing = m.listing),
            pairs AS (SELECT sum(n * (n - 1) // 2) AS together FROM (
                SELECT count(*) AS n FROM moved GROUP BY old, new)),
            was AS (SELECT count(*) AS products, sum(n * (n - 1) // 2) AS pairs,
                           count(*) FILTER (places > 1) AS spreads
                FROM (SELECT count(*) AS n, {_PLACES} AS places FROM moved GROUP BY old)),
            became AS (SELECT count(*) AS products, sum(n * (n - 1) // 2) AS pairs,
                              count(*) FILTER (places > 1) AS spreads
                FROM (SELECT count(*) AS n, {_PLACES} AS places FROM moved GROUP BY new))
            SELECT was.products, became.products, was.pairs - together, became.pairs - together,
                   was.spreads, became.spreads FROM was, became, pairs""",
        )
    return Rejoined(*(int(value or 0) for value in row or (0,) * 6))


def save_matches(
    connection: Connection,
    pairs: Table,
    index: Table,
    suspects: Table,
    version: int,
    *,
    anew: bool,
    ground: str,
) -> None:
    """Take over what this `version` found: `pairs` that it scored now, the `index` of all listings, `suspects`.

    `ground` is what it rests on, for `stands_on`.
    `anew`: of what earlier versions said of pairs, nothing is kept.

    A listing's verdict is that of its best pair inside its product, "alone" without one; pairs with the verdict
    "variant", pairs of copies and what the user called variants become kinships.
    """
    with (
        transaction(connection),
        registered(connection, pairs=pairs, index=index, suspects=suspects),
    ):
        if anew:
            connection.execute("DELETE FROM memberships")
            connection.execute("DELETE FROM kinships")
        connection.execute("DELETE FROM facts WHERE name IN ('matcher', 'matched_on')")
        connection.execute("INSERT INTO facts VALUES ('matcher', ?), ('matched_on', ?)", [str(version), ground])
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE p_best AS
            WITH inside AS (
                SELECT p.*, a.product_id FROM pairs_view p JOIN index_view a ON a.id = p.id_a
                JOIN index_view b ON b.id = p.id_b AND b.product_id = a.product_id),
            sided AS (FROM (SELECT id_a AS id, * FROM inside) UNION ALL FROM (SELECT id_b AS id, * FROM inside))
            SELECT {_KEY.format("id")} AS listing, product_id, arg_max(verdict, probability) AS verdict,
                   max(probability)::DOUBLE AS probability, arg_max(reason, probability) AS reason
            FROM sided GROUP BY ALL"""
        )
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE p_members AS
            SELECT i.listing, i.product_id,
                   coalesce(n.verdict, o.verdict, if(size > 1, 'same', 'alone')) AS verdict,
                   coalesce(n.probability, o.probability) AS probability,
                   coalesce(n.reason, o.reason, if(size = 1, '', if(merged, ?, ?))) AS reason
            FROM (SELECT {_KEY.format("id")} AS listing, product_id,
                         count(*) OVER (PARTITION BY product_id) AS size,
                         id IN (SELECT unnest([a, b]) FROM ({_LAST_WORDS}) WHERE action = 'merge') AS merged
                  FROM index_view) i
            LEFT JOIN p_best n USING (listing, product_id)
            LEFT JOIN memberships o ON o.listing = i.listing AND o.product_id = i.product_id
                                   AND o.verdict <> 'alone' AND size > 1""",
            [YOUR_WORD, ONE_ITEM],
        )
        connection.execute("DELETE FROM memberships")
        connection.execute("INSERT INTO memberships BY NAME FROM p_members")
        connection.execute("CREATE OR REPLACE TABLE match_index AS FROM index_view")
        connection.execute("DELETE FROM suspects")
        connection.execute(f"INSERT INTO suspects SELECT {_KEY.format('id')}, times_cheaper FROM suspects_view")
        connection.execute(
            f"""INSERT INTO kinships BY NAME FROM (
                SELECT {_KEY.format("id_a")} AS listing_a, {_KEY.format("id_b")} AS listing_b,
                       CASE WHEN verdict = 'variant' THEN 'variant' ELSE 'near_copy' END AS kind, reason
                FROM pairs_view WHERE verdict = 'variant' OR copy)
            ANTI JOIN kinships USING (listing_a, listing_b, kind)"""
        )
        connection.execute("DELETE FROM kinships WHERE reason = ?", [YOUR_WORD])
        connection.execute(
            f"""INSERT INTO kinships SELECT {_KEY.format("a")}, {_KEY.format("b")}, 'variant', ?
            FROM ({_LAST_WORDS}) WHERE action = 'variants'""",
            [YOUR_WORD],
        )
        connection.execute("DROP TABLE p_best")
        connection.execute("DROP TABLE p_members")


def decisions(connection: Connection) -> list[Decision]:
    """What the user last said of each two listings, the newest word first."""
    rows = connection.execute(
        f"SELECT action, a, b FROM ({_LAST_WORDS}) ORDER BY decided_at DESC, a, b"
    ).fetchall()
    return [Decision(*row) for row in rows]


def decide(connection: Connection, action: Word, ones: Sequence[int], others: Sequence[int], at: datetime) -> None:
    """Remember the user's word on every two of these listings, one from each side."""
    connection.execute(
        """INSERT INTO decisions SELECT ?, ?, a, b
        FROM unnest(?::BIGINT[]) AS mine(a), unnest(?::BIGINT[]) AS theirs(b) WHERE a <> b""",
        [naive(at), action, list(ones), list(others)],
    )


def products_by_listing(connection: Connection, listings: Sequence[int]) -> Mapping[int, str]:
    """The product id of each of these listings."""
    rows = connection.execute(
        f"""SELECT listing, {PRODUCT} FROM listings l LEFT JOIN memberships m USING (listing)
        WHERE list_contains(?, listing)""",
        [list(listings)],
    ).fetchall()
    return dict(rows)


def mark(
    connection: Connection, named: Named, word: Mark, note: str, at: datetime, *, reader: str = EVERYONE
) -> None:
    """Remember that a product is the reader's own, watched, or to be left out; it stays with the listing meant."""
    listings = members(connection, named.product)
    with transaction(connection):
        connection.execute(
            f"DELETE FROM marks WHERE list_contains(?, listing) AND {_OF_READER}", [listings, reader]
        )
        connection.execute(
            "INSERT INTO marks (listing, mark, note, marked_at, reader) VALUES (?, ?, ?, ?, ?)",
            [named.listing, word, note, naive(at), reader],
        )


def unmark(connection: Connection, product_id: str, *, reader: str = EVERYONE) -> int:
    """Forget a reader's mark of a product; how many there were."""
    return affected(
        connection,
        f"DELETE FROM marks WHERE list_contains(?, listing) AND {_OF_READER}",
        [members(connection, product_id), reader],
    )


def marks(connection: Connection, *, reader: str = EVERYONE) -> Mapping[str, tuple[str, str]]:
    """Product id → (mark, note) as the reader sees it: their own, else everyone's."""
    rows = connection.execute(
        f"""SELECT {PRODUCT}, arg_max(mark, (own, marked_at)), arg_max(note, (own, marked_at))
        FROM (SELECT *, {_OF_READER} AS own FROM marks WHERE coalesce(reader, '') IN ('', ?))
        JOIN listings l USING (listing) LEFT JOIN memberships m USING (listing) GROUP BY 1""",
        [reader, reader],
    ).fetchall()
    return {product: (word, note) for product, word, note in rows}


def ignored(connection: Connection, *, reader: str = EVERYONE) -> frozenset[str]:
    """The products that the reader wants to see no more of."""
    seen = marks(connection, reader=reader)
    return frozenset(product for product, (mark, _) in seen.items() if mark == "ignore")


class Named(NamedTuple):
    """What a name on the command line means."""

    product: str
    title: str
    listing: int  # the product's listing that was meant, else its first
    list_id: str = ""  # where it stood, if a row of the last report was named


def find_product(connection: Connection, text: str) -> Named:
    """The product that `text` names: its id or item key, a row of the last report, an id's beginning, or words.

    Words are a part of a title or stand in one, or in the Chinese gloss that the report showed.
    Raises UsageError, which lists them, if it names several, or none.
    """
    seen = last_shown(connection)
    of_row = _row_of_report(seen, text)
    named = f"""CASE WHEN ? IN (product, item_key) THEN 0 WHEN product = ? THEN 1
        WHEN length(?) >= {_LEAST_BEGINNING} AND starts_with(product, ?) THEN 1 END"""
    rows = _by_distance(connection, named, [text, of_row, text, text])
    if not rows:
        words = text.split()
        has_words = " AND ".join("contains(lower(title), lower(?))" for _ in words) or "false"
        worded = f"""CASE WHEN contains(lower(title), lower(?)) OR list_contains(?, product) THEN 2
            WHEN {has_words} OR list_contains(?, product) THEN 3 END"""
        rows = _by_distance(connection, worded, [text, _glossed(seen, [text]), *words, _glossed(seen, words)])
    matches = [
        Named(str(product), str(title), listing) for product, title, listing, far in rows if far == rows[0][3]
    ]
    if len(matches) == 1:
        (match,) = matches
        return match._replace(list_id=seen[of_row].get("list_id", "")) if match.product == of_row else match
    if not matches:
        raise UsageError(
            "No product is called {name!r}.",
            next_step="Give its row in the last report, its id or item key, or a part of its title.",
            name=text,
        )
    lines = [f"\n  {one.product}  {one.title}" for one in matches[:_NAMED]]
    raise UsageError(
        "{name!r} names several products.",
        next_step="Add words of the title, or give one of these ids:{products}",
        name=text,
        products="".join([*lines, *(["\n  …"] if len(matches) > _NAMED else [])]),
    )


def _by_distance(connection: Connection, far: str, values: Sequence[object]) -> list[tuple[str, str, int, int]]:
    """The products that are `far` away at all, the nearest first: id, title, the listing meant, how far."""
    return connection.execute(
        f"""WITH far AS (SELECT listing, {PRODUCT} AS product, title, last_seen, {far} AS far
            FROM listings l LEFT JOIN memberships m USING (listing))
        SELECT product, arg_min(title, far), arg_min(listing, (far, listing)), min(far) FROM far
        WHERE far IS NOT NULL GROUP BY product ORDER BY min(far), max(last_seen) DESC, product
        LIMIT {_NAMED + 1}""",
        values,
    ).fetchall()


def last_shown(connection: Connection) -> Mapping[str, Mapping[str, Any]]:
    """Product id → what was kept of its row in the report that was shown last."""
    # By when it was written, as each showing is anew: `as_of` is the morning that was asked about.
    shown = one(connection, "SELECT arg_max(report, rowid) FROM shown")
    found: Mapping[str, Mapping[str, Any]] = json.loads(shown[0]) if shown and shown[0] else {}
    return found


def _glossed(seen: Mapping[str, Mapping[str, Any]], words: Sequence[str]) -> list[str]:
    """The products whose gloss has all of the words."""
    glosses = {product: str(row.get("gloss") or "") for product, row in seen.items()}
    return [product for product, gloss in glosses.items() if gloss and all(word in gloss for word in words)]


def _row_of_report(seen: Mapping[str, Mapping[str, Any]], text: str) -> str | None:
    """The product in that row of the report that was shown last; None if `text` is no such row."""
    place = text.removeprefix("#")
    if not (place.isascii() and place.isdigit()):
        return None
    return next((product for product, row in seen.items() if row.get("position") == int(place)), None)


def members(connection: Connection, product_id: str) -> Sequence[int]:
    """The keys of a product's listings."""
    rows = connection.execute(
        f"SELECT l.listing FROM listings l LEFT JOIN memberships m USING (listing) WHERE {PRODUCT} = ? ORDER BY 1",
        [product_id],
    ).fetchall()
    return [row[0] for row in rows]


def sizes(connection: Connection) -> tuple[int, int, int, int]:
    """How many listings, products, listings that share a product, and of these joined as "likely"."""
    row = one(
        connection,
        f"""WITH named AS (SELECT {PRODUCT} AS product, m.verdict FROM listings l
            LEFT JOIN memberships m USING (listing)),
        sized AS (SELECT *, count(*) OVER (PARTITION BY product) AS size FROM named)
        SELECT count(*), count(DISTINCT product), count(*) FILTER (size > 1),
               count(*) FILTER (size > 1 AND verdict = 'likely') FROM sized""",
    )
    return row or (0, 0, 0, 0)
