"""How answers look in a terminal."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from trendscout.cli.output import Call, console, for_programs, visible
from trendscout.errors import UsageError
from trendscout.findings import filled, said
from trendscout.lang import Lang, tr

if TYPE_CHECKING:
    from datetime import date, datetime

    from trendscout.jobs.trial import Trial
    from trendscout.model import JobRun, JobState, Outcome, Report
    from trendscout.report.alerts import Rule
    from trendscout.report.costs import CostBook
    from trendscout.report.push import Message
    from trendscout.settings.jobfile import Job
    from trendscout.steps.alert_trial import AlertTrial
    from trendscout.steps.ledger import LedgerEntry
    from trendscout.steps.watch_words import Watched

_STATE_STYLE = {
    "ok": "green",
    "done": "green",
    "partial": "yellow",
    "late": "yellow",
    "blocked": "red",
    "failed": "red",
    "waiting": "yellow",
    "doubt": "yellow",
    "due": "cyan",
    "aside": "red",
}
_TITLE = 24  # cells of a title where a product has one line
_WIDE = 100  # columns that a reader of a pipe or a file is given


def grid(
    lang: Lang, headings: Sequence[str], rows: Iterable[Sequence[object]], *, state: int | None = None
) -> None:
    """A plain table on stdout; `state` is the column that is coloured by what it says."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(tr(heading, lang), overflow="fold")
    for row in rows:
        cells = [Text(visible("" if cell is None else str(cell))) for cell in row]
        if state is not None:
            cells[state].stylize(_STATE_STYLE.get(cells[state].plain, ""))
            cells[state] = Text(tr(cells[state].plain, lang), style=_STATE_STYLE.get(cells[state].plain, ""))
        table.add_row(*cells)
    console(width=screen_width()).print(table)


def show_report(
    made: Report,
    call: Call,
    form: str,
    out: str | None,
    *,
    machine: bool,
    changes: Any = None,
    piped: bool = False,
    pictures: Mapping[str, bytes] | None = None,
) -> None:
    """The report in the terminal, in files whose paths are told, or on standard output."""
    from trendscout.cli.pipes import pipe_of
    from trendscout.report import drop, paths, table

    named = Path(out).suffix.lower().removeprefix(".") if out else ""
    if named in drop.FORMATS and form not in ("table", named):
        raise UsageError(
            "{file} is named as {named}, and --format says {form}.",
            next_step="Give one of the two, or put {{ext}} into the name.",
            file=out,
            named=named,
            form=form,
        )
    pipe = pipe_of(out, to_stdout=piped and not out)
    if form != "table" and pipe:
        with pipe as opened:
            opened.write(
                drop.one_file(
                    made, cast("Any", form), lang=call.lang, machine=machine, zone=_zone(call), changes=changes
                )
            )
            opened.flush()
        return
    if form == "json" and not out:
        for_programs(drop.as_json(drop.document(made), readable=sys.stdout.isatty()))
        return
    if form == "table":
        if out:
            raise UsageError(
                "A table goes to the screen.", next_step="Choose --format csv, xlsx, json, html or atom."
            )
        screen = console(width=screen_width())
        screen.print(table.render(made, lang=call.lang, width=screen.width, zone=_zone(call), changes=changes))
        return
    folder, pattern = paths.split(out or f"{call.settings.drop_folder}/{{date}}/report.{{ext}}")
    written = drop.write(
        made,
        pattern,
        formats=[cast("Any", form)],
        lang=call.lang,
        folder=folder,
        machine=machine,
        zone=_zone(call),
        changes=changes,
        pictures=pictures,
    )
    for path in written:
        print(path)


def show_ranked(made: Report, call: Call) -> None:
    """The scores, one line a product; notes on stderr, so that they are no line of the table."""
    from trendscout.report import codes, lines, phrases
    from trendscout.report.digest import short

    ids = lines.short_ids(made.rows)
    grid(
        call.lang,
        ("#", "id", "Product", "Chance", "Vel", "新", "奇", "特", "Rank", "List"),
        [
            (
                row.position,
                ids[row.product_id],
                short(phrases.title(row, call.lang), _TITLE),
                codes.chance(row),
                *(phrases.axis(axis.value) for axis in row.axes.values()),
                row.scored.rank,
                phrases.list_name(row.scored.list_id, call.lang),
            )
            for row in made.rows
        ],
    )
    for note in made.notes:
        call.say("! {note}", note=note.said(call.lang))


