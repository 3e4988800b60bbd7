"""The seller's own goods, from an ERP export."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from trendscout.model import StockRow
from trendscout.store.sql import Connection, naive, transaction


def save_stock(connection: Connection, goods: Iterable[StockRow], at: datetime) -> None:
    """Remember the goods; a SKU that was known is replaced."""
    with transaction(connection):
        for one in goods:
            connection.execute("DELETE FROM stock WHERE sku = ?", [one.sku])
            values = (one.item_key, one.return_rate, one.sales, one.stock, one.cost, one.currency, one.weight_g)
            connection.execute(
                "INSERT INTO stock VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", [one.sku, *values, naive(at)]
            )


def own_goods(connection: Connection) -> list[StockRow]:
    """The seller's own goods as last imported."""
    rows = connection.execute(
        """SELECT sku, item_key, return_rate, sales, stock, cost, currency, weight_g FROM stock
        WHERE cost IS NOT NULL OR weight_g IS NOT NULL ORDER BY sku"""
    ).fetchall()
    return [StockRow(*row) for row in rows]


def crowded_categories(connection: Connection, *, return_rate: float) -> frozenset[str]:
    """Categories of listings that the seller's own goods show to be returned more often than `return_rate`."""
    rows = connection.execute(
        """SELECT category FROM stock s JOIN listings USING (item_key)
        JOIN (SELECT DISTINCT list_key, listing FROM observations) USING (listing)
        JOIN (SELECT list_key, category FROM lists) USING (list_key)
        WHERE s.return_rate IS NOT NULL GROUP BY category HAVING avg(s.return_rate) > ?""",
        [return_rate],
    ).fetchall()
    return frozenset(row[0] for row in rows)
