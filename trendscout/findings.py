"""What is amiss, as data: a code and fields are found, stored and compared; the sentence is made when it is shown.

`SENTENCES` says every code once, in English; Chinese stands in locale/zh/findings.toml under the same sentence. An
error that became a result is a finding too (`of_error`), with its own templates as fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeGuard

from trendscout.errors import Blocked, TrendscoutError, masked
from trendscout.lang import Lang, sentences, tr

Severity = Literal["note", "partial", "blocked", "failed"]
_BY_SEVERITY: tuple[Severity, ...] = ("note", "partial", "failed", "blocked")


class Sentence(NamedTuple):
    """How a code is said; `one` where the field `count` is 1; the fields in `words` are words of ours."""

    severity: Severity
    text: str
    one: str = ""
    words: tuple[str, ...] = ()


SENTENCES: Mapping[str, Sentence] = {
    # --- a page ---
    "cut_short": Sentence("partial", "The page breaks off before its end."),
    "no_page": Sentence("failed", "No page came."),
    "page_repeats": Sentence("partial", "Page {number} shows an earlier page once more."),
    "rows_without_id": Sentence(
        "partial", "{count} rows without an id were left out.", "A row without an id was left out."
    ),
    "rows_impossible_id": Sentence(
        "partial", "{count} rows with an impossible id were left out.", "A row with an impossible id was left out."
    ),
    "rows_impossible_rank": Sentence(
        "partial",
        "{count} rows with an impossible rank were left out.",
        "A row with an impossible rank was left out.",
    ),
    "rows_moving": Sentence(
        "partial",
        "{count} rows that stand twice and move those below were left out.",
        "A row that stands twice and moves those below was left out.",
    ),
    "rows_doubled": Sentence("note", "{count} doubled rows were left out.", "A doubled row was left out."),
    "rows_impossible_number": Sentence(
        "partial",
        "{count} rows had a price, count or rating that cannot be.",
        "A row had a price, count or rating that cannot be.",
    ),
    "titles_garbled": Sentence(
        "partial",
        "{count} titles are in another charset than the page says.",
        "A title is in another charset than the page says.",
    ),
    "ranks_shared": Sentence("partial", "{count} places share a rank.", "Two rows share a rank."),
    "rows_said_twice": Sentence(
        "partial",
        "{count} rows say their {what} twice and differently.",
        "A row says its {what} twice and differently.",
        words=("what",),
    ),
    "ranks_disagree": Sentence(
        "partial",
        "{count} items have another rank on their card than in the page's data.",
        "An item has another rank on its card than in the page's data.",
    ),
    "fewer_orders_than_shown": Sentence(
        "partial",
        "{count} rows have fewer orders than they show.",
        "A row has fewer orders than it shows.",
    ),
    "rows_no_hashtag": Sentence(
        "partial",
        "{count} rows were not hashtags and were left out.",
        "A row was no hashtag and was left out.",
    ),
    "rows_without_rank": Sentence(
        "partial", "{count} rows do not say their rank.", "A row does not say its rank."
    ),
    "ranks_not_in_order": Sentence("partial", "The places do not follow each other."),
    "earlier_pages_guessed": Sentence("partial", "How many rows stand on earlier pages is a guess."),
    "fewer_than_announced": Sentence(
        "partial", "{count} rows where {announced} were announced.", "One row where {announced} were announced."
    ),
    "page_number_unknown": Sentence("partial", "The reply does not say which page it is."),
    "category_unreadable": Sentence("partial", "Category {category} has no readable rows."),
    "charts_unreadable": Sentence(
        "partial", "{count} charts have no readable goods.", "A chart has no readable goods."
    ),
    "reply_does_not_say": Sentence("partial", "The reply does not say {what}.", words=("what",)),
    "column_same": Sentence(
        "partial", "{what} says the same in all {count} rows: it is of no single item, and was left out."
    ),
    "prices_mixed": Sentence("partial", "Some rows say their price after the coupon and some do not."),
    # --- what the user brings ---
    "no_file_kind": Sentence("failed", "It is no kind of file that is read."),
    "file_unreadable": Sentence("failed", "It cannot be read: {why}."),
    "file_too_large": Sentence("failed", "It has more than {limit} MiB."),
    "file_damaged": Sentence("failed", "It is damaged: {why}."),
    "joined_anew": Sentence(
        "note",
        "An earlier version had joined them; all were joined anew. Of what it had joined, {products_before}"
        " products became {products_after}, {undone} pairs came apart, {made} came together,"
        " {spreads_before} products with prices in several places became {spreads_after}."
        " Marks and decisions stay with their listings.",
    ),
    "list_moved": Sentence(
        "note",
        "{before} is {after} now: {count} looks moved, with what you said of their goods.",
        "{before} is {after} now: a look moved, with what you said of its goods.",
    ),
    "file_empty": Sentence("failed", "It is empty."),
    "file_without_list": Sentence("failed", "It holds nothing that is read."),
    "not_written": Sentence("failed", "It could not be written: {why}."),
    "lists_in_state": Sentence("note", "{state}: {count} lists.", "{state}: one list.", words=("state",)),
    "warc_here": Sentence("failed", "WARC files are read by `ingest` only."),
    "no_har": Sentence("failed", "It has no log.entries: it is no HAR."),
    "har_without_replies": Sentence("failed", "It holds no reply: record again with the developer tools open."),
    "har_cut": Sentence("note", "It has {count} replies; only the first {limit} were looked at."),
    "har_without_body": Sentence("failed", "{url}: its body was not saved."),
    "no_source_for_address": Sentence("failed", "{url}: no source is known for this address."),
    "no_source": Sentence("failed", "No source reads it; name one with --source."),
    "at_address": Sentence("failed", "{url}: {why}"),
    "rivals": Sentence("note", "{rivals} could read it too; --source decides."),
    "market_untold": Sentence("note", "Its market is not told; --market tells it."),
    "list_untold": Sentence(
        "note", "Which list it is is not told: it is kept apart as {name!r}; --category names it."
    ),
    "currency_against": Sentence("note", "Its prices are in {currency}, though you say that it is of {market}."),
    "links_against": Sentence("note", "Its links lead to {found}, though you say that it is of {market}."),
    "only_ads": Sentence("note", "All its rows are advertisements."),
    "known_file": Sentence("note", "It is known: the same as {names}."),
    "known_look": Sentence("note", "It is known: the store has this look."),
    "look_clash": Sentence(
        "failed",
        "{other} shows the same places of this list at the same time, with other goods; tell its own time with "
        "--at, or its own list with --category.",
    ),
    "look_clash_stored": Sentence(
        "failed",
        "The store has another look at the same places of this list at this time, with other goods; tell its own "
        "time with --at, or its own list with --category.",
    ),
    "still_written": Sentence("note", "It is still being written."),
    "perhaps_written": Sentence("note", "It may still be written: {why}"),
    "not_moved": Sentence("failed", "It could not be moved: {why}."),
    "nothing_stored": Sentence(
        "failed", "Nothing of it was stored. Import it by hand, with --profile: the command says what is missing."
    ),
    "bring_again": Sentence(
        "failed",
        "Save the page again when its goods show, or ingest it by hand and say what it is: --source, --market.",
    ),
    "inbox_came": Sentence("note", "By the inbox came: {lists}."),
    "inbox_refused": Sentence(
        "note", "The inbox refused: {lists}; the text beside each file in refused/ says why."
    ),
    "inbox_missing": Sentence("note", "By the inbox did not come: {lists}."),
    # --- a declared source tried on a page ---
    "field_found_in_part": Sentence(
        "note", "{field}: found in {count} of {all} items.", "{field}: found in one of {all} items."
    ),
    "field_without_number": Sentence(
        "note",
        "{field}: {count} texts have no clear number, the first is {first!r}.",
        "{field}: a text has no clear number: {first!r}.",
    ),
    # --- a table ---
    "table_empty": Sentence("note", "The table has a header and no rows."),
    "table_rows_left": Sentence(
        "partial", "{count} rows were left out: {why}.", "One row was left out: {why}.", words=("why",)
    ),
    "table_cut": Sentence("partial", "Only the first {rows} rows were read."),
    "table_cells_lost": Sentence(
        "note", "{field}: {lost} of {present} cells of {column!r} cannot be read, such as {example!r}."
    ),
    "table_columns_not_kept": Sentence("note", "These columns are not kept in the store: {names}."),
    "table_columns_not_kept_of_many": Sentence(
        "note", "These columns are not kept in the store: {names} and {more} more."
    ),
    "table_sheet_of_several": Sentence("note", "The sheet {name!r} was read, not {others}: --sheet chooses."),
    "table_says_time": Sentence("note", "The list is of {when}, as the file says."),
    "table_without_market": Sentence(
        "note", "Nothing says of which market the list is: its name has XX. Give --market."
    ),
    "table_without_currency": Sentence("note", "Nothing says in which currency the prices are."),
    "table_without_rank": Sentence(
        "note",
        "No column says the rank, so the rows have none. Give --order rows if they stand in the list's order.",
    ),
    "table_rank_of_rows": Sentence("note", "No column says the rank: it is the order of the rows."),
    "table_ranks_doubled": Sentence(
        "note",
        "Ranks were left out: rank {rank} stands {times} times, so the file holds several lists, and no column "
        "says which.",
    ),
    "table_other_market": Sentence("note", "The file says market {told}, not {said}: its word was taken."),
    "table_other_currency": Sentence("note", "The prices are in {currency}, which is not the money of {market}."),
    "table_dates_unclear": Sentence(
        "note", "The dates of {column!r} have the day first in one row and the month first in another."
    ),
    "table_price_spans": Sentence("note", "Of a range of prices the low end is kept."),
    "table_several_pictures": Sentence("note", "Of several pictures in one cell the first is kept."),
    "table_curve_not_kept": Sentence(
        "note", "The values of a curve are not kept in the store: they are in the archive."
    ),
    "history_rows_left": Sentence("note", "{lost} of {rows} rows were left out: missing or impossible {faults}."),
    "history_counts_lost": Sentence("note", "count: {lost} cells hold no number that can be."),
    "history_look_torn": Sentence("partial", "Rows that are no places of a list were left out."),
    # --- the store's door ---
    "look_impossible_time": Sentence("failed", "{list_id} was not stored: no list was looked at on {day}."),
    "values_impossible": Sentence(
        "partial",
        "{list_id}: {count} impossible values of {name} were left out.",
        "{list_id}: an impossible value of {name} was left out.",
    ),
    # --- a look against the list's past ---
    "fewer_rows": Sentence("partial", "{rows} rows where this list usually has {usual:.0f}."),
    "fewer_fields": Sentence("partial", "{filled:.0%} of the fields are filled where usually {usual:.0%} are."),
    "field_fades": Sentence(
        "partial",
        "{what}: filled in {filled:.0%} of the rows where usually {usual:.0%} have it.",
        words=("what",),
    ),
    "list_grew": Sentence(
        "note", "{rows} rows where this list had {most} at most: what stands below is no newcomer."
    ),
    # --- the archive read again ---
    "archive_file_missing": Sentence(
        "note", "{file} of the archive is missing; what was read from it stays in the store."
    ),
    "source_unknown": Sentence(
        "note",
        "{source} is no source: {count} pages of it were not read again; what was read before stays in the store.",
        "{source} is no source: a page of it was not read again; what was read before stays in the store.",
    ),
    # --- jobs and reports ---
    "data_of_hours_ago": Sentence(
        "note",
        "Data of {count} hours ago: no list was read whole since {time} UTC. {why}",
        "Data of an hour ago: no list was read whole since {time} UTC. {why}",
    ),
    "data_of_days_ago": Sentence(
        "note", "Data of {count} days ago: no list was read whole since {time} UTC. {why}"
    ),
    "data_of_months_ago": Sentence(
        "note", "Data of {count} months ago: no list was read whole since {time} UTC. {why}"
    ),
    "network_down": Sentence("failed", "The network is down since {time} UTC: none of {count} sites was reached."),
    "no_network": Sentence(
        "failed",
        "No network: none of {count} sites was reached ({sources}).",
        "{sources} was not reached: no network, or it is down itself.",
    ),
    "nobody_looked": Sentence(
        "note", "Nobody looked since: is the job running? `trendscout jobs list` tells when it last did."
    ),
    "looks_failed": Sentence("failed", "{list}: {why}"),
    "lists_lost": Sentence("partial", "{source}: {count} lists: {why}", "{source}: a list: {why}"),
    "lists_changed": Sentence("note", "{source}: {count} lists changed: {why}", "{list}: {why}"),
    "too_early": Sentence(
        "note",
        "Too early to judge {count} of {all} rows: too few breakouts of their lists are known. Their order is how "
        "far each is above its usual level, their chance how often goods of such lists break out.",
    ),
    "red_ocean": Sentence(
        "note",
        "{count} of your categories come back over {share:.0%}, all matched to lists: goods there are flagged.",
        "One of your categories comes back over {share:.0%} and is matched to lists: goods there are flagged.",
    ),
    "red_ocean_unmatched": Sentence(
        "note",
        "{count} of your categories come back over {share:.0%}, {matched} matched to a list. Not matched, so that "
        "nothing is flagged for them: {names}. categories.toml says which lists' categories they are.",
        "One of your categories comes back over {share:.0%} and is matched to no list, so nothing is flagged: "
        "{names}. categories.toml says which lists' category it is.",
    ),
    "cost_rule_ended": Sentence(
        "note",
        "Costs: the rule for {part} in {market} ended on {until} ({source}), and none follows it: that part is "
        "unknown. Write the one in force into costs.toml.",
        words=("part",),
    ),
    "no_outcome_yet": Sentence(
        "note",
        "No chance is given for {count} of {all} rows: no outcome is known on their lists yet. Their order is how "
        "far each is above its usual level.",
    ),
    "no_values": Sentence("note", "No row has a value to sort by {sort}: the order says nothing."),
    "no_report_for_days": Sentence(
        "note",
        "No report was made for {count} days: the last one is of {last}.",
        "No report was made for a day: the last one is of {last}.",
    ),
    "left_to_another": Sentence("note", "It was collected for the team in the last half hour."),
    "lists_asked": Sentence("note", "{count} lists were asked.", "One list was asked."),
    "report_is_made": Sentence("note", "The report of this date is made, or being made."),
    "another_run_took_over": Sentence("note", "Another run took over."),
    "run_is_at_work": Sentence(
        "partial", "Another run ({run}) is at work on this date, last seen {since} UTC: this one left it alone."
    ),
    "took_over": Sentence("partial", "The run {run} was silent since {since} UTC: this one took over from it."),
    "report_holds": Sentence("note", "The report holds {count} products.", "The report holds one product."),
    "channel_unreached": Sentence("partial", "{channel} was not reached: {why}"),
    "push_status": Sentence("failed", "It answered with HTTP {status}."),
    "push_unreadable": Sentence("failed", "It answered with HTTP {status}, and with nothing that can be read."),
    "push_code": Sentence("failed", "It answered with code {code}."),
    "push_code_said": Sentence("failed", "It answered with code {code}: {text}"),
    "push_unreached": Sentence("failed", "No answer came ({kind})."),
    "push_doubtful": Sentence("failed", "No answer came ({kind}): it may have arrived."),
    "push_slow": Sentence("failed", "No answer came within {seconds:g} s: it may have arrived."),
    "push_not_taken": Sentence("failed", "The service did not take it."),
    "push_table_full": Sentence("failed", "The table has more rows than can be looked through."),
    "push_never_answered": Sentence("failed", "It was sent {count} times and nobody answered."),
    "push_too_old": Sentence("failed", "It could not be sent for {count} days."),
    "push_aside": Sentence("failed", "Set aside. {why}"),
    "push_refused": Sentence("failed", "Set aside, since it is refused for good. {why}"),
    "variable_not_set": Sentence("failed", "The environment variable {variable} is not set."),
    "variable_unreadable": Sentence(
        "failed", "The environment variable {variable} holds a line break or another sign that cannot be seen."
    ),
    "fault_of_ours": Sentence("failed", "A fault of ours: {kind}."),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing amiss, or words that are part of what is said of one.

    `code` is a key of SENTENCES, "error" (an error's templates), "words" (a template without its full stop) or
    "text" (said as it is).
    """

    code: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = "note"

    def __str__(self) -> str:
        """The sentence in English."""
        return self.said("en")

    def __hash__(self) -> int:
        """By what it says: fields are a mapping."""
        return hash((self.code, str(self)))

    def said(self, lang: Lang) -> str:
        """What happened and what to do next, in a language."""
        return sentences((self.what(lang), self.next_step(lang)), lang)

    def what(self, lang: Lang) -> str:
        """What happened."""
        if self.code == "text":
            return str(self.fields.get("text", ""))
        if self.code == "error":
            return filled(str(self.fields.get("what", "")), self.fields, lang)
        if self.code == "words":
            return filled(str(self.fields.get("what", "")), self.fields, lang).rstrip(".。")
        sentence = SENTENCES.get(self.code)
        if sentence is None:  # stored by a newer version
            return f"{self.code} {json.dumps(_plain(self.fields), ensure_ascii=False)}"
        single = lang == "en" and sentence.one and self.fields.get("count") == 1  # Chinese has no plural
        text = sentence.one if single else sentence.text
        words = {name: tr(str(self.fields[name]), lang) for name in sentence.words if name in self.fields}
        return filled(text, {**self.fields, **words}, lang)

    def next_step(self, lang: Lang) -> str:
        """What to do about it; "" where nothing is known."""
        if self.code != "error" or not self.fields.get("next_step"):
            return ""
        return filled(str(self.fields["next_step"]), self.fields, lang)


