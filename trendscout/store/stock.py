"""The seller's own goods, from an ERP export."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from trendscout.model import StockRow
from trendscout.store.sql import Connection, naive, registered, transaction


def save_stock(connection: Connection, goods: Iterable[StockRow], at: datetime) -> None:
    """Remember the goods; of a SKU that was known, what one report does not say stays as another said it."""
    from trendscout.tables import MONEY, table

    rows = {one.sku: one for one in goods}
    if not rows:
        return
    columns = {name: [getattr(one, name) for one in rows.values()] for name in ("sku", *_FIELDS)}
    for name in _MONEY:
        columns[name] = [None if sum_ is None else round(sum_, 4) for sum_ in columns[name]]
    kinds = {**dict.fromkeys(_NUMBERS, "DOUBLE"), **dict.fromkeys(_MONEY, MONEY)}
    given = {name: (kinds.get(name, "VARCHAR"), values) for name, values in columns.items()}
    known = table({**given, "loaded_at": ("TIMESTAMP", [naive(at)] * len(rows))})
    kept = ", ".join(f"{name} = coalesce(g.{name}, s.{name})" for name in _FIELDS)
    with transaction(connection), registered(connection, goods=known):
        connection.execute(
            f"""MERGE INTO stock s USING goods_view g ON s.sku = g.sku
            WHEN MATCHED THEN UPDATE SET {kept}, loaded_at = g.loaded_at WHEN NOT MATCHED THEN INSERT BY NAME"""
        )


def forget_stock(connection: Connection, skus: Collection[str]) -> None:
    """Forget all that is known of these goods."""
    connection.execute("DELETE FROM stock WHERE list_contains(?, sku)", [sorted(skus)])


_MONEY = ("cost", "freight", "fees")
_NUMBERS = ("return_rate", "sales", "stock", "weight_g", "volume_cm3")
_FIELDS = (
    *("item_key", "return_rate", "sales", "stock", "cost", "currency", "weight_g", "category", "market"),
    *("volume_cm3", "freight", "freight_currency", "fees", "fees_currency"),
)


def own_goods(connection: Connection) -> list[StockRow]:
    """The seller's own goods as last imported, those of which something is known that a cost is made of."""
    known = " OR ".join(f"{name} IS NOT NULL" for name in ("weight_g", "volume_cm3", *_MONEY))
    rows = connection.execute(f"SELECT sku, {', '.join(_FIELDS)} FROM stock WHERE {known} ORDER BY sku").fetchall()
    return [StockRow(**dict(zip(("sku", *_FIELDS), row, strict=True))) for row in rows]


@dataclass(frozen=True, slots=True)
class Returned:
    """How many of a category's goods come back."""

    category: str
    rate: float  # 0-1, weighted by sales where sales are known
    goods: int
    own_name: bool  # the seller's 品类; False: the category of the list on which the good stands


def returned_categories(connection: Connection) -> list[Returned]:
    """The categories of the seller's own goods whose return rate is known, the lowest rate first.

    A good without a 品类 counts to the categories of the lists that show it.
    """
    rows = connection.execute(
        """WITH named AS (
            SELECT sku, return_rate, sales, category, TRUE AS own_name FROM stock WHERE category IS NOT NULL
            UNION ALL
            SELECT DISTINCT s.sku, s.return_rate, s.sales, l.category, FALSE FROM stock s
            JOIN listings USING (item_key) JOIN observations o USING (listing) JOIN lists l USING (list_key)
            WHERE s.category IS NULL)
        SELECT category, coalesce(sum(return_rate * sales) / nullif(sum(sales), 0), avg(return_rate)) AS rate,
            count(return_rate), own_name
        FROM named WHERE return_rate IS NOT NULL GROUP BY category, own_name ORDER BY rate, category"""
    ).fetchall()
    return [Returned(*row) for row in rows]


def list_categories(connection: Connection) -> list[str]:
    """The categories of all lists that were looked at."""
    rows = connection.execute("SELECT DISTINCT category FROM lists WHERE category <> 'all' ORDER BY 1").fetchall()
    return [row[0] for row in rows]
