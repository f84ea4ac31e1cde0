"""What users attach, what is remembered of them, and how they are forgotten."""

from __future__ import annotations

import pytest
from conftest import EVENING, USER, at

from ringfence import Address, Attachment, Erase, LimitReached, MediaKind, Misused, Platform, ReservationForMerchant, Send, SharedMedia
from ringfence.effects import ErasedRecord
from ringfence.replies import Forgotten, NoOp

NOW = at("2026-11-20T09:05")
SHOT = Attachment(media=501, kind=MediaKind.PICTURE, share=True)
PRIVATE = Attachment(media=502, kind=MediaKind.VOICE)


def told(platform: Platform) -> ReservationForMerchant:
    contents = [effect.content for effect in platform.effects(confirm=True) if isinstance(effect, Send)]
    [content] = [content for content in contents if isinstance(content, ReservationForMerchant)]
    return content


def test_a_merchant_is_told_of_what_is_shared_only(platform: Platform) -> None:
    platform.book(NOW, user=USER, page=10, offering=1, window=EVENING, attachments=[SHOT, PRIVATE])
    assert told(platform).media == (SharedMedia(501, SHOT.kind),)
    with pytest.raises(LimitReached, match="attachments_max"):
        platform.amend(NOW, user=USER, reservation=1, attachments=[Attachment(media=n, kind=MediaKind.VIDEO) for n in range(11)])
    with pytest.raises(Misused, match="media 502 is attached to another reservation"):
        platform.book(NOW, user="rcs:+8613800000002", page=10, offering=1, window=EVENING, attachments=[PRIVATE])
    platform.amend(NOW, user=USER, reservation=1, attachments=[PRIVATE])
    [erase] = [effect for effect in platform.effects(confirm=True) if isinstance(effect, Erase)]
    assert (erase.reservations, erase.media) == ((), (501,))


def test_a_name_is_remembered_until_its_user_wants_to_be_forgotten(platform: Platform) -> None:
    platform.book(NOW, user=USER, page=10, offering=1, window=EVENING, name="张三", attachments=[SHOT])
    list(platform.effects(confirm=True))
    platform.cancel(NOW, user=USER, reservation=1)
    list(platform.effects(confirm=True))
    platform.book(NOW, user=USER, page=10, offering=1, window=EVENING)
    assert told(platform).name == "张三"
    assert platform.forget_me(NOW, user=USER) == Forgotten(cancelled=1, ending=0, erased=2, profile=True, messages=4, bindings=0, voice_messages=0)
    *_, audit, erase = platform.effects(confirm=True)
    assert isinstance(erase, Erase)
    assert (erase.reservations, erase.media) == ((1, 2), (501,))
    assert audit.record == ErasedRecord((1, 2), (501,), profile=True, messages=4)  # type: ignore[union-attr]
    assert platform.reservation(2) is None
    assert platform.forget_me(NOW, user=USER) == NoOp()
    platform.book(NOW, user=USER, page=10, offering=1, window=EVENING)
    assert told(platform).name is None
    platform.set_profile(NOW, user=USER, name="李雷", erase=["email"])
    with pytest.raises(Misused, match="what is set cannot be erased as well"):
        platform.set_profile(NOW, user=USER, name="李雷", erase=["name"])


def test_a_person_is_handed_what_is_held_of_him_and_of_nobody_else(platform: Platform) -> None:
    other = "rcs:+8613800000002"
    platform.book(NOW, user=USER, page=10, offering=1, window=EVENING, name="张三", email="mailto:zhang@example.com", attachments=[PRIVATE])
    platform.book(NOW, user=other, page=10, offering=1, window=EVENING, name="李四", contact="+8613800000001")
    export = platform.export_person(USER)
    assert export is not None
    own, anothers = export.reservations
    assert own.sender is not None and own.sender.email == Address("mailto:zhang@example.com")
    assert (own.terms.name, own.terms.attachments) == ("张三", (PRIVATE,))
    assert (anothers.is_sender, anothers.is_contact, anothers.sender, anothers.terms.name) == (False, True, None, None)
    assert export.profile is not None and export.profile.name == "张三"
    assert "李四" not in str(export)
    assert [message.to for message in export.messages] == [Address("rcs:+8613800000001")]
    platform.forget_me(NOW, user=USER)
    list(platform.effects(confirm=True))
    left = platform.export_person(USER)
    assert left is not None
    assert (left.profile, left.reservations, left.messages) == (None, (), ())
    assert platform.export_person("sip:1065000000@chatbot.example") is None
