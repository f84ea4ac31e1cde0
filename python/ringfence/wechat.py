"""WeChat: template messages and subscription notices out, answers and events in. It reads and writes texts; nothing is sent.

What is too long for WeChat is cut at a whole grapheme, marked with `…` and named; a message of which a part is not shown must have a link to the whole, so that nothing is lost
silently. Emoji, which WeChat strips, are left out, and their fields named.

>>> sent = template_request(
...     account="oIBUkuN1zZh_3FvGB-wAXMzRzxE4", template="TID", client_message="RF-7", url="https://voice.example/7",
...     fields={"thing1": "商户1 95511", "time2": "2026年11月20日 15:01", "thing3": "语音留言 00:23"},
... )
>>> sent.cut, sent.stripped
((), ())
>>> read_answer('{"errcode":43004,"errmsg":"require subscribe"}').next
<Next.AWAIT_FOLLOW: 'await_follow'>
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from . import _ringfence
from ._codec import Record, decode
from ._values import AccountId
from .inputs import Dedup

__all__ = [
    "Answer",
    "Choice",
    "Chose",
    "Event",
    "Finish",
    "Finished",
    "Follow",
    "Menu",
    "MiniProgram",
    "Next",
    "Other",
    "Rendered",
    "Scan",
    "Spoke",
    "Unfollow",
    "What",
    "Wrote",
    "read_answer",
    "read_event",
    "subscription_request",
    "template_request",
]


# Out.


@dataclass(frozen=True, slots=True)
class MiniProgram:
    """A mini program that belongs to the official account."""

    app: str
    page: str
    """The page, with its query."""


@dataclass(frozen=True, slots=True)
class Rendered(Record):
    """The body of a request."""

    json: str = field(repr=False)
    """To be posted as it is. It names the account, and what the message says."""
    cut: tuple[str, ...]
    """The fields that had to be cut."""
    stripped: tuple[str, ...]
    """The fields that had emoji, which WeChat does not show."""


def template_request(
    *,
    account: AccountId | str,
    template: str,
    client_message: str,
    url: str = "",
    mini_program: MiniProgram | None = None,
    fields: Mapping[str, str] | Iterable[tuple[str, str]],
) -> Rendered:
    """The body of `POST /cgi-bin/message/template/send`. `client_message` is the id by which WeChat knows a repeat: the same for each attempt. `url` is where a tap leads, or
    nowhere. Each field's name begins with its kind. Raises `ValueError` that names the first field that WeChat would refuse, and why.

    >>> sent = template_request(account="OPENID", template="TID", client_message="RF-7", url="https://voice.example/7", fields={"thing1": "语" * 21})
    >>> sent.cut
    ('thing1',)
    >>> template_request(account="OPENID", template="TID", client_message="RF-7", fields={"thing1": "语" * 21})
    Traceback (most recent call last):
        ...
    ValueError: field thing1: a part of it is not shown, and the message has no link to the whole
    """
    sent = _ringfence.wechat_template(_account(account), template, client_message, url, _program(mini_program), _pairs(fields))
    read: Rendered = decode(Rendered, json.loads(sent))
    return read


def subscription_request(
    *,
    account: AccountId | str,
    template: str,
    url: str = "",
    mini_program: MiniProgram | None = None,
    fields: Mapping[str, str] | Iterable[tuple[str, str]],
) -> Rendered:
    """The body of `POST /cgi-bin/message/subscribe/bizsend`, for a follower who agreed to messages of this template. WeChat does not know a repeat of it. Raises `ValueError` as
    `template_request` does; the kinds of fields are others.

    >>> sent = subscription_request(account="OPENID", template="TID", fields={"name1": "张三", "phrase2": "已关机"})
    >>> sent.json
    '{"touser":"OPENID","template_id":"TID","data":{"name1":{"value":"张三"},"phrase2":{"value":"已关机"}}}'
    """
    sent = _ringfence.wechat_subscription(_account(account), template, url, _program(mini_program), _pairs(fields))
    read: Rendered = decode(Rendered, json.loads(sent))
    return read


def _account(account: AccountId | str) -> str:
    return (account if isinstance(account, AccountId) else AccountId(account)).in_full()


def _program(program: MiniProgram | None) -> tuple[str, str] | None:
    return None if program is None else (program.app, program.page)


def _pairs(fields: Mapping[str, str] | Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return list(fields.items() if isinstance(fields, Mapping) else fields)


# In.


class Next(StrEnum):
    """What follows an answer. A platform decides it itself from the code that it is told; this is for whoever sends without one."""

    TAKEN = "taken"
    """WeChat took it; a report follows."""
    REFRESH_TOKEN = "refresh_token"  # noqa: S105
    """Fetch a new access token and send it again."""
    RETRY = "retry"
    """Send it again later: WeChat is busy, or we are too fast."""
    RETRY_TOMORROW = "retry_tomorrow"
    """Send it again on the next day: the daily quota is used up."""
    AWAIT_FOLLOW = "await_follow"
    """The account does not follow any more: wait until it does."""
    OTHER_CHANNEL = "other_channel"
    """This road is closed for this account or this message: another channel, if there is one."""
    MISCONFIGURED = "misconfigured"
    """The operator must mend something before any message goes this way: another channel meanwhile."""


@dataclass(frozen=True, slots=True)
class Answer(Record):
    """What WeChat said to a request."""

    code: int
    """Its return code; 0 for success. What a platform is told as the code of a failure: `Failed(str(answer.code))`."""
    next: Next
    message: str | None
    """WeChat's id of the message, when it was taken. The event that reports its end names it."""
    text: str = field(repr=False)
    """WeChat's words, for the operator. They may name the account."""


