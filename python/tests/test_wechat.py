"""The WeChat edge: requests out, answers and events in, and both with a platform between them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ringfence import AccountId, Audit, BindingChallenge, Done, Evidence, Keyring, MessageOpened, Misused, NoOp, Platform, Send, VoiceMessage, wechat
from ringfence.effects import FailedCall, VoiceMessageDelivered
from ringfence.evidence import Announcement
from ringfence.inputs import Delivered, Failed
from ringfence.wechat import (
    Choice,
    Chose,
    Finish,
    Finished,
    Follow,
    Menu,
    MiniProgram,
    Next,
    Other,
    Scan,
    Spoke,
    Unfollow,
    What,
    Wrote,
    read_answer,
    read_event,
    subscription_request,
    template_request,
)

OPEN_ID = "oIBUkuN1zZh_3FvGB-wAXMzRzxE4"
LINK = "https://voice.example/7"
NOW = datetime(2026, 11, 20, 10, tzinfo=ZoneInfo("Asia/Shanghai"))


def posted(inside: str) -> bytes:
    head = f"<ToUserName><![CDATA[gh_x]]></ToUserName><FromUserName><![CDATA[{OPEN_ID}]]></FromUserName><CreateTime>1795140000</CreateTime>"
    return f"<xml>{head}{inside}</xml>".encode()


def event(word: str, more: str = "") -> bytes:
    return posted(f"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{word}]]></Event>{more}")


# Out.


def test_a_template_message_is_the_one_of_the_documentation() -> None:
    sent = template_request(
        account=AccountId(OPEN_ID),
        template="TID",
        client_message="RF-7",
        url=LINK,
        mini_program=MiniProgram("wx1", "voice?id=7"),
        fields={"phone_number1": "+8613*********", "time2": "2026年11月20日 15:01", "thing3": "语音留言 00:23"},
    )
    assert json.loads(sent.json) == {
        "touser": OPEN_ID,
        "template_id": "TID",
        "client_msg_id": "RF-7",
        "url": LINK,
        "miniprogram": {"appid": "wx1", "pagepath": "voice?id=7"},
        "data": {"phone_number1": {"value": "+8613*********"}, "time2": {"value": "2026年11月20日 15:01"}, "thing3": {"value": "语音留言 00:23"}},
    }
    assert (sent.cut, sent.stripped) == ((), ())
    assert OPEN_ID not in repr(sent)


def test_what_is_cut_or_stripped_is_named_and_has_a_link() -> None:
    fields = [("thing1", "字" * 18 + "நி" + "尾"), ("thing2", "来电☎️"), ("thing3", "短")]
    sent = template_request(account=OPEN_ID, template="TID", client_message="RF-7", url=LINK, fields=fields)
    assert (sent.cut, sent.stripped) == (("thing1",), ("thing2",))
    data = json.loads(sent.json)["data"]
    assert [data[name]["value"] for name, _ in fields] == ["字" * 18 + "…", "来电", "短"]
    with pytest.raises(ValueError, match="^field thing1: a part of it is not shown, and the message has no link to the whole$"):
        template_request(account=OPEN_ID, template="TID", client_message="RF-7", fields=fields)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"remark": "x"}, "field remark: its name begins with none of thing, character_string"),
        ({"thing1": " "}, "field thing1: it is empty"),
        ({"phone_number1": "张三"}, "field phone_number1: '张' is not allowed in it"),
        ({"phone_number1": "1" * 18}, "field phone_number1: it has 18 characters, and at most 17 are allowed"),
        ([("thing1", "x"), ("thing1", "y")], "field thing1: it stands twice"),
    ],
)
def test_what_wechat_would_refuse_is_named(fields: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=f"^{says}"):
        template_request(account=OPEN_ID, template="TID", client_message="RF-7", url=LINK, fields=fields)


def test_a_wrong_account_address_or_id_is_refused() -> None:
    with pytest.raises(ValueError, match="client message id has 33 characters"):
        template_request(account=OPEN_ID, template="TID", client_message="x" * 33, fields={})
    with pytest.raises(ValueError, match="the address begins with neither"):
        template_request(account=OPEN_ID, template="TID", client_message="x", url="javascript:alert(1)", fields={})
    with pytest.raises(ValueError, match="the template is empty"):
        subscription_request(account=OPEN_ID, template="", fields={})
    with pytest.raises(ValueError):
        template_request(account="no account", template="TID", client_message="x", fields={})


def test_a_subscription_notice_has_kinds_of_its_own() -> None:
    sent = subscription_request(account=OPEN_ID, template="TID", url=LINK, fields={"name1": "张" * 11, "phrase2": "已关机", "thing3": "语音留言 00:23"})
    assert json.loads(sent.json) == {
        "touser": OPEN_ID,
        "template_id": "TID",
        "page": LINK,
        "data": {"name1": {"value": "张" * 9 + "…"}, "phrase2": {"value": "已关机"}, "thing3": {"value": "语音留言 00:23"}},
    }
    assert sent.cut == ("name1",)
    with pytest.raises(ValueError, match="field phrase2: it has 6 characters, and at most 5 are allowed"):
        subscription_request(account=OPEN_ID, template="TID", url=LINK, fields={"phrase2": "暂时无法接通"})
    with pytest.raises(ValueError, match="field const1: its name begins with none of thing, number, letter"):
        subscription_request(account=OPEN_ID, template="TID", fields={"const1": "x"})


# In.


def test_each_answer_says_what_follows() -> None:
    taken = read_answer('{"errcode":0,"errmsg":"ok","msgid":200228332}')
    assert (taken.code, taken.next, taken.message, taken.text) == (0, Next.TAKEN, "200228332", "ok")
    for code, follows in {-1: Next.RETRY, 40001: Next.REFRESH_TOKEN, 45009: Next.RETRY_TOMORROW, 43101: Next.OTHER_CHANNEL, 40037: Next.MISCONFIGURED}.items():
        assert read_answer(json.dumps({"errcode": code})).next is follows
    for wrong in (b"<html>502</html>", b"", b"{\xff"):
        with pytest.raises(ValueError, match=r"^at line 1, column \d: it is no answer of WeChat$"):
            read_answer(wrong)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (event("subscribe", "<EventKey><![CDATA[qrscene_7]]></EventKey>"), Follow("7")),
        (event("subscribe"), Follow(None)),
        (event("unsubscribe"), Unfollow()),
        (event("SCAN", "<EventKey>7</EventKey>"), Scan("7")),
        (event("CLICK", "<EventKey>bind</EventKey>"), Menu("bind")),
        (event("TEMPLATESENDJOBFINISH", "<MsgID>200228332</MsgID><Status>success</Status>"), Finished("200228332", Finish.SUCCESS)),
        (event("TEMPLATESENDJOBFINISH", "<MsgID>1</MsgID><Status>failed:user block</Status>"), Finished("1", Finish.USER_BLOCK)),
        (event("TEMPLATESENDJOBFINISH", "<MsgID>1</MsgID><Status>failed: system failed</Status>"), Finished("1", Finish.FAILED)),
        (
            event(
                "subscribe_msg_popup_event",
                "<SubscribeMsgPopupEvent><List><TemplateId>T</TemplateId><SubscribeStatusString>reject</SubscribeStatusString></List></SubscribeMsgPopupEvent>",
            ),
            Chose((Choice("T", False),)),
        ),
        (event("LOCATION"), Other("LOCATION")),
        (posted("<MsgType>text</MsgType><Content>a &amp; b</Content><MsgId>7</MsgId>"), Wrote("a & b")),
        (posted("<MsgType>voice</MsgType><MediaId>M</MediaId><Recognition>你好</Recognition><MsgId>8</MsgId>"), Spoke("M", "你好")),
    ],
)
def test_each_event_is_read(body: bytes, what: What) -> None:
    read = read_event(body)
    assert read == read_event(body.decode())
    assert (read.what, read.account, read.official, read.created_s) == (what, AccountId(OPEN_ID), "gh_x", 1795140000)
    assert OPEN_ID not in repr(read)


def test_what_is_no_event_is_refused_with_its_place() -> None:
    with pytest.raises(ValueError, match="^<ToUserName>: it is missing$"):
        read_event("<xml><FromUserName>O</FromUserName></xml>")
    with pytest.raises(ValueError, match="^at byte 5: it is no UTF-8$"):
        read_event(b"<xml>\xff</xml>")
    with pytest.raises(ValueError, match="document type"):
        read_event('<!DOCTYPE x [<!ENTITY a "b">]><xml><a>&a;</a></xml>')
    with pytest.raises(TypeError, match="^body: expected bytes or str, got int$"):
        read_event(7)  # type: ignore[arg-type]


# With a platform between them.


def test_a_message_goes_from_a_follower_s_event_to_his_tap() -> None:
    number, now = "+8613800000001", NOW
    platform = Platform(keyring=Keyring.random())
    platform.rotate_key(now, id="k1")
    follow = read_event(event("subscribe", "<EventKey>qrscene_7</EventKey>"))
    assert isinstance(follow.what, Follow)
    # It is posted again, since we were slow.
    for _ in range(2):
        assert platform.follow(now, account=follow.account, dedup=follow.dedup) == Done()
    assert platform.follow(now, account=follow.account) == NoOp()
    platform.request_binding(now, account=follow.account, number=number)
    (challenge,) = (one.content for one in platform.effects(confirm=True) if isinstance(one, Send))
    assert isinstance(challenge, BindingChallenge)
    platform.confirm_binding(now, account=follow.account, number=number, code=platform.code(challenge.challenge))
    off = Evidence(announcements=(Announcement.POWERED_OFF,))
    platform.call_failed(now, caller="+8613900000002", callee=number, evidence=off, is_answered=True)
    platform.recorded(now, voice_message=1, media=70, seconds=23)
    platform.advance(now)
    push = next(one for one in platform.effects(confirm=True) if isinstance(one, Send) and isinstance(one.content, VoiceMessage))
    said = push.content
    assert isinstance(said, VoiceMessage) and said.caller is not None
    sent = template_request(
        account=follow.account,
        template="TID",
        client_message=f"RF-{push.message}",
        url=LINK,
        fields={
            "phone_number1": said.caller.dialable(),
            "time2": f"{said.at.astimezone(NOW.tzinfo):%Y年%m月%d日 %H:%M}",
            "thing3": f"语音留言 {said.seconds // 60:02}:{said.seconds % 60:02}",
        },
    )
    assert json.loads(sent.json)["data"]["thing3"]["value"] == "语音留言 00:23"
    # Busy, then taken, and its end is reported by WeChat's id of it.
    busy = read_answer('{"errcode":-1,"errmsg":"system error"}')
    assert platform.message_reported(now, message=push.sequence, status=Failed(str(busy.code))) == Done()
    platform.advance(now + timedelta(seconds=30))
    (again,) = platform.effects(confirm=True)
    assert isinstance(again, Send) and again.message == push.message
    taken = read_answer('{"errcode":0,"msgid":200228332}')
    end = read_event(event("TEMPLATESENDJOBFINISH", "<MsgID>200228332</MsgID><Status>success</Status>"))
    assert isinstance(end.what, Finished) and (end.what.message, end.what.finish) == (taken.message, Finish.SUCCESS)
    later = now + timedelta(seconds=31)
    assert platform.message_reported(later, message=again.sequence, status=Delivered(), dedup=end.dedup) == Done()
    (audit,) = platform.effects(confirm=True)
    assert isinstance(audit, Audit) and isinstance(audit.record, VoiceMessageDelivered)
    assert platform.open_message(later, account=follow.account, voice_message=1) == MessageOpened(70)
    left = read_event(event("unsubscribe"))
    assert platform.unfollow(later, account=left.account, dedup=left.dedup) == Done()
    platform.call_failed(later, caller=None, callee=number, evidence=off)
    judged = next(one.record for one in platform.effects(confirm=True) if isinstance(one, Audit))
    assert isinstance(judged, FailedCall) and not hasattr(judged.ruling, "voice_message")
    with pytest.raises(Misused):
        platform.open_message(later, account="stranger", voice_message=1)


def test_the_names_are_those_of_the_module() -> None:
    assert all(hasattr(wechat, name) for name in wechat.__all__)
