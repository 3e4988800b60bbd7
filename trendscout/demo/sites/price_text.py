"""Prices as each market's shops write them."""

from __future__ import annotations

PER_DOLLAR = {"US": 1.0, "UK": 0.79, "ID": 16_300.0}


def amount(dollars: float, market: str) -> float:
    """The price in the market's currency, as a shop would round it."""
    value = dollars * PER_DOLLAR[market]
    return float(round(value / 100) * 100) if market == "ID" else max(0.99, int(value) + 0.99)


def shown(dollars: float, market: str) -> str:
    """The price as text: $13.99, £10.99, Rp212.900."""
    value = amount(dollars, market)
    if market == "ID":
        return f"Rp{value:,.0f}".replace(",", ".")
    return f"{'$' if market == 'US' else '£'}{value:.2f}"
