import numpy as np

from trendscout.matching.clusters import Ties, cluster


def ties(count: int, known: list[int] | None = None, platform: list[int] | None = None) -> Ties:
    return Ties(
        np.array(known or [-1] * count, np.int64),
        np.array(platform or [-1] * count, np.int64),
        np.empty((0, 2), np.int64),
        np.empty((0, 2), np.int64),
    )


def labels(pairs: list[tuple[int, int, float]], bound: Ties, veto: tuple[tuple[int, int], ...] = ()) -> list[int]:
    a, b, chance = (np.array(column) for column in zip(*pairs, strict=True))
    refused = np.array([(one, other) in veto for one, other, _ in pairs])
    return cluster(a, b, chance, refused, bound, 0.3).tolist()


def test_a_chain_of_good_pairs_does_not_join_its_ends() -> None:
    assert labels([(0, 1, 0.9), (1, 2, 0.5), (0, 2, 0.01)], ties(3)) == [0, 0, 2]


def test_no_merge_through_a_veto() -> None:
    assert labels([(0, 1, 0.9), (1, 2, 0.9), (0, 2, 0.2)], ties(3), veto=((0, 2),)) == [0, 0, 2]


def test_known_products_never_join() -> None:
    assert labels([(0, 1, 0.9), (0, 2, 0.8), (1, 2, 0.9)], ties(3, known=[0, 1, -1])) == [0, 1, 1]


def test_two_rows_of_one_platform_never_meet() -> None:
    assert labels([(0, 2, 0.9), (1, 2, 0.8), (0, 1, 0.9)], ties(3, platform=[70, 70, 2])) == [0, 1, 0]
