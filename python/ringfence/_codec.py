"""Between the classes of this package and the JSON of the core. Driven by the classes' own annotations, so that a field is written once.

Three directions: `encode` (to JSON), `decode` (from the core's JSON, which is trusted) and `check` (what a caller gave, which is not).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import date, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Union, cast, get_args, get_origin, get_type_hints

U8 = Annotated[int, 8]
U16 = Annotated[int, 16]
U32 = Annotated[int, 32]
"""Whole numbers of so many bits; a plain `int` has 64."""

UTC = timezone.utc
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Record:
    """A frozen dataclass that the core knows. `_tag` is set on the variants of an enum; `_newtype` on those that wrap one value,
    `_is_object` on those that have braces without a field between them."""

    __slots__ = ()
    _tag: ClassVar[str | None] = None
    _newtype: ClassVar[bool] = False
    _is_object: ClassVar[bool] = False
    _has_sequence: ClassVar[bool] = False
    _order: ClassVar[tuple[str, ...]] = ()

    def to_json(self) -> str:
        """Its canonical JSON, byte for byte as the core writes it."""
        return dumps(encode(self))

    @classmethod
    def _decoded(cls, fields: dict[str, Any]) -> Any:
        """Makes one of what the core gave."""
        return cls(**fields)


class Checked(Record):
    """A record that callers make: its fields are checked and put into their proper types when it is made."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for name, hint in hints(type(self)).items():
            object.__setattr__(self, name, check(hint, getattr(self, name), name.rstrip("_")))


class Scalar:
    """A value that stands in JSON as one string."""

    __slots__ = ()

    @classmethod
    def _from_wire(cls, text: str) -> Any:
        """Reads it. Raises `ValueError` with what is wrong."""
        raise NotImplementedError

    def _to_wire(self) -> str:
        """Writes it."""
        raise NotImplementedError


def hints(cls: type[Any]) -> dict[str, Any]:
    """The fields of a record with their types, in the order of the core."""
    return _hints(cast(Any, cls))


@cache
def _hints(cls: type[Any]) -> dict[str, Any]:
    found = get_type_hints(cls, include_extras=True)
    return {name: found[name] for name in cls._order or [field.name for field in fields(cls)]}


# Instants.


def micros_of(value: object, name: str) -> int:
    """Microseconds since 1970 of an aware datetime; anything else is refused with what to do."""
    if not isinstance(value, datetime):
        raise TypeError(
            f"{name}: expected an aware datetime, got {_describe(value)}; for example "
            'datetime.fromisoformat("2026-11-21T18:00:00+08:00") or datetime.now(timezone.utc)'
        )
    if value.tzinfo is None or value.utcoffset() is None:
        raise ValueError(
            f"{name}: {value} is a naive datetime and names no instant; say where its clock hangs, for example "
            f'{name.split(".")[-1].split("[")[0] or "it"}.replace(tzinfo=ZoneInfo("Asia/Shanghai"))'
        )
    return (value - EPOCH) // _MICROSECOND


def instant(micros: int, zone: tzinfo = UTC) -> datetime:
    """The instant so many microseconds after 1970, on the clock of `zone`."""
    return in_zone(EPOCH + timedelta(microseconds=micros), zone)


def in_zone(value: datetime, zone: tzinfo) -> datetime:
    """The same instant on the clock of `zone`; in UTC where that clock runs out of years."""
    try:
        return value.astimezone(zone)
    except OverflowError:
        return value.astimezone(UTC)


def instant_text(value: datetime) -> str:
    """RFC 3339 in UTC, as the core writes it: with six digits below the second, or none."""
    utc = EPOCH + timedelta(microseconds=micros_of(value, "at"))
    return utc.replace(tzinfo=None).isoformat() + "Z"


def shown_in(value: Any, zone: tzinfo) -> Any:
    """`value` with every instant in it on the clock of `zone`."""
    if isinstance(value, datetime):
        return in_zone(value, zone)
    if isinstance(value, tuple):
        return tuple(shown_in(item, zone) for item in value)
    if isinstance(value, Record) and is_dataclass(value):
        return replace(value, **{name: shown_in(getattr(value, name), zone) for name in hints(type(value))})
    return value


