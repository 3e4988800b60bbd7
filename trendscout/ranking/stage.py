"""Where an item stands in its life on a list."""

from __future__ import annotations

from typing import get_args

import numpy as np

from trendscout.model import Stage
from trendscout.ranking.arrays import Flags, Floats, Ints

STAGES: tuple[Stage, ...] = get_args(Stage)  # a stage's code is its place here
CODE: dict[Stage, int] = {stage: code for code, stage in enumerate(STAGES)}

STILL = 0.15  # doublings of rank over the last snapshots: less is standing still
FALLS = 0.585  # doublings of rank downwards, half as low again: from 11 to 17, not from 11 to 13
FALLEN = 1.0  # doublings below its best: more is past its peak
OLD_LOOKS = 60  # snapshots in one episode: an item that stays that long and hardly moves is evergreen
YOUNG_LOOKS = 3
YEAR_DAYS = 365.25
SAME_WEEKS_DAYS = 28  # half the width of "the same weeks last year"


def stages(
    *,
    looks: Floats,
    climb: Floats,
    rank: Floats,
    best: Floats,
    age_looks: Floats,
    roam: Floats,
    days_since_peak_before: Floats,
    there_at_start: Flags,
) -> Ints:
    """Stage codes of items standing on their lists.

    `looks` is how many snapshots the list has; `climb` doublings of rank since some snapshots ago, NaN if that is
    not known; `best` the best rank of the episode, `age_looks` its length in snapshots, `roam` the mean absolute
    move in e-folds a snapshot; `days_since_peak_before` since the best rank of an earlier episode, or NaN;
    `there_at_start` whether it stood there when the list's watch began, so that nobody saw it come.
    The first rule that fits decides, from the last line up.
    """
    fallen = np.log2(rank / best)
    code = np.where((climb < -FALLS) | (fallen >= FALLEN), CODE["fading"], CODE["peaking"])
    code = np.where(climb > STILL, CODE["rising"], code)
    code = np.where((age_looks >= OLD_LOOKS) & (roam < STILL) & (np.abs(climb) <= STILL), CODE["evergreen"], code)
    came = (age_looks < YOUNG_LOOKS) & (climb >= 0) & ~there_at_start
    code = np.where(came, CODE["emerging"], code)
    years = np.round(days_since_peak_before / YEAR_DAYS)
    off_season = np.abs(days_since_peak_before - years * YEAR_DAYS)
    code = np.where((years >= 1) & (off_season <= SAME_WEEKS_DAYS), CODE["seasonal"], code)
    return np.where((looks < YOUNG_LOOKS) | np.isnan(climb), CODE["not_enough_data"], code)
