"""Notices find the goods that they name, and no others."""

import pytest

from trendscout.matching.recall_notices import name_of, recalled

NOTICES = [
    "Glow Pebbles Night Light Recalled Due to Burn Hazard; Sold Exclusively on Amazon.com by PEBBLEX",
    "Product Recall: Velmora Magnetic Chess Set (2607-0123)",
    "Lamp Recalled Due to Fire Hazard",
]


@pytest.mark.parametrize(
    ("notice", "name"),
    [
        (NOTICES[0], "glow pebbles night light"),
        (NOTICES[1], "velmora magnetic chess set"),
        ("Paper kites: safety alert", "paper kites"),
    ],
)
def test_the_name_of_the_goods(notice, name):
    assert name_of(notice) == name


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("PEBBLEX Night Light, Glow Pebbles for Kids Room, 3 pack", 0),
        ("Chess Set magnetic by Velmora, travel size 25 cm", 1),
        ("Magnetic Chess Set, travel size", None),
        ("Velmora lamp with magnetic base", None),
        ("Table lamp", None),
        ("", None),
    ],
)
def test_what_looks_recalled(title, found):
    assert recalled([title], NOTICES) == [found]


def test_nothing_to_compare():
    assert recalled([], NOTICES) == []
    assert recalled(["Glow Pebbles Night Light"], []) == [None]