def _zone(call: Call) -> Any:
    from datetime import UTC
    from zoneinfo import ZoneInfo

    return ZoneInfo(call.settings.timezone) if call.settings.timezone else UTC


def screen_width() -> int:
    """The terminal's columns; for a pipe or a file COLUMNS, else a width that most screens have."""
    return shutil.get_terminal_size((_WIDE, 24)).columns


def show_outcomes(outcomes: Sequence[Outcome], call: Call) -> None:
    """How each list of a crawl went, and what that means where none was reached."""
    from trendscout.steps.collect import lost

    lang = call.lang
    grid(
        lang,
        ("source", "market", "category", "state", "entries", "why"),
        [
            (
                outcome.query.source,
                outcome.query.market,
                outcome.query.category,
                outcome.status,
                outcome.entries,
                said(outcome.findings, lang),
            )
            for outcome in outcomes
        ],
        state=3,
    )
    for finding in lost(outcomes):
        if finding.code == "no_network":
            call.say("! {finding}", finding=finding.said(lang))


def show_undelivered(by_channel: Mapping[str, Sequence[Message]], call: Call) -> None:
    """The messages that did not arrive, and why."""
    grid(
        call.lang,
        ("message", "state", "since", "why"),
        [
            (one.key, one.state, one.since[:16], said(one.why, call.lang))
            for messages in by_channel.values()
            for one in messages
        ],
        state=1,
    )


def show_taken(taken: Sequence[Any], lang: Lang) -> None:
    """What was taken in, what was left, and why."""
    grid(
        lang,
        ("file", "id", "list", "state", "entries", "why"),
        [
            (page.name, page.file_id, _lists(page, lang), page.status, page.entries, said(page.findings, lang))
            for page in taken
        ],
        state=3,
    )


def show_brought(files: Sequence[Any], lang: Lang) -> None:
    """The files that the user brought, with the id by which each can be taken back."""
    grid(
        lang,
        ("id", "file", "brought", "looks"),
        [(file_id, name, f"{at:{_MINUTE}}", looks) for file_id, name, at, looks in files],
    )


def show_inbox(files: Sequence[Any], lang: Lang) -> None:
    """What became of each file of the inbox."""
    from trendscout.steps.inbox import said_of

    grid(
        lang,
        ("file", "state", "list", "entries", "why", "moved to"),
        [
            (
                file.name,
                file.state,
                ", ".join(file.lists[:3]) + (", …" if len(file.lists) > 3 else ""),
                sum(result.entries for result in file.pages)
                + (file.table.loaded.observations if file.table else 0),
                said((*file.findings, *(finding for page in file.pages for finding in page.findings)), lang),
                file.moved_to,
            )
            for file in files
        ],
        state=1,
    )
    for sentence in said_of(files, lang):
        console(stderr=True).print(sentence)


def show_parsed(looks: Sequence[Any], snapshots: Sequence[Any], rest: Sequence[Any], call: Call) -> None:
    """Which lists a file would become, at which time, and what is odd about it or left."""
    for snapshot in snapshots:
        ranks = [entry.rank for entry in snapshot.counted if entry.rank is not None]
        call.say(
            "{list}, {time}: {count} entries, places {first} to {last}."
            if ranks
            else "{list}, {time}: {count} entries.",
            list=snapshot.list_id,
            time=f"{snapshot.taken_at:%Y-%m-%d %H:%M:%S} UTC",
            count=len(snapshot.counted),
            first=min(ranks, default=0),
            last=max(ranks, default=0),
        )
        if snapshot.findings:
            call.say("{finding}", finding=said(snapshot.findings, call.lang))
    for page in (page for look in looks for page in look.shown):
        for finding in (*page.reading.findings, *page.found.findings):
            call.say("{finding}", finding=finding.said(call.lang))
    for page in rest if snapshots else ():
        call.say("{file}: {why}", file=page.file, why=said(page.findings, call.lang))


