"""Where a drop goes: patterns that stay inside their folder, and files that are whole or not there."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from string import Formatter

from trendscout.errors import UsageError
from trendscout.files import keep_names

SUCCESS = "_SUCCESS"
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def split(out: str) -> tuple[Path, str]:
    """What the user typed as `--out`, as (fixed folder, pattern inside it)."""
    parts = re.split(r"[\\/]" if os.name == "nt" else "/", out)
    fixed = next((at for at, part in enumerate(parts[:-1]) if "{" in part), len(parts) - 1)
    return Path("/".join(parts[:fixed]) or ("/" if out.startswith("/") else ".")), "/".join(parts[fixed:])


def target(pattern: str, folder: Path, fields: Mapping[str, str]) -> Path:
    """The file that `pattern` names inside `folder`; only `{field}` is replaced, nothing is evaluated.

    Raises UsageError for an unknown field, an absolute path, `..`, or a link that leads out of the folder.
    """
    path = folder.joinpath(*_parts(_filled(pattern, fields), pattern))
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UsageError(
            "The output {pattern!r} leads out of {folder}.",
            next_step="Use a path inside that folder.",
            pattern=pattern,
            folder=str(folder),
        )
    return path


def commit(files: Mapping[Path, bytes], *, marker: Path | None) -> tuple[Path, ...]:
    """The files, written whole: each under a temporary name, flushed, then renamed; `marker` comes last.

    The marker lists every file with size and SHA-256. While files are being replaced there is no marker, so who
    waits for it never reads a mixture. Raises UsageError if a file cannot be written; what was there before stays.
    """
    whole = {**files, marker: _manifest(files, marker.parent)} if marker else files
    waiting: dict[Path, Path] = {}
    try:
        for path, data in whole.items():
            waiting[path] = _write_aside(path, data)
        if marker is not None:
            marker.unlink(missing_ok=True)
        for path, temporary in waiting.items():
            if path == marker:
                _keep_names_of(files)
            os.replace(temporary, path)  # noqa: PTH105 - tests break this one call
        _keep_names_of(whole)
    except OSError as error:
        raise UsageError(
            "The drop {path} cannot be written: {reason}.",
            next_step="Close it in other programs, or look at the folder's rights and free space; then run again.",
            path=str(error.filename2 or error.filename or ", ".join(map(str, files))),
            reason=error.strerror or type(error).__name__,
        ) from error
    finally:
        for temporary in waiting.values():
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
    return tuple(files)


def _keep_names_of(files: Iterable[Path]) -> None:
    """Have the disk know where these files are."""
    for folder in {path.parent for path in files}:
        keep_names(folder)


def copy_latest(files: Sequence[Path], folder: Path, name: str) -> None:
    """The same files once more in `folder`/latest/`name`, whole as any drop: where who comes daily always looks.

    Raises UsageError if they cannot be written.
    """
    place = folder.joinpath("latest", *_parts(_safe(name), name))
    commit({place / file.name: file.read_bytes() for file in files}, marker=place / SUCCESS)


def finished(marker: Path) -> tuple[Path, ...]:
    """The files of a finished drop, if its marker is there and every file is as the marker says; else none."""
    try:
        listed = json.loads(marker.read_text(encoding="utf-8"))["files"]
        for file in listed:
            data = (marker.parent / file["path"]).read_bytes()
            if hashlib.sha256(data).hexdigest() != file["sha256"]:
                return ()
        return tuple(marker.parent / file["path"] for file in listed)
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _filled(pattern: str, fields: Mapping[str, str]) -> str:
    filled = []
    try:
        pieces = list(Formatter().parse(pattern))
    except ValueError:
        pieces = [("", "", "", None)]
    for text, name, spec, conversion in pieces:
        filled.append(text)
        if name is None:
            continue
        if name not in fields or spec or conversion:
            raise UsageError(
                "The output pattern {pattern!r} is not understood.",
                next_step="It may hold {known}, nothing else in braces.",
                pattern=pattern,
                known=", ".join(f"{{{known}}}" for known in fields),
            )
        filled.append(_safe(fields[name]))
    return "".join(filled)


def _safe(text: str) -> str:
    """`text` as a part of a file name: letters, digits, `.`, `_` and `-` only."""
    return re.sub(r"[^\w.\-]+", "-", text).strip(".- ")[:80] or "-"


def _parts(path: str, pattern: str) -> tuple[str, ...]:
    slashed = path.replace("\\", "/")
    parts = PurePosixPath(slashed).parts
    odd = (
        not parts
        or slashed.startswith("/")
        or any(
            part == ".." or ":" in part or "\0" in part or part.endswith((" ", ".")) or _RESERVED.fullmatch(part)
            for part in parts
        )
    )
    if odd:
        raise UsageError(
            "The output pattern {pattern!r} is no path inside the drop folder.",
            next_step="Write it like drops/{{date}}/{{name}}.csv, without a drive, a leading slash or `..`.",
            pattern=pattern,
        )
    return parts


def _write_aside(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    return temporary


def _manifest(files: Mapping[Path, bytes], folder: Path) -> bytes:
    listed = [
        {
            "path": path.relative_to(folder).as_posix(),
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        for path, data in files.items()
    ]
    return json.dumps({"files": listed}, indent=1).encode() + b"\n"