def finding(code: str, /, **fields: object) -> Finding:
    """The finding of that code, as severe as SENTENCES says."""
    return Finding(code, fields, SENTENCES[code].severity)


def of_error(error: TrendscoutError) -> Finding:
    """An error that became a result: its templates and fields."""
    severity: Severity = "blocked" if isinstance(error, Blocked) else "failed"
    return Finding("error", {"what": error.what, "next_step": error.next_step, **error.fields}, severity)


def words(template: str, /, **fields: object) -> Finding:
    """Words of ours that stand inside a sentence, such as what a page is instead of a list.

    Their text loses the secrets that are known, as that of errors does.
    """
    told = {name: masked(value) if isinstance(value, str) else value for name, value in fields.items()}
    return Finding("words", {"what": template, **told})


class Worded(Exception):
    """A fault within the tool, `why` in words that a finding can hold."""

    def __init__(self, template: str, /, **fields: object) -> None:
        self.why = words(template, **fields)
        super().__init__(str(self.why))


def text(told: str, severity: Severity = "note") -> Finding:
    """Words that are nobody's template: shown as they stand."""
    return Finding("text", {"text": told}, severity)


def worst(findings: Iterable[Finding]) -> Severity:
    """The gravest severity; "note" where nothing was found."""
    return max((one.severity for one in findings), key=_BY_SEVERITY.index, default="note")


