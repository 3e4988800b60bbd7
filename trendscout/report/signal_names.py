"""What the signals of a score are called where people read them."""

from __future__ import annotations

from trendscout.lang import Lang, tr
from trendscout.report.clean import visible

SIGNALS = {
    "signitrend": "far above its own usual level",
    "cusum": "rises that add up",
    "poisson": "surprise against its usual level",
    "slope": "steepness over the last looks",
    "move1": "move since the last look",
    "move2": "move over two looks",
    "move4": "move over four looks",
    "move8": "move over eight looks",
    "accel": "it speeds up",
    "age": "time on the list",
    "log_rank": "place on the list",
    "gap_best": "distance to its best rank",
    "since_best": "time since its best rank",
    "debut_gain": "gain since it came on the list",
    "best_before": "best rank in earlier stays",
    "presence": "how steadily it is on the list",
    "seen": "how often it was seen",
    "drift": "against its own level of late",
    "roam": "how much its rank wanders",
    "above_move": "how those above it move",
    "above_slope": "how those above it climb",
    "above_age": "how long those above it are there",
    "above_sig": "how hot those above it are",
    "episodes": "how often it came back",
    "turnover": "how fast the list changes",
    "entry": "how many newcomers the list takes",
    "heat": "how much the list's top moves",
    "length": "length of the list",
    "count": "sales or views shown",
    "count_now": "growth of sales or views since the last look",
    "growth": "growth of sales or views",
    "no_count": "no sales or views are shown",
    "sig_fast": "above its level of the last days",
    "sig_slow": "above its level of the last weeks",
    "new": "first time on the list",
    "at_best": "at its best rank",
    "at_best_low": "at its best rank, still low on the list",
    "title_words": "words of its title that rose before",
    "title_characters": "characters of its title that rose before",
    "title_form": "titles of its form that rose before",
    "key": "its id among those of the list",
    "lists": "lists that hold it",
    "lists_higher": "lists that hold it higher",
    "best_elsewhere": "best rank on other lists now",
    "best_elsewhere_long": "best rank on other lists of late",
    "list_rate": "how often this list has breakouts",
}
_PLACED = "_place"  # ends the name of a signal that is compared with the rest of its list
_RAW = "_raw"  # ends the name of a signal that the model reads without its logarithm too


def named(signal: str, lang: Lang) -> str:
    """A signal in words; one that has none by its name."""
    known = SIGNALS.get(signal)
    if known is not None:
        return tr(known, lang)
    placed = SIGNALS.get(signal.removesuffix(_PLACED))
    if placed is not None:
        return tr("{signal}, against the rest of the list", lang, signal=tr(placed, lang))
    raw = SIGNALS.get(signal.removesuffix(_RAW))
    if raw is not None:
        return tr("{signal}, by its full size", lang, signal=tr(raw, lang))
    return visible(tr(signal, lang))


def effect(contribution: float, most: float, lang: Lang) -> str:
    """What a signal did to the chance, in words; `most` is the largest of the row's contributions."""
    strong = abs(contribution) >= most / 2
    if contribution >= 0:
        return tr("raises the chance much", lang) if strong else tr("raises the chance", lang)
    return tr("lowers the chance much", lang) if strong else tr("lowers the chance", lang)
