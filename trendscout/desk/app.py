"""Which address is answered by what. Everything here has passed the guard; only `/clip` checks its own key."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import secrets
import urllib.parse
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from functools import cache
from importlib import resources
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from trendscout import findings as findings_
from trendscout.desk import pages
from trendscout.desk.clips import Pairing, clip_route
from trendscout.desk.filters import BOUNDS, asked
from trendscout.desk.guard import MAX_FORM, TOKEN, Keys, read_body
from trendscout.desk.pages import View
from trendscout.desk.words import Word, Words
from trendscout.desk.worker import Worker
from trendscout.errors import StoreError, TrendscoutError, UsageError
from trendscout.files import whole_file
from trendscout.intake.saved import MAX_PAGE
from trendscout.lang import Lang, tr
from trendscout.report import amounts, phrases
from trendscout.report.atom import as_atom
from trendscout.report.bilingual import say
from trendscout.report.clean import guarded, visible
from trendscout.settings.jobfile import load_job
from trendscout.sources.queries import queries_for
from trendscout.steps.publish import changed, last_fault
from trendscout.store.read_file import SORTS, ReadFile, current_file

if TYPE_CHECKING:
    from jinja2 import Environment

MAX_UPLOAD = 6 * MAX_PAGE  # bytes: as much as the readers take of any file
_MAX_WAITING_FILES = 200
_MAX_VIEWS = 50
_TICK_S = 0.5  # between two looks at the progress
_STATIC = {"page.css": "text/css", "desk.css": "text/css", "desk.js": "text/javascript"}
_SORT_NAMES = {
    "score": "the report's order",
    "chance": "Chance",
    "velocity": "Velocity",
    "new": "新 new",
    "odd": "奇 odd",
    "special": "特 special",
    "rank": "Rank",
    "price": "Price in USD",
    "count": "Count",
    "margin": "Margin",
    "since": "First seen",
}
_WORDS = {
    "none": "No mark",
    "merge": "One product: merge",
    "split": "They are not one: split",
    "variants": "They are variants",
    "same": "Yes: one product",
    "a variant": "A variant",
    "another": "Another product",
}
_BOUND_NAMES = {
    "price_min": "Price from, USD",
    "price_max": "Price to, USD",
    "count_min": "Count from",
    "rating_min": "Rating from",
    "chance_min": "Chance from, %",
    "age_max": "Listed within, days",
    "seen_max": "First seen within, days",
}


class Desk:
    """What all requests share: the keys, the newest read file, the words that wait, the worker."""

    def __init__(
        self, folder: Path, keys: Keys, words: Words, worker: Worker, view: View, *, theme: str = ""
    ) -> None:
        self.folder, self.keys, self.words, self.worker = folder, keys, words, worker
        self.view, self.theme = view, theme
        self.pairing = Pairing(folder)
        self._file: ReadFile | None = None
        self._lock = Lock()

    def file(self) -> ReadFile | None:
        """The newest read file, opened once; None while there is none that can be read."""
        path = current_file(self.folder)
        with self._lock:
            if path is not None and (self._file is None or self._file.path != path):
                with suppress(StoreError):
                    self._file = ReadFile(path)
            return self._file

    def warm(self) -> None:
        """Open the newest read file and read the templates, so that the first page is as quick as the next."""
        if file := self.file():
            len(file.choices)
        for name in ("today", "products", "product", "lists", "right"):
            _environment().get_template(f"{name}.html.j2")

    @property
    def views(self) -> list[tuple[str, str]]:
        """(name, address) of the saved views."""
        try:
            found = json.loads((self.folder / "views.json").read_text(encoding="utf-8"))
            return [(str(name), str(query)) for name, query in found]
        except (OSError, ValueError, TypeError):
            return []

    def save_views(self, views: list[tuple[str, str]]) -> None:
        """Keep the saved views."""
        text = json.dumps(views, ensure_ascii=False)
        whole_file(self.folder / "views.json", lambda path: path.write_text(text, encoding="utf-8"))


def application(desk: Desk) -> Starlette:
    """The desk as an ASGI application, below its secret folder and without its guard."""
    pages_ = [
        Route(
            "/", _shown(desk, "today.html.j2", lambda file, _, view: pages.today(file, view, desk.words.judged()))
        ),
        Route("/products", _shown(desk, "products.html.j2", _products(desk))),
        Route("/product/{product}", _product(desk)),
        Route("/product/{product}/curve.csv", _curve_csv(desk)),
        Route("/feed.atom", _feed(desk)),
        Route("/lists", _shown(desk, "lists.html.j2", lambda file, _, view: pages.lists(file, view))),
        Route("/right", _shown(desk, "right.html.j2", lambda file, _, view: pages.record(file, view))),
        Route("/static/{name}", _static),
        Route("/progress", _progress(desk)),
        Route("/say", _say_word(desk), methods=["POST"]),
        Route("/forget", _forget(desk), methods=["POST"]),
        Route("/views", _save_view(desk), methods=["POST"]),
        Route("/collect", _collect(desk), methods=["POST"]),
        Route("/job", _job(desk), methods=["POST"]),
        Route("/inbox", _inbox(desk), methods=["POST"]),
        Route("/unpair", _unpair(desk), methods=["POST"]),
        Route("/clip", clip_route(desk.pairing, desk.worker), methods=["POST"]),
    ]
    return Starlette(
        routes=[Mount(f"/{desk.keys.folder}", routes=pages_)],
        exception_handlers={404: _missing(desk), TrendscoutError: _refused(desk)},
    )


Handler = Callable[[Request], Any]


# --- pages ---------------------------------------------------------------------------------------------------


def _shown(desk: Desk, template: str, context: Callable[[ReadFile, Request, View], Mapping[str, Any]]) -> Handler:
    """A page of the read file, or the one that says what to do while there is none."""

    def answer(request: Request) -> Response:
        file = desk.file()
        view = _view(desk, request)
        if file is None:
            return _page(desk, request, "none.html.j2", {"file": None})
        return _page(desk, request, template, {"file": file, **context(file, request, view)})

    return answer


def _products(desk: Desk) -> Callable[[ReadFile, Request, View], Mapping[str, Any]]:
    def context(file: ReadFile, request: Request, view: View) -> Mapping[str, Any]:
        wanted = asked(request.query_params.multi_items())
        return {
            **pages.products(file, wanted, view),
            "asked": wanted,
            "sorts": [
                (name, tr(label, view.lang), wanted.get("sort") == name) for name, label in _SORT_NAMES.items()
            ],
            "bounds": [(name, tr(_BOUND_NAMES[name], view.lang), wanted.get(name)) for name in BOUNDS],
            "views": desk.views,
        }

    return context


def _product(desk: Desk) -> Handler:
    def answer(request: Request) -> Response:
        file = desk.file()
        if file is None:
            return _page(desk, request, "none.html.j2", {"file": None})
        name = request.path_params["product"]
        fields = pages.product(file, name, _view(desk, request))
        if fields is None and (now_in := file.product_with(name)):
            to = f"/{desk.keys.folder}/product/{urllib.parse.quote(now_in, safe='')}"
            return Response(status_code=303, headers={"location": to})
        if fields is None:
            return _page(desk, request, "missing.html.j2", {"file": file}, status=404)
        waiting = desk.words.of(name)
        return _page(desk, request, "product.html.j2", {"file": file, "waiting": waiting, **fields})

    return answer


def _curve_csv(desk: Desk) -> Handler:
    def answer(request: Request) -> Response:
        file = desk.file()
        name = request.path_params["product"]
        if file is None or not file.listings([name]):
            return _page(desk, request, "missing.html.j2", {"file": file}, status=404)
        text = io.StringIO()
        table = csv.writer(text)
        table.writerow(("list", "time", "presence", "rank", "count", "price"))
        for list_id, *values in pages.points(file, name):
            table.writerow((guarded(visible(list_id)), *("" if value is None else value for value in values)))
        plain = re.sub(r"[^A-Za-z0-9]+", "-", name)[:80]
        return Response(
            "\ufeff" + text.getvalue(),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="curve-{plain}.csv"'},
        )

    return answer


def _feed(desk: Desk) -> Handler:
    """What changed in the top since the day before, as an Atom feed."""

    def answer(request: Request) -> Response:
        file = desk.file()
        if file is None:
            return _page(desk, request, "none.html.j2", {"file": None})
        comparison = changed(file, desk.folder, days=1)
        body = as_atom(
            comparison.report, comparison.changes if comparison.since else None, _view(desk, request).lang
        )
        return Response(body, media_type="application/atom+xml")

    return answer


def _page(
    desk: Desk, request: Request, template: str, context: Mapping[str, Any], *, status: int = 200
) -> Response:
    view = _view(desk, request)
    theme = _choice(request, "theme", ("light", "dark", "auto"), desk.theme)
    waiting = desk.words.waiting()
    kept = _without(request, "lang", "theme")
    file = context.get("file")
    text = (
        _environment()
        .get_template(template)
        .render(
            {
                "root": f"/{desk.keys.folder}",
                "token": desk.keys.token,
                "lang": view.lang,
                "theme": theme if theme in ("light", "dark") else "",
                "t": _with_commands,
                "tr": lambda text, **fields: tr(text, view.lang, **fields),
                "clean": visible,
                "said": lambda findings: visible(findings_.said(findings, view.lang)),
                "date": amounts.minute(file.as_of, view.zone) if file else "",
                "zone": str(view.zone),
                "pending": [_in_words(word) for _, word in waiting],
                "refused": [
                    (_in_words(word), findings_.said(findings_.from_json(word.why), view.lang))
                    for _, word in desk.words.refused()
                ],
                "busy": desk.worker.progress.busy,
                "stuck": desk.worker.progress.fault,
                "fault": last_fault(desk.folder),
                "progress": desk.worker.progress,
                "here": request.url.path,
                "here_query": kept,
                "back": f"{request.url.path}?{kept}" if kept else request.url.path,
                "pairing": f"{request.url.port}.{desk.keys.folder}.{desk.pairing.key}",
                "waiting": (),
                **context,
            }
        )
    )
    answer = Response(text, status, media_type="text/html; charset=utf-8")
    for name, allowed in (("lang", ("en", "zh")), ("theme", ("light", "dark", "auto"))):
        chosen = request.query_params.get(name)
        if chosen is not None and chosen in allowed:
            answer.set_cookie(
                name, chosen, max_age=31_536_000, path=f"/{desk.keys.folder}", httponly=True, samesite="strict"
            )
    return answer


def _view(desk: Desk, request: Request) -> View:
    lang: Lang = "zh" if _choice(request, "lang", ("en", "zh"), desk.view.lang) == "zh" else "en"
    return View(lang, desk.view.zone, desk.view.images)


def _choice(request: Request, name: str, allowed: tuple[str, ...], usual: str) -> str:
    for found in (request.query_params.get(name), request.cookies.get(name)):
        if found in allowed:
            return str(found)
    return usual


def _without(request: Request, *names: str) -> str:
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in names]
    return urllib.parse.urlencode(kept)


def _with_commands(text: str, **fields: object) -> Markup:
    """A sentence in both languages, what stands in it between backticks as commands."""
    return Markup(_COMMAND.sub(r"<code>\1</code>", str(say(text, **fields))))  # noqa: S704 - it is escaped already


_COMMAND = re.compile(r"`([^`<>]{1,200})`")


def _in_words(word: Word) -> Any:
    told = _WORDS.get(word.word, word.word)
    return say("{product}: {word}", product=visible(word.title or word.product), word=say(told))


def _why(word: Word, lang: Lang) -> str:
    return findings_.said(findings_.from_json(word.why), lang)


def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _STATIC:
        return PlainTextResponse("", 404)
    package = "trendscout.report" if name == "page.css" else "trendscout.desk"
    text = (resources.files(package) / "web" / name).read_bytes()
    return Response(text, media_type=_STATIC[name], headers={"cache-control": "private, max-age=600"})


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("trendscout.desk", "web")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _missing(desk: Desk) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, _: Exception) -> Response:
        return _page(desk, request, "missing.html.j2", {"file": desk.file()}, status=404)

    return answer


def _refused(desk: Desk) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        if not isinstance(error, TrendscoutError):
            raise error
        lang = _view(desk, request).lang
        why = visible(findings_.of_error(error).said(lang))
        if request.headers.get("x-desk-token"):
            return JSONResponse({"why": why}, 400)
        return _page(desk, request, "refused.html.j2", {"file": desk.file(), "why": why}, status=400)

    return answer


# --- actions -------------------------------------------------------------------------------------------------


async def _form(request: Request) -> dict[str, str]:
    body = await read_body(request.receive, MAX_FORM)
    if body is None:
        raise UsageError("That is more than a form holds.")
    fields = urllib.parse.parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=100)
    return {name: values[-1] for name, values in fields.items() if name != TOKEN}


def _back(desk: Desk, fields: Mapping[str, str]) -> Response:
    """Back to the page of ours from which the action came."""
    to = fields.get("back", "")
    if not re.fullmatch(rf"/{re.escape(desk.keys.folder)}/[^\s\\]*", to) or visible(to) != to:
        to = f"/{desk.keys.folder}/"
    return Response(status_code=303, headers={"location": urllib.parse.quote(to, safe="/?&=%:+-._~")})


def _say_word(desk: Desk) -> Handler:
    async def answer(request: Request) -> Response:
        fields = await _form(request)
        desk.words.say(
            fields.get("word", ""),
            fields.get("product", ""),
            at=desk.worker.clock.now(),
            other=fields.get("other", ""),
            note=fields.get("note", ""),
            title=fields.get("title", ""),
        )
        return _back(desk, fields)

    return answer


def _forget(desk: Desk) -> Handler:
    async def answer(request: Request) -> Response:
        desk.words.forget_refused()
        return _back(desk, await _form(request))

    return answer


def _save_view(desk: Desk) -> Handler:
    async def answer(request: Request) -> Response:
        fields = await _form(request)
        name = visible(fields.get("name", "").strip())[:80]
        query = asked(urllib.parse.parse_qsl(fields.get("query", "").lstrip("?"))).query()
        views = [one for one in desk.views if one[0] != name]
        if name and "remove" not in fields:
            if len(views) >= _MAX_VIEWS:
                raise UsageError(
                    "{n} views are saved already.", next_step="Forget one of them first.", n=len(views)
                )
            views = [*views, (name, query)]
        desk.save_views(views)
        return _back(desk, fields)

    return answer


def _collect(desk: Desk) -> Handler:
    async def answer(request: Request) -> Response:
        fields = await _form(request)
        names = [name for name in fields.get("source", "").split() if name]
        markets = fields.get("market", "").split() or None
        desk.worker.collect(queries_for(desk.worker.settings, names, markets=markets))
        return _back(desk, fields)

    return answer


def _job(desk: Desk) -> Handler:
    async def answer(request: Request) -> Response:
        fields = await _form(request)
        folder = desk.worker.settings.home / "jobs"
        files = {file.stem: file for file in folder.glob("*.toml")}
        if fields.get("job") not in files:
            raise UsageError("There is no such job.", next_step="Jobs are the files in jobs/.")
        desk.worker.run_job(load_job(files[fields["job"]], desk.worker.settings))
        return _back(desk, fields)

    return answer


def _unpair(desk: Desk) -> Handler:
    async def answer(request: Request) -> Response:
        fields = await _form(request)
        desk.pairing.renew()
        return _back(desk, fields)

    return answer


def _inbox(desk: Desk) -> Handler:
    """Take one file: its bytes are the body, its name a parameter. The guarded readers judge it later."""

    async def answer(request: Request) -> Response:
        name = safe_name(request.query_params.get("name", ""))
        folder = desk.worker.inbox / secrets.token_hex(8)
        if desk.worker.inbox.is_dir() and len(list(desk.worker.inbox.iterdir())) >= _MAX_WAITING_FILES:
            raise UsageError("Too much waits for the store.", next_step="Let the job that holds it end first.")
        await run_in_threadpool(folder.mkdir, parents=True)
        file = folder / name
        try:
            size = await _write_upload(request, file)
        except BaseException:
            with suppress(OSError):
                file.unlink()
                folder.rmdir()
            raise
        desk.worker.take(file)
        return JSONResponse({"taken": name, "bytes": size})

    return answer


async def _write_upload(request: Request, file: Path) -> int:
    """Write the body of a request to a file; its size in bytes.

    Raises UsageError once there is more of it than the readers take.
    """
    size = 0
    with file.open("wb") as kept:
        async for part in request.stream():
            size += len(part)
            if size > MAX_UPLOAD:
                raise UsageError(
                    "{file} has more than {limit} MB.",
                    next_step="Save a smaller part of it.",
                    file=file.name,
                    limit=MAX_UPLOAD >> 20,
                )
            await run_in_threadpool(kept.write, part)
    return size


def safe_name(name: str) -> str:
    """A file's name without a path, short, of plain signs; its ending is kept."""
    last = re.split(r"[\\/]", name)[-1]
    plain = re.sub(r"[^\w.\- ()\[\]]", "_", last).strip(". ")
    stem, dot, ending = plain.rpartition(".")
    return f"{stem[:100]}{dot}{ending[:10]}" if stem else (plain[:100] or "file")