def said(findings: Iterable[Finding], lang: Lang) -> str:
    """All of them in one line, each once."""
    return sentences(dict.fromkeys(one.said(lang) for one in findings), lang)


def whats(findings: Iterable[Finding], lang: Lang) -> str:
    """What happened, each once, without what to do."""
    return sentences(dict.fromkeys(one.what(lang) for one in findings), lang)


def next_steps(findings: Iterable[Finding], lang: Lang) -> str:
    """What to do, each once."""
    return sentences(dict.fromkeys(one.next_step(lang) for one in findings), lang)


def to_json(findings: Sequence[Finding]) -> str:
    """Findings as the store keeps them; "" for none."""
    if not findings:
        return ""
    return json.dumps([as_dict(one) for one in findings], ensure_ascii=False)


def as_dict(finding: Finding) -> dict[str, Any]:
    """A finding as JSON knows it."""
    return {"code": finding.code, "fields": _plain(finding.fields), "severity": finding.severity}


def from_json(stored: str) -> tuple[Finding, ...]:
    """Findings as they were stored; a sentence of an older version is shown as it stands."""
    if not stored:
        return ()
    try:
        return tuple(from_dict(one) for one in json.loads(stored))
    except (ValueError, TypeError, KeyError, AttributeError):
        return (text(stored),)