def read_answer(body: bytes | str) -> Answer:
    """Reads the answer to a request. Raises `ValueError` with line and column when it is none; it is then not known whether the message was taken.

    >>> answer = read_answer(b'{"errcode":0,"errmsg":"ok","msgid":200228332}')
    >>> answer.next, answer.message
    (<Next.TAKEN: 'taken'>, '200228332')
    """
    read: Answer = decode(Answer, json.loads(_ringfence.wechat_answer(_bytes(body))))
    return read


class Finish(StrEnum):
    """How a template message ended (`TEMPLATESENDJOBFINISH`)."""

    SUCCESS = "success"
    """It was delivered."""
    USER_BLOCK = "user_block"
    """The follower refuses messages. A platform is told `Failed("failed:user block")`."""
    FAILED = "failed"
    """Any other failure. A platform is told `Failed("failed: system failed")`."""


@dataclass(frozen=True, slots=True)
class Follow(Record):
    """The account follows; with the scene of the code that it scanned, without WeChat's `qrscene_`."""

    _tag: ClassVar[str | None] = "follow"
    scene: str | None


@dataclass(frozen=True, slots=True)
class Unfollow(Record):
    """The account follows no longer."""

    _tag: ClassVar[str | None] = "unfollow"


@dataclass(frozen=True, slots=True)
class Scan(Record):
    """A follower scanned a code with this scene."""

    _tag: ClassVar[str | None] = "scan"
    scene: str


@dataclass(frozen=True, slots=True)
class Menu(Record):
    """A follower touched the menu entry with this key."""

    _tag: ClassVar[str | None] = "menu"
    key: str


@dataclass(frozen=True, slots=True)
class Wrote(Record):
    """A follower wrote."""

    _tag: ClassVar[str | None] = "wrote"
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Spoke(Record):
    """A follower spoke: the media's id, and what WeChat understood, if it is asked to."""

    _tag: ClassVar[str | None] = "spoke"
    media: str
    recognized: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finished(Record):
    """A template message has ended: WeChat's id of it, and how."""

    _tag: ClassVar[str | None] = "finished"
    message: str
    finish: Finish


@dataclass(frozen=True, slots=True)
class Choice(Record):
    """Whether a follower wants the messages of one template (订阅通知)."""

    template: str
    is_accepted: bool


@dataclass(frozen=True, slots=True)
class Chose(Record):
    """A follower answered the question whether he wants messages of these templates, or changed his mind."""

    _tag: ClassVar[str | None] = "chose"
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Other(Record):
    """Something else: its `MsgType`, or its `Event`."""

    _tag: ClassVar[str | None] = "other"
    word: str


What = Follow | Unfollow | Scan | Menu | Wrote | Spoke | Finished | Chose | Other
"""What happened."""


@dataclass(frozen=True, slots=True)
class _Dedup(Record):
    source: str
    key: str


@dataclass(frozen=True, slots=True)
class _Read(Record):
    account: AccountId
    official: str
    created_s: int
    dedup: _Dedup
    what: What


@dataclass(frozen=True, slots=True)
class Event:
    """What WeChat posted."""

    account: AccountId
    official: str
    """To which official account."""
    created_s: int
    """When, in seconds since 1970."""
    dedup: Dedup = field(repr=False)
    """By what a repeat is known: what a platform takes as `dedup=`. It names the account."""
    what: What


def read_event(body: bytes | str) -> Event:
    """Reads what WeChat posted, after its signature was checked and, where it was encrypted, after it was decrypted. WeChat posts again when it waits for more than five seconds:
    hand `dedup` on. Raises `ValueError` with the place of what cannot be read; elements that are not known are passed over.

    >>> event = read_event(
    ...     "<xml><ToUserName>gh_x</ToUserName><FromUserName>OPENID</FromUserName><CreateTime>123456789</CreateTime>"
    ...     "<MsgType>event</MsgType><Event>subscribe</Event><EventKey>qrscene_7</EventKey></xml>"
    ... )
    >>> event.what, event.account
    (Follow(scene='7'), AccountId(***))
    """
    read: _Read = decode(_Read, json.loads(_ringfence.wechat_event(_bytes(body))))
    return Event(read.account, read.official, read.created_s, (read.dedup.source, read.dedup.key), read.what)


def _bytes(body: bytes | str) -> bytes:
    if not isinstance(body, bytes | str):
        raise TypeError(f"body: expected bytes or str, got {type(body).__name__}")
    return body.encode() if isinstance(body, str) else body