# To JSON.


def encode(value: Any) -> Any:
    """`value` as the core's JSON has it."""
    match value:
        case StrEnum():
            return value.value
        case None | bool() | int() | str():
            return value
        case datetime():
            return instant_text(value)
        case date():
            return value.isoformat()
        case Scalar():
            return value._to_wire()
        case Record():
            return _encode_record(value)
        case Mapping():
            return {str(key): encode(item) for key, item in value.items()}
        case Iterable():
            return [encode(item) for item in value]
        case _:
            raise TypeError(f"{_describe(value)} has no JSON form here")


def _encode_record(value: Record) -> Any:
    names = [name for name in hints(type(value)) if not (value._has_sequence and name == "sequence")]
    if value._newtype:
        body = encode(getattr(value, names[0]))
    else:
        pairs = ((name.rstrip("_"), getattr(value, name)) for name in names)
        body = {name: encode(item) for name, item in pairs if item is not None}
    if value._tag is None:
        return body
    tagged = {value._tag: body}
    if value._has_sequence:
        return {"sequence": getattr(value, "sequence"), **tagged}  # noqa: B009
    return tagged if names or value._is_object else value._tag


def dumps(value: Any) -> str:
    """Compact JSON, byte for byte as the core writes it."""
    match value:
        case str():
            return '"' + value.translate(_ESCAPES) + '"'
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case int():
            return str(value)
        case dict():
            return "{" + ",".join(f"{dumps(key)}:{dumps(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ",".join(map(dumps, value)) + "]"
        case _:
            raise TypeError(f"{_describe(value)} has no JSON form here")


_ESCAPES = {code: f"\\u{code:04x}" for code in range(0x20)} | {ord(c): text for c, text in
    {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}.items()}  # fmt: skip


# From the core's JSON.


def decode(hint: Any, value: Any, zone: tzinfo = UTC) -> Any:
    """What the core's JSON `value` is, for a field of type `hint`."""
    return _decoder(hint)(value, zone)


@cache
def _decoder(hint: Any) -> Callable[[Any, tzinfo], Any]:
    origin = get_origin(hint)
    if origin is Annotated:
        return _decoder(get_args(hint)[0])
    if origin in (Union, UnionType):
        return _union_decoder(get_args(hint))
    if origin is tuple:
        item = _decoder(get_args(hint)[0])
        return lambda value, zone: tuple(item(one, zone) for one in value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        read_key, read_item = (_decoder(argument) for argument in get_args(hint))
        return lambda value, zone: {read_key(key, zone): read_item(item, zone) for key, item in value.items()}
    if hint is datetime:
        return lambda value, zone: in_zone(datetime.fromisoformat(value), zone)
    if hint is date:
        return lambda value, _zone: date.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, Scalar):
        return lambda value, _zone: hint._from_wire(value)
    if isinstance(hint, type) and issubclass(hint, Record):
        return _record_decoder(hint)
    # StrEnum, str, and int: keys of JSON objects are strings, so an int is read from either.
    return lambda value, _zone: hint(value)


def _record_decoder(cls: type[Record]) -> Callable[[Any, tzinfo], Any]:
    # The core leaves out what is absent. A field without a default is then `None`.
    defaults = {one.name for one in fields(cast(Any, cls)) if one.default is not MISSING}

    def decode_fields(value: Any, zone: tzinfo) -> Any:
        types = hints(cls)
        if cls._newtype:
            (hint,) = types.values()
            return cls(_decoder(hint)(value, zone))  # type: ignore[call-arg]
        given = ((name, hint, name.rstrip("_")) for name, hint in types.items())
        return cls._decoded(
            {name: _decoder(hint)(value.get(key), zone) for name, hint, key in given if key in value or name not in defaults}
        )

    return decode_fields