def from_dict(stored: Mapping[str, Any]) -> Finding:
    """A finding from `as_dict`. Raises KeyError, TypeError or AttributeError if it is none."""
    fields = {name: _value(value) for name, value in stored["fields"].items()}
    return Finding(stored["code"], fields, stored.get("severity", "note"))


def filled(template: str, fields: Mapping[str, Any], lang: Lang) -> str:
    """A template of ours in a language with its fields, findings among them said in it too."""
    values = {name: _spoken(value, lang) for name, value in fields.items()}
    try:
        return tr(template, lang, **values)
    except (KeyError, ValueError, IndexError, TypeError):  # a template of another version
        return template


def _spoken(value: object, lang: Lang) -> object:
    if isinstance(value, Finding):
        return value.said(lang)
    if _are_findings(value):
        return said(value, lang)
    return value


def _are_findings(value: object) -> TypeGuard[tuple[Finding, ...]]:
    return isinstance(value, tuple) and bool(value) and all(isinstance(one, Finding) for one in value)


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _kept(value) for name, value in fields.items()}


def _kept(value: object) -> Any:
    """A field as JSON knows it; times and findings are told apart from text when they come back."""
    if isinstance(value, Finding):
        return {"finding": as_dict(value)}
    if _are_findings(value):
        return {"findings": [as_dict(one) for one in value]}
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _value(stored: Any) -> Any:
    if isinstance(stored, dict) and "finding" in stored:
        return from_dict(stored["finding"])
    if isinstance(stored, dict) and "findings" in stored:
        return tuple(map(from_dict, stored["findings"]))
    if isinstance(stored, dict) and "time" in stored:
        return datetime.fromisoformat(stored["time"])
    return stored
