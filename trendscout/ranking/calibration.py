"""From a score to a chance and how sure it is, by what came of the chances that earlier models gave."""

from __future__ import annotations

import numpy as np

from trendscout.ranking.arrays import Flags, Floats, Ints

Curve = tuple[float, float]  # log-odds = first + second × score
Z90 = 1.645  # a 90 % interval of a normal distribution
BAND = 60  # rows that are shown: three mornings of twenty, enough to see a share in
SURENESS_PRIOR = 20.0  # goods: the sureness before any error is known ...
SURENESS_BANDS = 2.0  # ... which counts as much as so many bands
SUREST, LEAST_SURE = 60.0, 5.0
STEPS = 20


def logistic(value: Floats) -> Floats:
    """1 / (1 + exp(-value)), without overflow."""
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -30, 30))))


def log_odds(share: float) -> float:
    """log(share / (1 - share)); `share` is kept off 0 and 1."""
    inside = min(max(share, 1e-6), 1 - 1e-6)
    return float(np.log(inside / (1 - inside)))


def fit_curve(score: Floats, hit: Flags, weight: Floats, prior: Curve, ridge: Curve) -> Curve:
    """The logistic curve from a score to chances, by Newton's method, drawn to `prior` by `ridge`."""
    start, draw = np.array(prior), np.diag(ridge)
    beta = start.copy()
    x = np.stack([np.ones(len(score)), score], axis=1)
    for _ in range(STEPS):
        chance = logistic(x @ beta)
        hessian = (x * (weight * chance * (1 - chance) + 1e-9)[:, None]).T @ x + draw
        change = np.linalg.solve(hessian, x.T @ (weight * (chance - hit)) + draw @ (beta - start))
        beta = beta - np.clip(change, -2, 2)
        if np.abs(change).max() < 1e-6:
            break
    return float(beta[0]), float(beta[1])


def sureness(chance: Floats, hit: Flags, period: Ints) -> float:
    """How many independent goods a shown chance is worth, by how far what was said lay from what came.

    Rows are those that were shown. They are put into bands of about BAND rows by period and chance. The squared
    error of a band's chance is p(1 - p)/n where rows of n goods are independent: n is solved for over all bands.
    What makes goods repeat each other, rates drift and the best of many be overrated is all in it.
    """
    usual = 0.1  # the chance that the prior is put for: 1 in 10
    spread = usual * (1 - usual) * SURENESS_BANDS
    error = spread / SURENESS_PRIOR
    order = np.lexsort((chance, period))
    for rows in np.split(order, np.flatnonzero(np.diff(period[order])) + 1):
        for band in np.array_split(rows, max(1, len(rows) // BAND)):
            if 2 * len(band) >= BAND:
                said, came = float(chance[band].mean()), float(hit[band].mean())
                spread += said * (1 - said)
                error += (said - came) ** 2
    return float(np.clip(spread / error, LEAST_SURE, SUREST))


def interval(chance: Floats, sure: Floats | float) -> tuple[Floats, Floats]:
    """The 90 % interval of a share that was seen on `sure` independent goods (Wilson 1927)."""
    z2 = Z90**2
    middle = (chance + z2 / (2 * sure)) / (1 + z2 / sure)
    half = np.sqrt(z2 * (chance * (1 - chance) / sure + z2 / (4 * sure * sure))) / (1 + z2 / sure)
    return np.maximum(0.0, middle - half), np.minimum(1.0, middle + half)