def _union_decoder(options: tuple[Any, ...]) -> Callable[[Any, tzinfo], Any]:
    rest = [option for option in options if option is not NoneType]
    if len(rest) == 1:
        only = _decoder(rest[0])
        return lambda value, zone: None if value is None else only(value, zone)
    by_tag = {option._tag: option for option in rest}

    def decode_tagged(value: Any, zone: tzinfo) -> Any:
        if value is None:
            return None
        if isinstance(value, str):
            return by_tag[value]()
        ((tag, body),) = value.items()
        return _decoder(by_tag[tag])(body, zone)

    return decode_tagged


# What callers give.


def check(hint: Any, value: Any, path: str) -> Any:
    """`value` in the type `hint`, or a `TypeError` or `ValueError` that names `path` and says what to give."""
    origin = get_origin(hint)
    if origin is Annotated:
        return _check_int(value, path, get_args(hint)[1])
    if origin in (Union, UnionType):
        return _check_union(get_args(hint), value, path)
    if origin is tuple:
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            raise TypeError(f"{path}: expected a list, got {_describe(value)}")
        return tuple(check(get_args(hint)[0], item, f"{path}[{index}]") for index, item in enumerate(value))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise TypeError(f"{path}: expected a dict, got {_describe(value)}")
        key_hint, item_hint = get_args(hint)
        return {check(key_hint, key, f"a key of {path}"): check(item_hint, item, f"{path}[{key!r}]") for key, item in value.items()}
    if hint is datetime:
        micros_of(value, path)
        return value
    if hint is date:
        if not isinstance(value, date) or isinstance(value, datetime):
            raise TypeError(f"{path}: expected a date, got {_describe(value)}; for example date(2026, 10, 1)")
        return value
    if hint is int:
        return _check_int(value, path, 64)
    if hint is str:
        if not isinstance(value, str):
            raise TypeError(f"{path}: expected a str, got {_describe(value)}")
        return _text(value, path)
    return _check_class(hint, value, path)


def _check_int(value: Any, path: str, bits: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{path}: expected an int, got {_describe(value)}")
    if not 0 <= value < 1 << bits:
        raise ValueError(f"{path}: expected an int from 0 to 2**{bits} - 1, got {value}")
    return int(value)


def _check_class(hint: type[Any], value: Any, path: str) -> Any:
    if isinstance(value, hint):
        return value
    if issubclass(hint, StrEnum):
        return _check_enum(hint, value, path)
    if issubclass(hint, Scalar):
        if not isinstance(value, str):
            raise TypeError(f"{path}: expected {_article(hint)} or a str, got {_describe(value)}")
        try:
            return hint._from_wire(_text(value, path))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
    raise TypeError(f"{path}: expected {_article(hint)}, got {_describe(value)}")


def _check_enum(hint: type[StrEnum], value: Any, path: str) -> Any:
    if not isinstance(value, str):
        raise TypeError(f"{path}: expected {_article(hint)} or a str, got {_describe(value)}")
    try:
        return hint(value)
    except ValueError:
        allowed = ", ".join(repr(member.value) for member in hint)
        raise ValueError(f"{path}: {value!r} is none of {allowed}") from None


def _check_union(options: tuple[Any, ...], value: Any, path: str) -> Any:
    if value is None and NoneType in options:
        return None
    rest = [option for option in options if option is not NoneType]
    if len(rest) == 1:
        return check(rest[0], value, path)
    if isinstance(value, tuple(rest)):
        return value
    names = " or ".join(_article(option) for option in rest)
    raise TypeError(f"{path}: expected {names}, got {_describe(value)}")


def _text(value: str, path: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(f"{path}: the text has half of a surrogate pair in it, which no encoding carries") from None
    return str(value)


def _article(cls: type[Any]) -> str:
    return f"{'an' if cls.__name__[0] in 'AEIOaeio' else 'a'} {cls.__name__}"


def _describe(value: object) -> str:
    # The value itself stays out of the message: it may be a phone number.
    return "None" if value is None else _article(type(value))
