"""Rows of a report as text and back, for the read file: JSON by the types of the fields."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from trendscout.findings import Finding, as_dict, from_dict
from trendscout.model import Coverage, JobState, Row


def packed(value: Row | Coverage | JobState) -> str:
    """The value as JSON: times in ISO 8601, money as text."""
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def row_of(text: str) -> Row:
    """The row that `packed` wrote."""
    found: Row = _built(Row, json.loads(text))
    return found


def coverage_of(text: str) -> Coverage:
    """The state of a list that `packed` wrote."""
    found: Coverage = _built(Coverage, json.loads(text))
    return found


def job_state_of(text: str) -> JobState:
    """The state of a job that `packed` wrote."""
    found: JobState = _built(JobState, json.loads(text))
    return found


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Finding):
        return as_dict(value)
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value.item()  # NumPy's numbers


@cache
def _kinds(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _built(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if kind is Finding:
        return from_dict(value)
    if is_dataclass(kind):
        kinds = _kinds(kind)  # type: ignore[arg-type]  # a class here, never an instance
        return kind(**{name: _built(kinds[name], part) for name, part in value.items() if name in kinds})  # type: ignore[operator]
    if get_origin(kind) in (Union, types.UnionType):
        return _built(next(one for one in get_args(kind) if one is not type(None)), value)
    if get_origin(kind) is tuple:
        parts = get_args(kind)
        if parts[-1] is Ellipsis:
            return tuple(_built(parts[0], part) for part in value)
        return tuple(_built(one, part) for one, part in zip(parts, value, strict=True))
    if get_origin(kind) is Mapping:
        return {name: _built(get_args(kind)[1], part) for name, part in value.items()}
    if kind is datetime:
        return datetime.fromisoformat(value)
    return Decimal(value) if kind is Decimal else value