def _lists(one: Any, lang: Lang) -> str:
    """The lists that a file became: the first, and how many more; its source where it became none."""
    if len(one.lists) < 2:
        return "".join(one.lists) or str(one.source)
    return tr("{list} and {more} more", lang, list=one.lists[0], more=len(one.lists) - 1)


def show_sources(entries: Sequence[Any], lang: Lang, *, full: bool) -> None:
    """The policy ledger: one line a source and what is left out of all, or one source in full."""
    from trendscout.steps.ledger import LEFT_OUT

    if full:
        _show_source(entries[0], lang)
        return
    grid(
        lang,
        ("source", "what", "markets", "way in", "default", "last look"),
        [
            (
                entry.name,
                tr(entry.title, lang),
                " ".join(entry.markets[:6]) + (" …" if len(entry.markets) > 6 else ""),
                ", ".join(tr(way, lang) for way in entry.way_in),
                tr("on" if entry.default_on else "off", lang),
                tr(entry.last_status or "never", lang),
            )
            for entry in entries
        ],
    )
    console().print(_ways({way for one in entries for way in one.way_in}, lang))
    console().print(tr(LEFT_OUT, lang))


_MINUTE = "%Y-%m-%d %H:%M UTC"
_WAYS = {
    "live": "live: asked over the network, where robots.txt allows it",
    "own": "own: pages, HAR or JSON that you save and `trendscout ingest`",
    "key": "key: the official interface, by a key of yours",
}


def _ways(used: Container[str], lang: Lang) -> str:
    return "\n".join(tr(words, lang) for way, words in _WAYS.items() if way in used)


def _show_source(entry: LedgerEntry, lang: Lang) -> None:
    """What is known of one source, as far as it is known, and how to begin with it."""
    from rich.table import Table
    from rich.text import Text

    from trendscout.report import phrases

    market = f" --market {entry.markets[0]}" if entry.markets else ""
    begin = f"ingest saved.html --source {entry.name}" if entry.way_in == ("own",) else f"collect {entry.name}"
    looks = "{ok} of {looks} looks were complete" if entry.looks_7d else ""
    facts = (
        ("what", tr(entry.title, lang)),
        ("kinds", ", ".join(entry.kinds)),
        ("markets", " ".join(entry.markets)),
        ("categories, such as", ", ".join(filter(None, entry.categories[:12]))),
        ("way in", _ways(entry.way_in, lang)),
        ("default", tr("on" if entry.default_on else "off", lang)),
        ("why", tr(entry.why, lang)),
        ("terms", entry.terms),
        ("key in", entry.key_env),
        ("pause", tr("{s:g} s between two requests to one host", lang, s=entry.spacing_s)),
        ("hosts", " ".join(entry.hosts)),
        ("robots.txt", entry.robots and f"{tr(entry.robots, lang)} · {entry.robots_at:{_MINUTE}}"),
        (
            "last look",
            entry.last_status and f"{phrases.status(entry.last_status, lang)} · {entry.last_look:{_MINUTE}}",
        ),
        ("7 days", looks and tr(looks, lang, ok=entry.ok_7d, looks=entry.looks_7d)),
        ("filled", "" if entry.coverage is None else f"{entry.coverage:.0%}"),
        ("try", f"trendscout {begin}{market}"),
    )
    card = Table.grid(padding=(0, 2))
    for name, value in facts:
        if value:
            card.add_row(Text(tr(name, lang), style="bold"), Text(visible(value), overflow="fold"))
    console(width=screen_width()).print(card)


def show_diagnoses(diagnoses: Sequence[Any], lang: Lang) -> None:
    """What `doctor` found."""
    for one in diagnoses:
        mark = {"ok": "✓", "warn": "!", "bad": "✗"}[one.level]
        line = filled(one.what, one.fields, lang)
        step = filled(one.next_step, one.fields, lang) if one.next_step else ""
        console().print(visible(f"{mark} {line}" + (f"\n  → {step}" if step else "")))


