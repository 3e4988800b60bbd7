"""How right the report was, by the planted truth: what was caught, how early, and how much was a false alarm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from trendscout.demo.goods import Good
from trendscout.demo.market import TOP, World, item_key
from trendscout.demo.sites.tiktok import INDUSTRIES, shown_tags

SHOWN = 20  # rows of a morning's report that count
PATIENCE = 14  # days that a shown product has to enter a top ten before it is a false alarm

Listing = tuple[str, str, str]  # platform, market, item key
Thing = int | Listing  # the number of a good; a search, or a tag that is no good, by its listing
Shown = Mapping[int, Sequence[frozenset[Listing]]]  # by day, the listings of each product shown, best first


@dataclass(frozen=True, slots=True)
class Breakout:
    """A planted rise of one good on one list, as the truth has it."""

    listing: Listing
    good: int
    rise: int  # the planted day
    listed: int | None  # the first day on which the site showed it
    arrived: int | None  # the first day in the top ten; None: not before the demo ended


@dataclass(frozen=True, slots=True)
class Figures:
    """What one ranking was worth."""

    planted: int  # breakouts that reached their list's top ten
    caught: int  # of them, shown in a top 20 before
    leads: tuple[int, ...]  # days from the first time shown to the top ten, of each caught one
    shown: int  # rows of mornings that leave time to prove right
    false: int  # of them, how many entered no top ten within PATIENCE days
    goods: int  # different goods in those rows

    @property
    def share(self) -> float:
        """Share of the breakouts that were caught."""
        return self.caught / self.planted if self.planted else 0.0

    @property
    def lead(self) -> float:
        """Median lead in days; 0 if nothing was caught."""
        return float(median(self.leads)) if self.leads else 0.0

    @property
    def false_share(self) -> float:
        """False alarms among the rows shown."""
        return self.false / self.shown if self.shown else 0.0


class Truth:
    """What the world planted, and when everything in it first reached a top ten."""

    def __init__(self, world: World) -> None:
        self.world = world

    @cached_property
    def breakouts(self) -> tuple[Breakout, ...]:
        """Every planted rise, in the order of its lists."""
        return tuple(
            Breakout(
                listing=(shelf.platform, shelf.market, key),
                good=shelf.good(position).number,
                rise=rise,
                listed=self._listed.get((shelf.platform, shelf.market, key)),
                arrived=next(iter(self.arrivals.get((shelf.platform, shelf.market, key), ())), None),
            )
            for shelf in self.world.shelves
            for position, (key, rise) in enumerate(zip(shelf.keys, shelf.rises, strict=True))
            if rise is not None
        )

    @cached_property
    def arrivals(self) -> dict[Listing, tuple[int, ...]]:
        """The days on which each listing came into its list's top ten from outside it."""
        arrivals: dict[Listing, list[int]] = {}
        for shelf in self.world.shelves:
            before: set[int] = set()
            for day in range(self.world.days):
                top = set(shelf.ranking(day)[:TOP])
                for position in top - before:
                    arrivals.setdefault((shelf.platform, shelf.market, shelf.keys[position]), []).append(day)
                before = top
        return {listing: tuple(days) for listing, days in arrivals.items()}

    @cached_property
    def _listed(self) -> dict[Listing, int]:
        first_days: dict[Listing, int] = {}
        for shelf in self.world.shelves:
            for day in range(self.world.days):
                shown = shelf.ranking(day)
                if shelf.platform == "tiktok":  # an anonymous reader sees three tags an industry
                    shown = [p for code in INDUSTRIES.values() for _, p in shown_tags(shelf, day, code)]
                for position in shown:
                    first_days.setdefault((shelf.platform, shelf.market, shelf.keys[position]), day)
        return first_days

    def good_of(self, listing: Listing) -> Good | None:
        """The good behind a listing; None for talk and searches."""
        return self._goods.get(listing)

    @cached_property
    def _goods(self) -> dict[Listing, Good]:
        listed = {
            (shelf.platform, shelf.market, key): good
            for shelf in self.world.shelves
            for key, good in zip(shelf.keys, shelf.goods, strict=True)
            if good is not None
        }
        in_shops = {
            ("shopify", market, item_key("shopify", self.world.seed, good.number)): good
            for market in self.world.markets
            for good in self.world.goods
        }
        return listed | in_shops

    def joined(self, products: Iterable[frozenset[Listing]]) -> tuple[int, int]:
        """Pairs of goods' listings that share a product, and how many of them are of one good."""
        pairs = right = 0
        for product in products:
            goods = [good.number for listing in product if (good := self.good_of(listing))]
            pairs += len(goods) * (len(goods) - 1) // 2
            right += sum(count * (count - 1) // 2 for count in Counter(goods).values())
        return pairs, right

    @cached_property
    def visible(self) -> int:
        """How many breakouts that arrived could be seen on their list at least a day before."""
        return sum(
            1
            for breakout in self.breakouts
            if breakout.arrived is not None and breakout.listed is not None and breakout.listed < breakout.arrived
        )

    def figures(self, shown: Shown, *, as_listings: bool = False) -> Figures:
        """How a ranking did that showed these products on these mornings.

        With `as_listings` a row stands for the one listing it names and not for its good everywhere.
        """
        first: dict[Thing, int] = {}
        first_listed: dict[Listing, int] = {}
        judged: list[tuple[Thing, int]] = []
        for day, rows in sorted(shown.items()):
            for product in filter(None, rows[:SHOWN]):
                thing = self.thing_of(product)
                first.setdefault(thing, day)
                if day < self.world.days - PATIENCE:
                    judged.append((thing, day))
                for listing in product:
                    first_listed.setdefault(listing, day)
        arrived = [
            (first_listed.get(breakout.listing) if as_listings else first.get(breakout.good), breakout.arrived)
            for breakout in self.breakouts
            if breakout.arrived is not None
        ]
        leads = tuple(day - seen for seen, day in arrived if seen is not None and seen < day)
        return Figures(
            planted=len(arrived),
            caught=len(leads),
            leads=leads,
            shown=len(judged),
            false=sum(1 for thing, day in judged if not self._came_true(thing, day)),
            goods=len({thing for thing, _ in judged}),
        )

    def thing_of(self, product: frozenset[Listing]) -> Thing:
        """What a product is: the good that most of its listings are."""
        goods = Counter[Thing](good.number if (good := self.good_of(one)) else one for one in product)
        return min(goods, key=lambda thing: (-goods[thing], str(thing)))

    @cached_property
    def _days_of(self) -> dict[Thing, list[int]]:
        found: dict[Thing, list[int]] = {}
        for listing, days in self.arrivals.items():
            found.setdefault(self.thing_of(frozenset((listing,))), []).extend(days)
        return found

    def _came_true(self, thing: Thing, day: int) -> bool:
        return any(day < arrival <= day + PATIENCE for arrival in self._days_of.get(thing, ()))


Ranks = Mapping[str, Mapping[Listing, int]]  # by list, the ranks of one look


def biggest_changes(before: Ranks, today: Ranks) -> list[frozenset[Listing]]:
    """The 20 biggest climbs since the look before, over all lists: what a seller makes by hand.

    A listing that was not there before counts from the place after the list's last; one that already stands in
    the top ten is left out, as nobody needs to be told of it.
    """
    climbs = []
    for name, ranks in today.items():
        if name not in before:
            continue
        end = max(before[name].values(), default=0) + 1
        climbs += [
            (rank - before[name].get(listing, end), listing) for listing, rank in ranks.items() if rank > TOP
        ]
    return [frozenset((listing,)) for _, listing in sorted(climbs)[:SHOWN]]
