"""What stands beside a product: its variants, near copies of other brands, and offers too cheap to be true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trendscout.matching.clusters import components
from trendscout.tables import Table, arrays, whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trendscout.matching.listings import Listings

FAR_BELOW = 3.0  # times cheaper than the product's median
FEWEST_PRICES = 4  # a median of fewer says nothing


def beside(
    product: NDArray[np.int64],
    a: NDArray[Any],
    b: NDArray[Any],
    variant: NDArray[np.bool_],
    copy: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(line, variants, near copies) per row: the line's smallest product row, and how many other products.

    `product` is the smallest row of each row's product; the pairs (a, b) are marked as variants or near copies.
    """
    count = len(product)
    product_a, product_b = product[a], product[b]
    apart = product_a != product_b
    lines = components(product_a[variant & apart], product_b[variant & apart], count)
    products = np.unique(product)
    sizes = np.bincount(lines[products], None, count)
    copies = _partners(product_a[copy & apart], product_b[copy & apart], count)
    return lines[product], sizes[lines[product]] - 1, copies[product]


def _partners(one: NDArray[Any], other: NDArray[Any], count: int) -> NDArray[np.int64]:
    """With how many different rows each row is paired."""
    both = np.unique(np.concatenate((one * count + other, other * count + one)))
    return np.bincount(both // count, None, count)


def too_cheap(listings: Listings, product: NDArray[np.int64]) -> Table:
    """(id, times_cheaper) of listings that name the product's brand and cost far less than its median.

    Suspected counterfeits: a hint to look, not a verdict. Only prices in one money are compared.
    """
    brand = _brand_of(listings, product)
    named = (brand != 0) & ((listings.brand == brand) | (listings.words >> 1 == (brand >> 1)[:, None]).any(1))
    priced = np.isfinite(listings.log_price)
    group = product * 4 + np.minimum(listings.money, 3).astype(np.int64)
    rows = np.flatnonzero(priced)
    order = rows[np.lexsort((listings.log_price[rows], group[rows]))]
    keys, start, size = np.unique(group[order], return_index=True, return_counts=True)
    median = listings.log_price[order[start + size // 2]] if len(keys) else np.empty(0, np.float32)
    place = np.searchsorted(keys, group[rows])
    gap = median[place] - listings.log_price[rows]
    is_cheap = (size[place] >= FEWEST_PRICES) & (gap > np.log(FAR_BELOW)) & named[rows]
    return arrays(id=whole(listings.table["id"]).take(rows[is_cheap]), times_cheaper=np.exp(gap[is_cheap]))


def _brand_of(listings: Listings, product: NDArray[np.int64]) -> NDArray[np.uint32]:
    """The brand that the most listings of each row's product state; 0 where none does."""
    rows = np.flatnonzero(listings.brand)
    pair = product[rows].astype(np.uint64) << np.uint64(32) | listings.brand[rows]
    stated, counts = np.unique(pair, return_counts=True)
    order = np.argsort(counts, kind="stable")  # the most frequent is written last
    out = np.zeros(len(product), np.uint32)
    out[(stated[order] >> np.uint64(32)).astype(np.int64)] = stated[order] & np.uint64(0xFFFFFFFF)
    return out[product]