def show_costs(book: CostBook, file: Path, day: date, call: Call) -> None:
    """Goods counted, and every rule with whether it is in force."""
    counted = {"goods": len(book.goods), "rules": len(book.rules)}
    console().print(visible(tr("{file}: {goods} goods, {rules} rules.", call.lang, file=file, **counted)))
    for rule in book.rules:
        state = "in force" if rule.holds(day) else "ended" if rule.valid_until < day else "not begun"
        where = " ".join(filter(None, (rule.market, rule.platform, rule.category)))
        line = f"{tr(rule.part, call.lang)} · {where} · {rule.valid_from} → {rule.valid_until} · {rule.source}"
        console().print(visible(f"{'✓' if rule.holds(day) else '!'} {tr(state, call.lang)} · {line}"))


def show_alerts(rules: Sequence[Rule], call: Call) -> None:
    """Every alert with its conditions, whom it is about and its rest."""
    from trendscout.report.packs import say

    for rule in rules:
        lines = ", ".join(say(line.code, call.lang) for line in rule.lines)
        about = ", ".join(sorted(rule.products or (tr(mark, call.lang) for mark in rule.marks))) or tr(
            "all", call.lang
        )
        rest = tr("rest {n:g} days", call.lang, n=rule.rest.total_seconds() / 86_400)
        console().print(visible(f"{rule.name}: {lines} · {about} · {rest}"))
    if not rules:
        call.say("No alert is set.")


def show_alert_trial(tried: AlertTrial, call: Call) -> None:
    """How often it would have called, and for what."""
    head = tr(
        "{alert} would have called {count} times on {mornings} mornings.",
        call.lang,
        alert=tried.alert,
        count=len(tried.calls),
        mornings=tried.mornings,
    )
    console().print(visible(head))
    for alarm in tried.calls:
        console().print(visible(f"{alarm.at:%Y-%m-%d}  {alarm.product_id}  {alarm.title}"))


def show_words(watched: Watched, call: Call) -> None:
    """The goods that lists of words meet, each with its first sighting."""
    counted = {"lists": len(watched.lists), "goods": len(watched.met)}
    console().print(visible(tr("{lists} lists of words meet {goods} goods.", call.lang, **counted)))
    for one in watched.met:
        console().print(visible(f"{one.first_seen:%Y-%m-%d}  {', '.join(one.lists)}  {one.title}"))


def show_why(found: Any, lang: Lang) -> None:
    """A product's history, evidence and listings."""
    from trendscout.report import why

    console(width=screen_width()).print(why.render(found, lang=lang, width=screen_width()))


def show_backtest(judged: dict[str, Any], lang: Lang) -> None:
    """The ranking beside the simple rules, one table a group of lists."""
    for group in judged["groups"]:
        rules = group["rules"]
        head = tr(
            "{group}: {label} within {hours:g} h; {queries} mornings, {hits} of {trials} candidates broke out",
            lang,
            group=group["group"],
            label=tr(rules["label"], lang),
            hours=rules["horizon_h"],
            **{name: group[name] for name in ("queries", "hits", "trials")},
        )
        console(width=screen_width()).print(visible(head))
        if group["shown"]:
            console(width=screen_width()).print(_of_the_shown(group["shown"], lang))
        _show_targets(group["targets"], lang)
        _show_first_days(group["first_days"], lang)
        named = {tr("this ranking", lang): group["ranker"], **group["baselines"]}
        grid(
            lang,
            ("rule", "P@10", "P@20", "AP", "lead (h)"),
            [
                (tr(name, lang), *(_figure(values.get(key)) for key in ("p10", "p20", "ap", "lead_h")))
                for name, values in named.items()
            ],
        )
        figures = {name: _figure(group[name]) for name in ("base", "oracle10", "ratio", "ece", "brier")}
        text = tr(
            "base rate {base}; best possible P@10 {oracle10}; AP over best rule {ratio}; ECE {ece}; Brier {brier}",
            lang,
            **figures,
        )
        console(width=screen_width()).print(text)


def show_run(done: Any, call: Call) -> None:
    """How a job went and what it left."""
    for path in done.paths:
        print(path)
    detail = said(done.detail, call.lang)
    call.say("{job}: {state}. {detail}", job=done.job, state=tr(done.state, call.lang), detail=detail)


