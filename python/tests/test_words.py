"""The classes of the package have the words of the core: every enum's variants, every record's fields, in the same order."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from pathlib import Path

import pytest
from conftest import ROOT

from ringfence import Policy, _policy, _ringfence, _values, _voice, effects, evidence, inputs, records, replies
from ringfence._codec import Record, hints

CORE = ROOT / "core" / "src"
FILES = [*sorted((CORE / "values").glob("*.rs")), *(CORE / "machines").glob("*.rs"), CORE / "decisions/diagnosis/mod.rs", CORE / "halves/appointments/records.rs", CORE / "books/bindings.rs", CORE / "books/voice_messages.rs", CORE / "books/catalog.rs", CORE / "books/profiles.rs"]
SOURCE = "\n".join(file.read_text(encoding="utf-8") for file in FILES)


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def body(kind: str, name: str) -> str:
    found = re.search(rf"^pub {kind} {name} \{{(?:\}}|\n(.*?)^\}})", SOURCE, re.MULTILINE | re.DOTALL)
    assert found, f"there is no {kind} {name} in the core"
    return found.group(1) or ""


def variants(name: str) -> list[str]:
    return [snake(variant) for variant in re.findall(r"^    ([A-Z]\w*)[ ,({]", body("enum", name), re.MULTILINE)]


def members(name: str) -> list[str]:
    written = re.sub(r"#\[serde\(skip\)\]\n    \w+: .*\n", "", body("struct", name))
    return re.findall(r"^    (?:pub )?(\w+): ", written, re.MULTILINE)


ENUMS: list[tuple[type[StrEnum], str]] = [
    (_values.CallMode, "CallMode"),
    (_values.HoursLabel, "HoursLabel"),
    (_values.DenyReason, "DenyReason"),
    (_values.ReservationState, "ReservationState"),
    (_values.MissedReason, "Missed"),
    (_values.MissedForMerchant, "MissedForMerchant"),
    (_values.ReleaseCause, "ReleaseCause"),
    (_values.Prompt, "Prompt"),
    (_values.Party, "Party"),
    (_values.Object, "Object"),
    (_values.Bound, "Bound"),
    (_values.Field, "Field"),
    (_values.Allowed, "Allowed"),
    (_values.Channel, "Channel"),
    (_values.MediaKind, "MediaKind"),
    (_values.ProfileField, "ProfileField"),
    (evidence.Location, "Location"),
    (evidence.Vendor, "Vendor"),
    (evidence.Announcement, "Announcement"),
    (evidence.OwnTimer, "OwnTimer"),
    (evidence.FailureReason, "FailureReason"),
    (evidence.Confidence, "Confidence"),
    (evidence.Basis, "Basis"),
    (_values.PageAction, "PageAction"),
    (_values.ReservationAction, "ReservationAction"),
    (_values.ResultBy, "ResultBy"),
    (_values.Bearer, "Bearer"),
    (records.CallState, "CallState"),
    (records.LegState, "LegState"),
    (records.Origin, "Origin"),
    (records.BindingState, "BindingState"),
    (records.VoiceMessageState, "VoiceMessageState"),
    (records.Road, "Road"),
    (effects.BindingChange, "BindingChange"),
    (effects.BindingEnd, "BindingEnd"),
    (_voice.NoOffer, "NoOffer"),
    (_voice.AbandonedReason, "Abandoned"),
    (_voice.UndeliverableReason, "Undeliverable"),
    (_voice.SenderTold, "SenderTold"),
    (_policy.Transcription, "Transcription"),
]


@pytest.mark.parametrize(("enum", "name"), ENUMS, ids=lambda value: value if isinstance(value, str) else "")
def test_an_enum_has_every_variant(enum: type[StrEnum], name: str) -> None:
    assert [member.value for member in enum] == variants(name)


STRUCTS: list[tuple[type[Record], str]] = [
    *((input, input.__name__) for input in inputs.Input.__args__),
    (_values.Line, "Line"),
    (_values.Hours, "Hours"),
    (evidence.Evidence, "Evidence"),
    (evidence.ReasonHeader, "ReasonHeader"),
    (evidence.AsteriskRelease, "AsteriskRelease"),
    (evidence.VendorCode, "VendorCode"),
    (evidence.Redirection, "Redirection"),
    (evidence.Diagnosis, "Diagnosis"),
    (_values.BookingEvidence, "BookingEvidence"),
    (_values.Attachment, "Attachment"),
    (_values.SharedMedia, "SharedMedia"),
    (Policy, "Policy"),
    (effects.Dial, "Dial"),
    (effects.Answer, "Answer"),
    (effects.Reject, "Reject"),
    (effects.Play, "Play"),
    (effects.Join, "Join"),
    (effects.HangUp, "HangUp"),
    (effects.Send, "Send"),
    (effects.Audit, "Audit"),
    (effects.Archive, "Archive"),
    (effects.Erase, "Erase"),
    (effects.ErasedRecord, "ErasedRecord"),
    (effects.CallReason, "CallReason"),
    (effects.Judged, "Judged"),
    (effects.UserDialled, "UserDialled"),
    (effects.LegLost, "LegLost"),
    (effects.DialWithdrawn, "DialWithdrawn"),
    (effects.Grouped, "Grouped"),
    (effects.BookedRecord, "BookedRecord"),
    (effects.PolicySet, "PolicySet"),
    (effects.NumbersLow, "NumbersLow"),
    (effects.NumberLeased, "NumberLeased"),
    (effects.Challenged, "Challenged"),
    (effects.CodeJudged, "CodeJudged"),
    (effects.KeyRotated, "KeyRotated"),
    (effects.Frozen, "FreezeRecord"),
    (effects.Thawed, "FreezeRecord"),
    (effects.DoNotCallChanged, "DoNotCallChanged"),
    (effects.Challenge, "Challenge"),
    (effects.ContactNotConfirmed, "ReservationNotice"),
    (effects.BookingPage, "BookingPage"),
    (effects.BookingResult, "BookingResult"),
    (effects.ContactUnconfirmed, "ReservationNotice"),
    (effects.Cancelled, "ReservationNotice"),
    (effects.ReservationForMerchant, "ReservationForMerchant"),
    (effects.ModeOptions, "ModeOptions"),
    (effects.MissedNotice, "MissedNotice"),
    (effects.CancelledForMerchant, "NoticeForMerchant"),
    (effects.MissedNoticeForMerchant, "MissedNoticeForMerchant"),
    (effects.SearchEntry, "SearchEntry"),
    (effects.SearchResult, "SearchResult"),
    (effects.SearchResults, "SearchResults"),
    (effects.Amended, "ReservationForMerchant"),
    (effects.OnHold, "ReservationOnHold"),
    (effects.SlotOver, "SlotOverNotice"),
    (effects.DeclinedNotice, "DeclinedNotice"),
    (effects.ManagePage, "ManagePage"),
    (effects.ShownTerms, "ShownTerms"),
    (effects.Reminder, "BookingResult"),
    (effects.Undelivered, "Undelivered"),
    (effects.BindingAsked, "BindingAsked"),
    (effects.BindingChallenge, "BindingChallenge"),
    (effects.BindingChanged, "BindingChanged"),
    (effects.BindingEnded, "BindingEnded"),
    (effects.BindingJudged, "BindingJudged"),
    (effects.AmendedRecord, "AmendedRecord"),
    (effects.Rebased, "Rebased"),
    (effects.AcknowledgedRecord, "AcknowledgedRecord"),
    (effects.DeclinedRecord, "DeclinedRecord"),
    (replies.Amended, "Amended"),
    (records.Terms, "Terms"),
    (replies.Published, "Published"),
    (replies.Booked, "Booked"),
    (replies.CallAllowed, "Allow"),
    (replies.CallDenied, "Deny"),
    (replies.Imported, "Imported"),
    (replies.Confirmed, "Confirmed"),
    (replies.WrongCode, "WrongCode"),
    (replies.DoNotCallSet, "DoNotCallSet"),
    (replies.Forgotten, "Forgotten"),
    (replies.SlotChosen, "SlotChosen"),
    (replies.BindingRequested, "BindingRequested"),
    (replies.NumberBound, "NumberBound"),
    (replies.CallJudged, "CallJudged"),
    (replies.OwnLeg, "OwnLeg"),
    (replies.MessageOpened, "MessageOpened"),
    (_voice.Offered, "Offered"),
    (_voice.NotOffered, "NotOffered"),
    (effects.RecordVoice, "Record"),
    (effects.Transcribe, "Transcribe"),
    (effects.VoiceMessageArchive, "VoiceMessageArchive"),
    (effects.VoiceMessage, "VoiceMessageNotice"),
    (effects.VoiceMessageUndelivered, "VoiceMessageNote"),
    (effects.CallBackRequested, "VoiceMessageNote"),
    (effects.VoiceMessageUndeliveredForMerchant, "VoiceMessageNote"),
    (effects.CallBackRequestedForMerchant, "VoiceMessageNote"),
    (effects.FailedCall, "FailedCallRecord"),
    (effects.VoiceMessageDelivered, "VoiceMessageDelivered"),
    (effects.VoiceMessageEnded, "VoiceMessageEnded"),
    (effects.PushMisconfigured, "PushMisconfigured"),
    (records.Binding, "Binding"),
    (records.BindingCode, "BindingCode"),
    (records.LiveChallenge, "LiveChallenge"),
    (records.Reservation, "Reservation"),
    (records.Closed, "Closed"),
    (records.Member, "Member"),
    (records.Call, "Call"),
    (records.Leg, "Leg"),
    (records.PersonExport, "PersonExport"),
    (records.ProfileExport, "ProfileExport"),
    (records.ReservationExport, "ReservationExport"),
    (records.SenderExport, "SenderExport"),
    (records.TermsExport, "TermsExport"),
    (records.LegExport, "LegExport"),
    (records.VirtualNumberExport, "VirtualNumberExport"),
    (records.MessageExport, "MessageExport"),
    (records.BindingExport, "BindingExport"),
    (records.VoiceMessageExport, "VoiceMessageExport"),
    (records.VoiceMessage, "VoiceMessage"),
    (records.Caller, "Caller"),
    (records.Under, "Under"),
    (records.Profile, "Profile"),
    (records.Merchant, "Merchant"),
    (records.Page, "Page"),
    (records.LineStatus, "LineStatus"),
    (records.LawStatus, "LawStatus"),
    (records.MerchantPool, "MerchantPool"),
    (records.PoolStatus, "PoolStatus"),
    (records.NumberStatus, "NumberStatus"),
    (_values.CalledZone, "CalledZone"),
]


@pytest.mark.parametrize(("record", "name"), STRUCTS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_record_has_every_field(record: type[Record], name: str) -> None:
    ours = [field.rstrip("_") for field in hints(record) if not (record._has_sequence and field == "sequence")]
    assert ours == members(name)


TAGGED = [
    (inputs.Input, "Input"),
    (inputs.BlockTarget, "BlockTarget"),
    (effects.Effect, "Action"),
    (effects.Content, "Content"),
    (effects.AuditRecord, "AuditRecord"),
    (effects.Outcome, "Outcome"),
    (effects.Rule, "Rule"),
    (effects.RequestedTarget, "Asked"),
    (inputs.CallTarget, "CallTarget"),
    (inputs.PageOf, "PageOf"),
    (inputs.MessageStatus, "MessageStatus"),
    (_values.DayRule, "DayRule"),
    (inputs.Scope, "Scope"),
    (inputs.Slot, "Slot"),
    (effects.RecordedScope, "RecordedScope"),
    (effects.VoiceMessageOutcome, "VoiceMessageOutcome"),
    (effects.Ruling, "Ruling"),
    (replies.Reply, "Reply"),
]


@pytest.mark.parametrize(("union", "name"), TAGGED, ids=lambda value: value if isinstance(value, str) else "")
def test_a_union_has_every_variant(union: object, name: str) -> None:
    assert [option._tag for option in union.__args__] == variants(name)  # type: ignore[attr-defined]


def test_the_policy_has_the_defaults_of_the_core() -> None:
    assert Policy().to_json() == _ringfence.default_policy()
    assert Policy.from_json("{}") == Policy()
    assert Policy.from_json('{"mode_chosen_by":{"platform":"platform_calls"}}').to_json() != Policy().to_json()


def test_the_deadlines_have_the_words_of_the_core() -> None:
    source = (CORE / "halves/mod.rs").read_text(encoding="utf-8")
    found = re.search(r"^pub enum Why \{\n(.*?)^\}", source, re.MULTILINE | re.DOTALL)
    assert found
    assert [why.value for why in replies.Why] == [snake(name) for name in re.findall(r"^    ([A-Z]\w*)", found.group(1), re.MULTILINE)]


def test_the_version_is_the_one_of_the_workspace() -> None:
    workspace = (Path(ROOT) / "Cargo.toml").read_text(encoding="utf-8")
    assert f'version = "{_ringfence.__version__}"' in workspace
    assert json.loads(_ringfence.canonical_header("{}", [], 0))["header"]["tzdb"] == _ringfence.TZDB_VERSION