def _progress(desk: Desk) -> Handler:
    """What the worker does, as server-sent events: one whenever it changed."""

    async def events(request: Request) -> AsyncIterator[str]:
        last_sent: tuple[int, str, int] | None = None
        yield "retry: 2000\n\n"
        while not await request.is_disconnected():
            file = current_file(desk.folder)
            state = (desk.worker.progress.version, file.name if file else "", len(desk.words.waiting()))
            if state != last_sent:
                last_sent = state
                yield f"data: {json.dumps(_state(desk, request, state))}\n\n"
            await asyncio.sleep(_TICK_S)

    def answer(request: Request) -> Response:
        return StreamingResponse(events(request), media_type="text/event-stream")

    return answer


def _state(desk: Desk, request: Request, state: tuple[int, str, int]) -> dict[str, Any]:
    lang = _view(desk, request).lang
    progress = desk.worker.progress
    return {
        "file": state[1],
        "pending": state[2],
        "busy": findings_.said(progress.busy, lang),
        "tasks": [
            {
                "name": tr(task.name, lang, **{key: visible(str(value)) for key, value in task.fields.items()}),
                "state": task.state,
                "state_text": tr(task.state, lang),
                "done": task.done,
                "all": task.all,
                "detail": visible(findings_.said(task.findings, lang)),
            }
            for task in list(progress.tasks)[:12]
        ],
        "taken": [
            {
                "name": visible(reply.name),
                "status": reply.status,
                "status_text": tr(reply.status, lang),
                "entries": reply.entries,
                "lists": [phrases.list_name(name, lang) for name in reply.lists],
                "reason": visible(findings_.said(reply.findings, lang)),
            }
            for reply in list(progress.taken)[:30]
        ],
    }


assert set(_SORT_NAMES) == set(SORTS)  # noqa: S101 - both name the same columns