def show_jobs(jobs: Sequence[Job], states: Sequence[JobState], call: Call) -> None:
    """Every job: its times, how it last went, and when it runs next, in its own zone."""
    grid(
        call.lang,
        ("job", "times", "does", "last run", "state", "next", "why"),
        [
            (
                job.name,
                f"{job.due.cron}  {job.due.zone.key}",
                _does(job, call.lang),
                _minute(state.last_run, job),
                state.state or ("not run yet" if job.report is not None else "–"),
                _minute(state.due, job),
                _why_and_good(state, job, call.lang),
            )
            for job, state in zip(jobs, states, strict=True)
        ],
        state=4,
    )
    call.say("`trendscout jobs runs JOB` shows what a job did, `jobs try JOB` what it would do now.")


def _why_and_good(state: JobState, job: Job, lang: Lang) -> str:
    """Why a job's last run went wrong, and when it last went well."""
    good = state.last_success != state.last_run and state.last_success
    return " ".join(
        [said(state.why, lang)] + ([tr("Last success {time}.", lang, time=_minute(good, job))] if good else [])
    ).strip()


def _does(job: Job, lang: Lang) -> str:
    """The parts of a job, in words."""
    parts = ("collects", job.collect is not None), ("reports", job.report is not None)
    told = [tr(word, lang) for word, does in parts if does]
    return ", ".join([*told, *(f"→ {channel}" for channel in job.channels)])


def _minute(moment: datetime | None, job: Job) -> str:
    return f"{moment.astimezone(job.due.zone):%Y-%m-%d %H:%M}" if moment else "–"


def show_runs(job: Job, past: Sequence[JobRun], coming: Sequence[datetime], call: Call) -> None:
    """What a job did, the latest first, below its next times."""
    rows: list[tuple[object, ...]] = [
        (f"{job.due.local_date(moment)}", _minute(moment, job), "", "due", "") for moment in reversed(coming)
    ]
    rows += [
        (
            run.local_date,
            _minute(run.started_at, job),
            _minute(run.finished_at, job),
            run.state,
            said(run.why, call.lang) or ", ".join(run.paths),
        )
        for run in past
    ]
    grid(call.lang, ("date", "begun", "ended", "state", "why, or the files"), rows, state=3)
    if job.report is None:
        call.say(
            "{job} makes no report, so no run of it is kept; `trendscout sources` shows its looks.", job=job.name
        )
    elif not past:
        call.say("{job} has not run on this store yet.", job=job.name)


def show_trial(tried: Trial, call: Call) -> None:
    """What a job would do: its files on stdout, the rest in words."""
    for path in tried.paths:
        print(path)
    sources: dict[str, int] = {}
    for query in tried.queries:
        sources[query.source] = sources.get(query.source, 0) + 1
    call.say(
        "{job} would ask {count} lists ({sources}); it is due next at {time:%Y-%m-%d %H:%M %Z}.",
        job=tried.job,
        count=len(tried.queries),
        sources=", ".join(f"{name} {count}" for name, count in sources.items()) or "–",
        time=tried.due,
    )
    for fault in tried.faults:
        call.say("! {finding}", finding=fault.said(call.lang))
    for message in tried.messages:
        call.say("To {channel}: {title}", channel=message.channel, title=message.digest.title)
        for item in message.digest.items:
            call.say("  {line}", line=" · ".join((item.head, *item.lines[:1])))
        for fault in message.faults:
            call.say("! {finding}", finding=fault.said(call.lang))
    call.say("Nothing was asked or sent, and today's report is still to be made: `trendscout run` makes it.")


def show_demo(result: Any, call: Call) -> None:
    """The demo's last report, what the planted truth says of all of them, and where things are."""
    show_report(result.report, call, "table", None, machine=False)
    for sentence in result.sentences(call.lang):
        print(sentence)
    for path in (*result.files, result.store, result.archive):
        print(path)
    if verdict := result.verdict(call.lang):
        print(verdict)
    print(tr("Go on with the demo's store:", call.lang))
    store, now = shlex.quote(str(result.store)), f"{result.report.as_of:%Y-%m-%dT%H:%MZ}"
    markets = {one.market for one in result.report.coverage if one.market}
    market = "US" if "US" in markets else min(markets)
    for rest in (f"report --market {market}", "why 1", "mark 1 watch"):
        as_of = "" if rest.startswith("mark") else f" --as-of {now}"
        print(f"  trendscout --db {store} {rest}{as_of}")


