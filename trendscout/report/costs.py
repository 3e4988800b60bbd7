"""What the user pays: cost, weight and fees by product from costs.toml, and the margin that follows."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from trendscout.errors import ConfigError
from trendscout.model import Report, Row, StockRow
from trendscout.money import Rates


@dataclass(frozen=True, slots=True)
class Cost:
    """What is known of one product's cost; None: not known."""

    cost_usd: Decimal | None = None
    fees_usd: Decimal | None = None  # platform and shipping
    weight_g: float | None = None
    supplier_url: str | None = None


def load(path: Path) -> dict[str, Cost]:
    """Costs by product id or item key from a table a product: `["B0X"]`, `cost_usd = 2.4`, `fees_usd`, `weight_g`.

    Raises ConfigError with the product and key that is wrong. A missing file is an empty table.
    """
    if not path.exists():
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, ValueError, RecursionError) as error:
        raise _wrong(path, str(error)) from error
    return {key: _cost(path, key, table) for key, table in tables.items()}


def of_goods(goods: Iterable[StockRow], at: datetime, rates: Rates) -> dict[str, Cost]:
    """What an ERP export says of costs, by item key and SKU, in US dollars at the rate of the day."""
    found: dict[str, Cost] = {}
    for one in goods:
        dollars = rates.in_usd(float(one.cost), one.currency, at.date()) if one.cost is not None else None
        cost = Cost(round(Decimal(dollars), 2) if dollars is not None else None, None, one.weight_g, None)
        found |= {key: cost for key in (one.sku, one.item_key) if key}
    return found


def applied(report: Report, costs: Mapping[str, Cost]) -> Report:
    """The report with cost, weight, fees and margin where `costs` knows the product or one of its listings."""
    return replace(report, rows=tuple(_priced(row, costs) for row in report.rows)) if costs else report


def _priced(row: Row, costs: Mapping[str, Cost]) -> Row:
    facts = row.facts
    keys = (row.product_id, facts.item_key, *(one.item_key for one in facts.sightings))
    cost = next((costs[key] for key in keys if key in costs), None)
    if cost is None:
        return row
    own = replace(
        row.own,
        cost_usd=cost.cost_usd,
        fees_usd=cost.fees_usd,
        weight_g=cost.weight_g if cost.weight_g is not None else row.own.weight_g,
        supplier_url=cost.supplier_url or row.own.supplier_url,
        margin=margin(facts.price_usd, cost.cost_usd, cost.fees_usd),
    )
    return replace(row, own=own)


def margin(price: Decimal | None, cost: Decimal | None, fees: Decimal | None) -> float | None:
    """(price - cost - fees) / price; None unless all three are known."""
    if price is None or cost is None or fees is None or price <= 0:
        return None
    return float((price - cost - fees) / price)


def _cost(path: Path, key: str, table: Any) -> Cost:
    known = {"cost_usd", "fees_usd", "weight_g", "supplier_url"}
    if not isinstance(table, dict) or (unknown := set(table) - known):
        what = f"unknown key {min(unknown)!r}" if isinstance(table, dict) else "not a table"
        raise _wrong(path, f"[{key}]: {what}")
    try:
        numbers = {name: _positive(table.get(name)) for name in ("cost_usd", "fees_usd", "weight_g")}
    except (InvalidOperation, ValueError) as error:
        raise _wrong(path, f"[{key}]: a number of 0 or more is wanted") from error
    weight = numbers["weight_g"]
    return Cost(
        numbers["cost_usd"],
        numbers["fees_usd"],
        None if weight is None else float(weight),
        str(table["supplier_url"]) if table.get("supplier_url") else None,
    )


def _positive(value: object) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or value < 0:
        raise ValueError
    return Decimal(value)


def _wrong(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        "{file} cannot be used: {reason}.",
        next_step='A product reads ["B0EXAMPLE1"], then cost_usd = 2.40, fees_usd = 5.10, weight_g = 180.',
        file=str(path),
        reason=reason,
    )