def show_record(record: dict[str, Any], call: Call) -> None:
    """What was said and what came, by list, by chance and by week."""
    if not any(record.values()):
        call.say("Nothing that was shown is due yet. Ask again when a horizon has passed, or try --replay 30.")
        return
    for way, groups in record.items():
        grid(
            call.lang,
            (way, "rows known", "said", "came", "not looked", "replayed"),
            [
                (
                    visible(group["name"]),
                    str(group["rows"]),
                    f"{100 * group['said']:.1f} %",
                    f"{100 * group['came']:.1f} %",
                    str(group["not_looked"]),
                    str(group["replayed"]),
                )
                for group in groups
            ],
        )


_TARGETS = {  # what is asked, in words; the figure reached; what it should be
    "said less came": ("what was said less what came, a row (95 %)", "{0:+.3f} … {1:+.3f}", "meets ±{asked:.2f}"),
    "came over SigniTrend": (
        "rows named that broke out, beside SigniTrend's",
        "{0:.2f} ×",
        "{asked:.2f} ×",
    ),
    "ranges hold": ("stated ranges that hold what came", "{0:.0%}", "{asked:.0%}"),
    "ranges wide": ("how wide they are beside what is due", "{0:.2f} ×", "at most {asked:.2f} ×"),
    "fallen": ("rows that fell since the day before", "{0:.1%}", "at most {asked:.1%}"),
    "order": ("the whole order beside the best simple rule's (AP)", "{0:.2f} ×", "{asked:.2f} ×"),
    "few": ("few breakouts: the whole order beside SigniTrend's (AP)", "{0:.2f} ×", "{asked:.2f} ×"),
    "ece": ("how far all chances are off (ECE, places below 10)", "{0:.3f}", "at most {asked:.3f}"),
    "first days": ("the first 14 days: the order beside SigniTrend's (AP)", "{0:.2f} ×", "{asked:.2f} ×"),
}


def _show_targets(targets: Sequence[dict[str, Any]], lang: Lang) -> None:
    """What is asked of a ranking, and whether it was reached here."""
    rows = []
    for target in targets:
        name, reached, asked = _TARGETS[target["figure"]]
        rows.append(
            (
                tr(name, lang),
                reached.format(*target["reached"]) if target["reached"] else "–",
                tr(asked, lang, asked=target["asked"]),
                {True: "✓", False: "✗", None: "–"}[target["held"]],
            )
        )
    grid(lang, ("asked of it", "here", "should be", "held"), rows)


def _show_first_days(days: Sequence[dict[str, Any]], lang: Lang) -> None:
    """The first days of the store, one line each; nothing where none of them can be judged."""
    if not any(day["moments"] for day in days):
        return
    said = tr(
        "The first {days} days of a new store, a line each (–: too little was looked at before or after):",
        lang,
        days=len(days),
    )
    console(width=screen_width()).print(said)
    rows = [
        (
            day["day"],
            *(
                (f"{day[name]:.1f}" if day["moments"] else "–")
                for name in ("named", "with_chance", "came", "plain", "luck")
            ),
            _figure(day["ap"]),
            _figure(day["plain_ap"]),
        )
        for day in days
    ]
    grid(
        lang,
        ("a day", "named", "with a chance", "broke out", "SigniTrend", "by luck", "AP", "SigniTrend's AP"),
        rows,
    )


def _of_the_shown(shown: dict[str, Any], lang: Lang) -> str:
    """What a seller would have had of the rows shown each time, in plain words."""
    text = tr(
        "Of the {named:.0f} that it named each time {came:.1f} broke out; of the best simple rule's ({rule}) "
        "{best:.1f}; by luck {luck:.1f}.",
        lang,
        rule=tr(shown["best_rule"], lang),
        best=shown["rules"][shown["best_rule"]],
        **{name: shown[name] for name in ("named", "came", "luck")},
    )
    if shown["said"] is None:
        return text + " " + tr("None of them had a chance: nothing was known to give one by.", lang)
    return (
        text
        + " "
        + tr(
            "{count:.1f} of them had a chance: it had said {said:.1f} of these, {came:.1f} came.",
            lang,
            count=shown["with_chance"],
            said=shown["said"],
            came=shown["came_of_said"],
        )
    )


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
