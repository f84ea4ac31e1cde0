"""Telling a story in a terminal: who sent what to whom, which phones rang and when, and why each call was allowed or refused."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, zip_longest
from typing import Literal

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from . import inputs
from ._layout import columns, hanging
from ._policy import Keyring, Policy
from ._values import AccountId, Address, CallMode, ForReservation, Party, PhoneNumber, Prompt, ReleaseCause, Window
from .effects import (
    AcknowledgedRecord,
    AmendedRecord,
    Answer,
    Archive,
    Audit,
    AuditRecord,
    BookedRecord,
    BookingPage,
    BookingResult,
    Content,
    DeclinedRecord,
    Dial,
    DoNotCallChanged,
    Effect,
    Erase,
    ErasedRecord,
    FailedCall,
    Frozen,
    Grouped,
    HangUp,
    Join,
    Judged,
    DialWithdrawn,
    LegLost,
    ModeOptions,
    Permitted,
    Play,
    NumberLeased,
    NumbersLow,
    Offered,
    PolicySet,
    Rebased,
    RecordVoice,
    Reject,
    ReservationForMerchant,
    Send,
    Thawed,
    Transcribe,
    Undelivered,
    UserDialled,
    VoiceMessage,
    VoiceMessageArchive,
    VoiceMessageDelivered,
)
from .errors import RingfenceError
from .evidence import FailureReason
from .journal import advance_line, confirm_line, effects_line, header_line, input_line, refusal_line, reply_line
from .platform import Platform
from .replies import Booked, CallAllowed, CallDenied, CallJudged, MessageOpened, Published, Reply
from .simulated import Advanced, Asked, CarriedOut, Confirmed, Happening, Switch
from .stories import CHATBOT, MERCHANT_NAME, NAMES, ZHANG_ACCOUNT, ZHANG_PHONE, ZONE, Story
from .wechat import template_request

__all__ = ["Language", "as_lines", "tell"]

Language = Literal["both", "zh-CN", "en"]
"""What is printed: the story in English with all messages in Chinese and English, or everything in one of them."""

_START = datetime(2026, 11, 20, 8, 0, tzinfo=ZONE)


def tell(console: Console, chosen: Iterable[Story], language: Language = "both") -> None:
    """Plays stories, one after the other, on one platform, and prints them."""
    platform = Platform(Policy(), Keyring.random())
    for story in chosen:
        teller = _Teller(console, language)
        teller.begin(story)
        story.play(Switch(platform, _START, teller.hear))
        teller.end()


def as_lines(chosen: Iterable[Story]) -> Iterator[str]:
    """Plays stories and gives their journal, with every reply and effect as an expectation: `ringfence replay -` takes it."""
    keyring = Keyring.random()
    platform = Platform(Policy(), keyring)
    # Whoever replays it judges the codes again. The key was made for this and is used for nothing else.
    header = json.loads(header_line(Policy(), keyring))
    header["header"]["test_keys"] = {id: key.hex() for id, key in keyring._keys.items()}
    yield json.dumps(header, ensure_ascii=False, separators=(",", ":"))
    for story in chosen:
        heard: list[Happening] = []
        story.play(Switch(platform, _START, heard.append))
        for happening in heard:
            yield from _lines_of(happening)


def _lines_of(happening: Happening) -> Iterator[str]:
    match happening:
        case Asked(at=at, input=input, answer=answer):
            yield input_line(at, input)
            yield refusal_line(answer) if isinstance(answer, RingfenceError) else reply_line(answer)
        case Advanced(at=at, budget=budget):
            yield advance_line(at, budget)
        case CarriedOut(effects=effects):
            yield effects_line(effects)
        case Confirmed(up_to=up_to):
            yield confirm_line(up_to)


# What the lines of figure 3 of the document on appointments are called there.
_STEPS: dict[type[object], str] = {
    inputs.PublishPage: "S301",
    BookingPage: "S302",
    inputs.Book: "S303",
    BookingResult: "S304",
    ReservationForMerchant: "S305",
    ModeOptions: "S306",
    inputs.ChooseMode: "S307",
    inputs.RequestCall: "S308",
    Dial: "S308",
    # Of figure 2 of the document on missed calls.
    inputs.Follow: "101",
    inputs.RequestBinding: "101",
    RecordVoice: "102",
    inputs.Recorded: "103",
    VoiceMessage: "104",
    inputs.OpenMessage: "105",
}

_SIDE_BY_SIDE_FROM = 110
"""From this width on, the two languages of a message stand side by side."""
_INDENT = 15
"""How far everything but the clock is indented."""


@dataclass(slots=True)
class _Ring:
    """A phone that was dialled."""

    who: str
    dialled: datetime
    rang: datetime | None = None
    ended: datetime | None = None
    how: tuple[str, str] = ("", "")


@dataclass(slots=True)
class _Judgement:
    """A call that the gate judged: who asked for whom, and what it said."""

    at: datetime
    who: str
    reservation: int
    rule: CallDenied | Permitted


class _Teller:
    """Prints what happens as it happens, and at the end of a story what rang and what was judged."""

    def __init__(self, console: Console, language: Language) -> None:
        self.console = console
        self.language = language
        self.legs: dict[int, str] = {}
        self.users: dict[int, str] = {}
        self.rings: dict[int, _Ring] = {}
        self.judgements: list[_Judgement] = []
        self.queued: dict[int, datetime] = {}
        self.served: dict[int, datetime] = {}
        self.day: str = ""
        self.clock: str = ""
        self.hung_up: set[int] = set()
        self.callers: dict[int, str] = {}
        """Who left each voice message."""
        self.kinds_shown: set[str] = set()

    def begin(self, story: Story) -> None:
        self.console.print()
        self.console.print(Text(self.say(story.title, story.title_chinese), style="bold"))
        if self.language == "both":
            self.console.print(Text(story.title_chinese, style="bold cyan"))
        self.put(Text(self.say(story.about, story.about_chinese), style="italic"), "", "")

    def end(self) -> None:
        self.console.print()
        self.summary(self.say("Which phones rang, and when", "响过铃的电话"), self.rang_rows())
        self.summary(self.say("Why each call was allowed or refused", "每次呼叫的判断结果"), self.judged_rows())
        if len(self.served) > 1:
            self.summary(self.say("In which order the bookings were served, and how long each waited", "各预约的呼叫次序和等待时间"), self.served_rows())

    def say(self, english: str, chinese: str) -> str:
        return chinese if self.language == "zh-CN" else english

    def hear(self, happening: Happening) -> None:
        match happening:
            case Asked():
                self.asked(happening)
            case CarriedOut(at=at, effects=effects):
                for is_join, group in groupby(effects, lambda effect: isinstance(effect, Join)):
                    if is_join:
                        self.joined(at, [effect.leg for effect in group if isinstance(effect, Join)])
                    else:
                        for effect in group:
                            self.carried_out(at, effect)
            case Advanced() | Confirmed():
                pass

    # Lines.

    def line(self, at: datetime, text: Text, step: object = None) -> None:
        """One line: the clock, unless the line before shows it already, and the text."""
        day = f"{at:%A} {at.day} {at:%B %Y}" if self.language != "zh-CN" else f"{at.year}年{at.month}月{at.day}日（周{'一二三四五六日'[at.weekday()]}）"
        if day != self.day:
            self.day, self.clock = day, ""
            self.console.print()
            self.console.print(Rule(Text(day, style="bold"), style="dim", align="left", characters="─"))
        clock = f"{at:%H:%M:%S}"
        shown = "" if clock == self.clock else clock
        self.clock = clock
        name = _STEPS.get(type(step), "")
        self.put(text, f"{shown:<8} {name:<{_INDENT - 9}}", " " * _INDENT)

    def sent(self, at: datetime, sender: str, receiver: str, what: str, step: object = None) -> None:
        """Who sent what to whom."""
        text = Text.assemble((sender, "bold"), " → ", (receiver, "bold"), self.say(": ", "："), what)
        self.line(at, text, step)

    def note(self, text: str | Text, style: str = "dim") -> None:
        """A line below the one before, without a clock."""
        below = Text(text, style=style) if isinstance(text, str) else text
        self.put(below, " " * (_INDENT + 2), " " * (_INDENT + 4))

    def message(self, chinese: str, english: str, kind: str | None = None) -> None:
        """What a person gets to see or to hear, behind a bar; with both languages, side by side where there is room.

        Of each kind the first in a story is shown in full, the others by their first lines. A user's number has its tail hidden, though it is he who reads it.
        """
        chinese, english = _without_numbers(chinese), _without_numbers(english)
        if kind in self.kinds_shown:
            chinese, english = (text.partition("\n")[0] + (" …" if "\n" in text else "") for text in (chinese, english))
        if kind is not None:
            self.kinds_shown.add(kind)
        left = Text(chinese, style="cyan")
        right = Text(english, style="dim" if self.language == "both" else "cyan")
        bar = " " * _INDENT + "│ "
        if self.language != "both":
            self.put(left if self.language == "zh-CN" else right, bar, bar)
        elif self.console.width >= _SIDE_BY_SIDE_FROM:
            rows = list(zip_longest(left.split("\n"), right.split("\n"), fillvalue=Text()))
            for line in columns(rows, self.console.width - len(bar)):
                self.put(line, bar, bar)
        else:
            self.put(Text("\n" if "\n" not in chinese else "\n\n").join([left, right]), bar, bar)

    def put(self, text: Text, first: str, rest: str) -> None:
        """Text between margins, wrapped."""
        # Styled spans, not base styles, which would spread over the whole line.
        margins = Text.assemble((first, "dim")), Text.assemble((rest, "dim"))
        for line in hanging(text, *margins, self.console.width):
            self.console.print(line, no_wrap=True, overflow="ignore", crop=False)

    # What goes in.

    def asked(self, asked: Asked) -> None:
        at, input, answer = asked.at, asked.input, asked.answer
        platform = self.say("platform", "服务平台")
        match input:
            case inputs.RegisterMerchant(lines=lines, contact=contact):
                numbers = "、".join(line.number.dialable() for line in lines)
                channels = sum(line.channels for line in lines)
                self.sent(
                    at,
                    MERCHANT_NAME,
                    platform,
                    self.say(
                        f"registers line {numbers}, which carries {channels} calls at once, and a chatbot; contact {contact}",
                        f"登记线路{numbers}（{channels}路通道）和Chatbot，联系人{contact}",
                    ),
                )
            case inputs.PublishPage(page=page, offerings=offerings, hours=hours):
                version = answer.version if isinstance(answer, Published) else 0
                self.sent(
                    at,
                    self.say(f"{MERCHANT_NAME}'s chatbot", f"{MERCHANT_NAME}Chatbot"),
                    platform,
                    self.say(f"publishes booking page {page}, version {version}", f"发布预约界面{page}（第{version}版）"),
                    input,
                )
                self.note(self.say("About: ", "产品或服务：") + "、".join(offerings.values()))
                for hour in hours:
                    english = f"{hour.label.text('en')}: {hour.rule.text('en')}"
                    self.note(self.say(english, f"{hour.label.text()}：{hour.rule.text()}"))
            case inputs.PushPage(page=page, to=to):
                *others, last = (self.name(address) for address in to)
                names = self.say(", ", "、").join(others) + self.say(" and ", "、") + last if others else last
                self.sent(at, MERCHANT_NAME, platform, self.say(f"asks to push page {page} to {names}", f"请向{names}推送预约界面{page}"))
            case inputs.Book(user=user, window=window, name=name):
                self.sent(
                    at,
                    self.name(user),
                    platform,
                    self.say(
                        f"books {window.text(ZONE, 'en')}, under the name {name}, for the phone it is sent from",
                        f"预约{window.text(ZONE)}；姓名{name}，联系方式为发送号码",
                    ),
                    input,
                )
                if isinstance(answer, Booked):
                    self.users[answer.reservation] = self.name(user)
                    self.queued[answer.reservation] = max(at, window.start)
                    state = self.say(answer.state.text("en"), answer.state.text())
                    self.note(self.say(f"reservation {answer.reservation}: {state}", f"预约{answer.reservation}：{state}"))
            case inputs.ChooseMode(mode=mode, reservation=reservation):
                words = self.say(
                    f"for reservation {reservation}: {_MODES[mode]}", f"预约{reservation}选择{mode.text()}"
                )
                self.sent(at, self.say(f"{MERCHANT_NAME}'s chatbot", f"{MERCHANT_NAME}Chatbot"), platform, words, input)
            case inputs.RequestCall(line=line, target=ForReservation(reservation=reservation)):
                self.requested(asked, line, reservation)
            case inputs.RequestCall(line=line):
                self.requested(asked, line, 0)
            case inputs.Cancel(user=user, reservation=reservation):
                words = self.say(f"takes reservation {reservation} back", f"取消预约{reservation}")
                self.sent(at, self.name(user), platform, words)
            case inputs.Amend(user=user, reservation=reservation):
                words = self.say(f"changes reservation {reservation}", f"修改预约{reservation}")
                self.sent(at, self.name(user), platform, words)
            case inputs.Acknowledge(user=user, reservation=reservation):
                words = self.say(f"confirms reservation {reservation}", f"确认预约{reservation}")
                self.sent(at, self.name(user), platform, words)
            case inputs.ChooseSlot(reservation=reservation):
                words = self.say(f"chooses a slot for reservation {reservation}", f"为预约{reservation}选择通话时段")
                self.sent(at, self.name(CHATBOT), platform, words)
            case inputs.MerchantReady(reservation=reservation):
                words = self.say(f"is ready for reservation {reservation}", f"预约{reservation}已准备完毕")
                self.sent(at, self.name(CHATBOT), platform, words)
            case inputs.Decline(reservation=reservation):
                words = self.say(f"declines reservation {reservation}", f"谢绝预约{reservation}")
                self.sent(at, self.name(CHATBOT), platform, words)
            case inputs.LegProgress(leg=leg):
                self.rings[leg].rang = at
                who = self.legs[leg]
                self.line(at, Text(self.say(f"{who}'s phone rings", f"{who}的电话响铃"), style="yellow"))
            case inputs.LegAnswered(leg=leg):
                self.answered(at, leg)
            case inputs.LegEnded():
                self.ended(at, input)
            case inputs.EffectFailed(sequence=sequence):
                words = self.say(f"the switch was too late for effect {sequence}", f"交换机未能及时执行动作{sequence}")
                self.line(at, Text(words, style="red"))
            case inputs.Block(user=user):
                self.sent(at, self.name(user), platform, self.say("blocks the merchant", "屏蔽该商户"))
            case inputs.Unblock(user=user):
                self.sent(at, self.name(user), platform, self.say("takes the block back", "解除屏蔽"))
            case inputs.PresetMode(mode=mode):
                chatbot = self.say(f"{MERCHANT_NAME}'s chatbot", f"{MERCHANT_NAME}Chatbot")
                if mode is None:
                    words = self.say("shall be asked again, booking by booking", "此后逐个预约选择通话方式")
                else:
                    words = self.say(f"presets for later bookings: {_MODES[mode]}", f"预先设置此后的预约：{mode.text()}")
                self.sent(at, chatbot, platform, words)
            case inputs.PlayFinished() | inputs.Resync() | inputs.SetPolicy() | inputs.ConfirmClock() | inputs.ImportNumbers():
                pass
            case inputs.Freeze(by=by, why=why):
                self.line(at, Text(self.say(f"the operator freezes: {why} ({by})", f"运营方暂停呼叫：{why}（{by}）"), style="red"))
            case inputs.Thaw(by=by, why=why):
                self.line(at, Text(self.say(f"the operator thaws: {why} ({by})", f"运营方恢复呼叫：{why}（{by}）"), style="red"))
            case inputs.Follow(account=account):
                self.sent(at, self.account(account), platform, self.say("follows the public account", "关注公众号"), input)
            case inputs.RequestBinding(account=account, number=number):
                words = self.say(f"asks to bind {self.name(number)}'s number", f"请求绑定{self.name(number)}的号码")
                self.sent(at, self.account(account), platform, words, input)
            case inputs.ConfirmBinding(account=account):
                self.sent(at, self.account(account), platform, self.say("gives the code that came to the number", "输入该号码收到的验证码"))
            case inputs.CallFailed(caller=caller, callee=callee):
                self.call_failed(at, caller, callee, answer)
            case inputs.Recorded(voice_message=message, seconds=seconds):
                who = self.callers.get(message, "?")
                words = self.say(f"{who} has spoken for {seconds} s: voice message {message}", f"{who}留言{seconds}秒（语音留言{message}）")
                self.line(at, Text(words, style="green"), input)
            case inputs.OpenMessage(account=account, voice_message=message):
                words = self.say(f"taps on voice message {message}", f"点击收听语音留言{message}")
                self.sent(at, self.account(account), platform, words, input)
                if isinstance(answer, MessageOpened):
                    who = self.callers.get(message, "?")
                    self.note(self.say(f"plays what {who} said", f"播放{who}的留言"), "green")
            case inputs.RequestCallBack(account=account, voice_message=message):
                words = self.say(f"asks to be called back for voice message {message}", f"请语音留言{message}的来电人回电")
                self.sent(at, self.account(account), platform, words)
            case inputs.ImportDoNotCall() | inputs.MessageReported():
                pass
        if isinstance(answer, RingfenceError):
            self.note(self.say(f"refused, {answer.reason}: {answer}", f"被拒绝（{answer.reason}）"), "red")

    def requested(self, asked: Asked, line: PhoneNumber, reservation: int) -> None:
        caller, user = line.dialable(), self.users.get(reservation, "?")
        words = self.say(f"calls for reservation {reservation}, {user}", f"就预约{reservation}（{user}）发起通话请求")
        self.sent(asked.at, caller, self.say("platform", "服务平台"), words, asked.input)
        match asked.answer:
            case CallDenied(leg=leg, reason=reason) as denied:
                self.legs[leg] = caller
                self.judgements.append(_Judgement(asked.at, caller, reservation, denied))
                why = self.say(reason.text("en"), reason.text())
                verdict = Text.assemble((self.say("refused", "拒绝"), "bold red"), self.say(f", {reason}: {why}", f"（{reason}）：{why}"))
                if denied.retry_at is not None:
                    at = self.moment(denied.retry_at, asked.at)
                    verdict.append(self.say(f"; retry at {at}", f"，{at}起可再呼叫"))
                self.note(verdict)
            case CallAllowed(leg=leg):
                self.legs[leg] = caller
            case _:
                pass

    def moment(self, when: datetime, now: datetime) -> str:
        """A time of day, with the day if that is another than today."""
        clock = f"{when:%H:%M:%S}"
        if when.date() == now.date():
            return clock
        return self.say(f"{when:%A} {when.day} {when:%B}, {clock}", f"{when.month}月{when.day}日{clock}")

    def answered(self, at: datetime, leg: int) -> None:
        who = self.legs[leg]
        if leg in self.rings:
            if leg not in self.hung_up:
                self.rings[leg].how = ("answered", "接听")
                self.rings[leg].ended = at
                self.line(at, Text(self.say(f"{who} answers", f"{who}接听"), style="green"))
            else:
                words = self.say(f"{who} picks up, but the hang-up is on its way", f"{who}在挂断途中摘机")
                english, chinese = self.rings[leg].how
                self.rings[leg].how = (f"{english}; picked up too late", f"{chinese}；摘机过晚，未接通")
                self.line(at, Text(words, style="green"))
        else:
            self.line(at, Text(self.say(f"{who}'s call is answered", f"{who}的来电已应答")))

    def call_failed(self, at: datetime, caller: PhoneNumber | None, callee: PhoneNumber, answer: Reply | RingfenceError) -> None:
        who = self.say("somebody", "有人") if caller is None else self.name(caller)
        words = self.say(f"{who} calls {self.name(callee)} without a reservation", f"{who}未经预约呼叫{self.name(callee)}")
        self.line(at, Text(words))
        if isinstance(answer, CallJudged):
            self.legs[answer.leg] = who

    def ended(self, at: datetime, ended: inputs.LegEnded) -> None:
        leg, who = ended.leg, self.legs[ended.leg]
        ring = self.rings.get(leg)
        if ended.evidence.announcements:
            if ring is not None:
                ring.how, ring.ended = ("switched off", "已关机"), at
            words = self.say(f"{who}'s phone is switched off: the network announces it", f"{who}的电话已关机（网络播报）")
            self.line(at, Text(words, style="yellow"))
        elif ended.evidence.q850_cause == 17:
            if ring is not None:
                ring.how, ring.ended = ("busy", "占线"), at
            self.line(at, Text(self.say(f"{who}'s phone is busy", f"{who}的电话占线"), style="yellow"))
        elif leg not in self.hung_up:
            self.line(at, Text(self.say(f"{who} hangs up", f"{who}挂机")))
        elif ring is not None and ring.ended is None:
            ring.ended = at

    # What comes out.

    def carried_out(self, at: datetime, effect: Effect) -> None:
        platform = self.say("platform", "服务平台")
        match effect:
            case Send(to=to, content=content):
                self.sent(at, platform, self.name(to), self.kind_of(content), content)
                if isinstance(content, VoiceMessage) and to.scheme == "wechat":
                    self.message(*_as_template_message(to, content, effect.message))
                else:
                    self.message(content.text("zh-CN"), content.text("en"), content._tag)
            case Dial(leg=leg, to=number):
                who = self.name(number)
                self.legs[leg] = who
                self.rings[leg] = _Ring(who, at)
                if effect.party is Party.MERCHANT:
                    self.served.setdefault(effect.reason.reservation, at)
                seconds, limit = effect.ring_timeout_ms // 1000, f"{effect.not_after:%H:%M:%S}"
                terms = self.say(f", for {seconds} s at most and not after {limit}; the phone shows", f"，最长响铃{seconds}秒，{limit}起不得再呼叫；来电显示")
                about = ""
                if effect.party is Party.MERCHANT:
                    user = self.users.get(effect.reason.reservation, "?")
                    about = self.say(f" for reservation {effect.reason.reservation}, {user}", f"（预约{effect.reason.reservation}，{user}）")
                self.line(at, Text.assemble((platform, "bold"), self.say(" dials ", "呼叫"), (who, "bold"), about, terms), effect)
                shown = effect.from_.dialable()
                self.message(f"{shown} {effect.reason.text('zh-CN')}", f"{shown} {effect.reason.text('en')}")
            case Answer(leg=leg):
                words = self.say(f"answer {self.legs[leg]}'s call", f"应答{self.legs[leg]}的来电")
                self.line(at, Text.assemble((platform, "bold"), self.say(" to the switch: ", "→交换机："), words))
            case Reject(leg=leg, cause=cause, sip_status=sip, q850_cause=q850):
                why = self.say(cause.text("en"), cause.text())
                words = self.say(f" turns {self.legs[leg]}'s call away: {why}", f"拒接{self.legs[leg]}的来电：{why}")
                self.line(at, Text.assemble((platform, "bold"), words, (f" (SIP {sip}, Q.850 {q850})", "dim")))
            case Play(leg=leg, prompt=prompt):
                self.line(at, Text.assemble((self.legs[leg], "bold"), self.say(" hears", "听到")))
                self.message(prompt.text("zh-CN"), prompt.text("en"))
            case HangUp():
                self.hang_up(at, effect)
            case Audit(record=record):
                self.audited(at, record)
            case Join():
                self.joined(at, [effect.leg])
            case RecordVoice(leg=leg, voice_message=message, reason=reason, seconds_max=seconds):
                self.callers[message] = self.legs[leg]
                self.line(at, Text.assemble((self.legs[leg], "bold"), self.say(" hears", "听到")), effect)
                why = _REASONS.get(reason, (Prompt.USER_UNREACHABLE, "", ""))[0]
                self.message(
                    f"{why.text('zh-CN')}。您可以留言，留言将被录音，最长{seconds}秒。请在提示音后讲话",
                    f"{why.text('en')} You can leave a message, which is recorded, of {seconds} s at most. Please speak after the tone.",
                )
            case Archive() | Erase() | Transcribe() | VoiceMessageArchive():
                pass

    def joined(self, at: datetime, legs: list[int]) -> None:
        names = self.say(" and ", "和").join(self.legs[leg] for leg in legs)
        words = self.say(f"{names} are connected", f"{names}的通话通道建立")
        self.line(at, Text(words, style="bold green"))

    def hang_up(self, at: datetime, effect: HangUp) -> None:
        who, leg = self.legs[effect.leg], effect.leg
        again = leg in self.hung_up
        self.hung_up.add(leg)
        ring = self.rings.get(leg)
        if ring is not None and ring.ended is None:
            ring.ended = at
            ring.how = _HOW.get(effect.cause, ("ended", "结束"))
        why = self.say(effect.cause.text("en"), effect.cause.text())
        if again:
            words = self.say(f" ends {who}'s leg once more; nobody is connected ({why})", f"再次挂断{who}（{why}），未予接通")
        else:
            words = self.say(f" ends {who}'s leg: {why}", f"挂断{who}：{why}")
        self.line(at, Text.assemble((self.say("platform", "服务平台"), "bold"), words))
        if effect.prompt is not None:
            self.note(self.say(f"{who} hears first", f"{who}先听到"), "")
            self.message(effect.prompt.text("zh-CN"), effect.prompt.text("en"))

    def audited(self, at: datetime, record: AuditRecord) -> None:
        match record:
            case Judged(leg=leg, reservation=int(reservation), rule=Permitted() as rule):
                self.judgements.append(_Judgement(at, self.legs[leg], reservation, rule))
                allowed = Text.assemble((self.say("allowed", "允许"), "bold green"), self.say(": ", "："), self.permission(rule))
                self.note(allowed)
            case UserDialled(rule=Permitted() as rule, reservation=reservation, revision=revision):
                user = self.users.get(reservation, "?")
                words = self.say(
                    f": {user}'s phone may ring by reservation {reservation}, revision {revision}",
                    f"：依据预约{reservation}第{revision}版可呼叫{user}",
                )
                if rule.mode is CallMode.PLATFORM_CALLS:
                    # In the other mode the verdict above says it.
                    self.judgements.append(_Judgement(at, self.say("platform", "服务平台"), reservation, rule))
                    words += self.say(": ", "，") + self.permission(rule)
                self.line(at, Text.assemble((self.say("audit", "审计"), "bold green"), words))
            case Grouped(call=call, reservations=reservations):
                names = "、".join(self.users.get(reservation, "?") for reservation in reservations)
                self.note(self.say(f"audit: {names} share call {call}", f"审计：{names}共用通话通道{call}"))
            case FailedCall(leg=leg, reason=reason, ruling=Offered()):
                _, english, chinese = _REASONS.get(reason, (None, "not reached", "无法接通"))
                who = self.legs[leg]
                self.note(self.say(f"audit: {english}, so {who} is offered the recorder", f"审计：{chinese}，{who}可以留言"), "green")
            case FailedCall(leg=leg):
                self.note(self.say(f"audit: {self.legs[leg]} is not offered the recorder", f"审计：{self.legs[leg]}不可留言"))
            case VoiceMessageDelivered(voice_message=message):
                self.line(at, Text(self.say(f"WeChat reports: voice message {message} is delivered", f"微信报告：语音留言{message}已送达")))
            case DialWithdrawn(leg=leg):
                who = self.legs.get(leg, "?")
                self.note(self.say(f"audit: the dial of {who} was taken back", f"审计：对{who}的呼叫已撤回"))
            case LegLost(leg=leg):
                who = self.legs.get(leg, "?")
                self.note(self.say(f"audit: {who}'s leg was counted as gone without a report", f"审计：{who}的通话腿未报告即视为结束"))
            case BookedRecord(window=window):
                hours = self.hours(window)
                self.note(self.say(f"audit: {MERCHANT_NAME} may call, {hours} only", f"审计：仅{hours}内允许{MERCHANT_NAME}来电"))
            case PolicySet():
                self.note(self.say("audit: new rules", "审计：规则已更改"))
            case NumberLeased(number=PhoneNumber() as number):
                self.note(self.say(f"audit: leased the virtual number {number.dialable()}", f"审计：分配虚拟号码{number.dialable()}"))
            case NumberLeased():
                self.note(self.say("audit: no virtual number is left; the platform calls", "审计：虚拟号码已用完，由服务平台呼叫"))
            case NumbersLow(left=left):
                self.note(self.say(f"audit: {left} virtual numbers are left", f"审计：剩余虚拟号码{left}个"))
            case AmendedRecord(reservation=reservation, revision=revision):
                self.note(self.say(f"audit: reservation {reservation}, revision {revision}", f"审计：预约{reservation}第{revision}版"))
            case Rebased(call=call, revision=revision):
                self.note(self.say(f"audit: call {call} goes on under revision {revision}", f"审计：通话{call}转入第{revision}版"))
            case AcknowledgedRecord(reservation=reservation):
                self.note(self.say(f"audit: reservation {reservation} was confirmed", f"审计：预约{reservation}已获确认"))
            case DeclinedRecord(reservation=reservation):
                self.note(self.say(f"audit: reservation {reservation} was declined", f"审计：预约{reservation}已被谢绝"))
            case Frozen():
                self.note(self.say("audit: new calls are stopped", "审计：已暂停呼叫"))
            case Thawed():
                self.note(self.say("audit: calls may ring again", "审计：已恢复呼叫"))
            case Undelivered(message=message):
                self.note(self.say(f"audit: message {message} did not arrive", f"审计：消息{message}未能送达"), "red")
            case DoNotCallChanged(listed=listed):
                self.note(self.say(f"audit: {listed} numbers are on the do-not-call list", f"审计：免打扰名单现有{listed}个号码"))
            case ErasedRecord(reservations=reservations):
                count = len(reservations)
                self.note(self.say(f"audit: a user is forgotten, with {count} reservations", f"审计：已删除一位用户的信息，涉及{count}个预约"))
            case Judged() | UserDialled():
                pass

    def hours(self, window: Window) -> str:
        return f"{window.start.astimezone(ZONE):%H:%M}-{window.end.astimezone(ZONE):%H:%M}"

    def permission(self, rule: Permitted) -> str:
        hours = self.hours(rule.window)
        return self.say(
            f"inside the booked window {hours}; mode in force: {_MODES[rule.mode]}", f"在预约时间段{hours}内，{rule.mode.text()}"
        )

    def in_short(self, rule: Permitted) -> str:
        hours = self.hours(rule.window)
        return self.say(f"inside {hours}, {_MODES[rule.mode]}", f"在{hours}内，{rule.mode.text()}")

    # Names, and the summary.

    def account(self, account: AccountId) -> str:
        who = NAMES[ZHANG_PHONE] if account == ZHANG_ACCOUNT else "?"
        return self.say(f"{who}'s WeChat", f"{who}的微信")

    def name(self, who: Address | PhoneNumber) -> str:
        if who == Address(f"wechat:{ZHANG_ACCOUNT.in_full()}"):
            return self.account(ZHANG_ACCOUNT)
        if who == CHATBOT:
            return self.say(f"{MERCHANT_NAME}'s chatbot", f"{MERCHANT_NAME}Chatbot")
        number = who.number if isinstance(who, Address) else who
        return "?" if number is None else NAMES.get(number.dialable(), str(number))

    def kind_of(self, content: Content) -> str:
        english, chinese = _KINDS[content._tag or ""]
        if isinstance(content, BookingPage):
            english = f"{english}, version {content.version}"
        return self.say(english, chinese)

    def rang_rows(self) -> Iterator[tuple[str, str, Text]]:
        for ring in self.rings.values():
            span = f"{ring.rang or ring.dialled:%H:%M:%S}" + ("" if ring.ended is None else f"-{ring.ended:%H:%M:%S}")
            silent = self.say(", did not ring", "，未响铃") if ring.rang is None else ""
            yield span, ring.who, Text(self.say(*ring.how) + silent)

    def judged_rows(self) -> Iterator[tuple[str, str, Text]]:
        for judged in self.judgements:
            user = self.users.get(judged.reservation, "?")
            match judged.rule:
                case CallDenied(reason=reason, retry_at=retry_at):
                    outcome = Text.assemble((self.say("refused", "拒绝"), "red"), f" {reason}")
                    if retry_at is not None:
                        again = self.moment(retry_at, judged.at)
                        outcome.append(self.say(f", again from {again}", f"，{again}起可再呼叫"))
                case Permitted() as rule:
                    outcome = Text.assemble((self.say("allowed", "允许"), "green"), self.say(" ", "："), self.in_short(rule))
            yield f"{judged.at:%H:%M:%S}", f"{judged.who} → {user}", outcome

    def served_rows(self) -> Iterator[tuple[str, str, Text]]:
        """Those that the platform served, in that order, and those that it could not serve."""
        for reservation, at in sorted(self.served.items(), key=lambda item: item[1]):
            waited = int((at - self.queued[reservation]).total_seconds())
            minutes, seconds = divmod(waited, 60)
            words = self.say(f"waited {minutes} min {seconds} s for a channel", f"等待通道{minutes}分{seconds}秒")
            yield f"{at:%H:%M:%S}", self.users[reservation], Text(words)
        for reservation in self.queued:
            if reservation not in self.served:
                words = self.say("no channel came free before the window ended", "时段结束前没有空闲通道")
                yield "", self.users[reservation], Text(words, style="red")

    def summary(self, title: str, rows: Iterable[tuple[str, str, Text]]) -> None:
        self.console.print(Text(title, style="bold"))
        table = [(Text(when, style="dim"), Text(who), what) for when, who, what in rows]
        for line in columns(table, self.console.width - 2) or [Text(self.say("none", "无"))]:
            self.put(line, "  ", "  ")


_MODES = {
    CallMode.MERCHANT_CALLS: "the merchant calls",
    CallMode.PLATFORM_CALLS: "the platform calls",
}

_KINDS = {
    "booking_page": ("the booking page", "预约界面"),
    "result": ("the result of the booking", "预约结果"),
    "contact_unconfirmed": ("the contact must confirm", "联系方式待确认"),
    "reservation": ("the reservation", "预约信息"),
    "mode_options": ("how shall it be called?", "通知信息：通话方式选项"),
    "cancelled": ("the cancellation", "取消通知"),
    "missed": ("there was no conversation", "未通话通知"),
    "cancelled_for_merchant": ("the cancellation", "取消通知"),
    "missed_for_merchant": ("there was no conversation", "未通话通知"),
    "search_entry": ("the search entry", "搜索入口"),
    "search_results": ("the search results", "搜索结果"),
    "amended": ("the changed reservation", "修改后的预约信息"),
    "slot_over": ("the slot is over", "时段已过通知"),
    "on_hold": ("the reservation waits for its holder", "预约待机主确认"),
    "declined": ("the merchant declines", "商户谢绝通知"),
    "manage_page": ("the page to manage it", "管理预约界面"),
    "reminder": ("a reminder", "预约提醒"),
    "binding_challenge": ("a code to bind the number", "号码绑定验证码"),
    "binding_changed": ("what became of a number", "号码绑定通知"),
    "voice_message": ("a voice message, as a template message", "语音留言（模板消息）"),
    "voice_message_undelivered": ("the voice message did not arrive", "语音留言未送达"),
    "voice_message_undelivered_for_merchant": ("the voice message did not arrive", "语音留言未送达"),
    "call_back_requested": ("please call back", "请回电"),
    "call_back_requested_for_merchant": ("please call back", "请回电"),
}


def _as_template_message(to: Address, said: VoiceMessage, message: int) -> tuple[str, str]:
    """A voice message as its holder sees it in WeChat: the operator's template with the fields of the request that a host posts."""
    merchant = f"{said.merchant_name} " if said.merchant_name else ""
    caller = "" if said.caller is None else said.caller.dialable()
    at, length = said.at.astimezone(ZONE), f"{said.seconds // 60:02}:{said.seconds % 60:02}"
    fields = {
        "thing1": merchant + (caller or "未显示号码"),
        "phone_number2": said.number.masked(),
        "time3": f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}",
        "thing4": f"语音留言 {length}",
    }
    account, link = to.in_full().partition(":")[2], f"https://voice.example/{said.voice_message}"
    sent = template_request(account=account, template="VOICE_MESSAGE", client_message=f"RF-{message}", url=link, fields=fields)
    shown = [value["value"] for value in json.loads(sent.json)["data"].values()]
    labels = ("来电人", "呼叫号码", "来电时间", "内容")
    chinese = ["语音留言提醒", *(f"{label}：{value}" for label, value in zip(labels, shown, strict=True))]
    english = [
        "You have a voice message",
        f"From: {merchant}{caller or 'a number that is withheld'}",
        f"Called: {said.number.masked()}",
        f"When: {at:%a} {at.day} {at:%b %Y %H:%M}",
        f"What: a voice message, {length}",
    ]
    return "\n".join([*chinese, "点击收听 ›"]), "\n".join([*english, "Tap to listen ›"])


_REASONS = {
    FailureReason.BUSY: (Prompt.USER_BUSY, "busy", "正在通话中"),
    FailureReason.POWERED_OFF: (Prompt.USER_POWERED_OFF, "switched off", "已关机"),
    FailureReason.OUT_OF_SERVICE_AREA: (Prompt.USER_OUT_OF_AREA, "out of the service area", "不在服务区"),
    FailureReason.SUSPENDED: (Prompt.USER_SUSPENDED, "suspended", "已停机"),
}
"""What a caller hears of each reason under which he may leave a message, and the reason in a word."""


def _without_numbers(text: str) -> str:
    """A text with the tails of all users' numbers hidden."""
    for number in NAMES:
        if number.startswith("+"):
            text = text.replace(number, PhoneNumber(number).masked())
    return text


_HOW = {
    ReleaseCause.WINDOW_ENDED: ("silenced: the window ended", "时间段结束，停止响铃"),
    ReleaseCause.WITHDRAWN: ("silenced: the user cancelled", "用户取消，停止响铃"),
    ReleaseCause.NO_ANSWER: ("nobody answered", "无人接听"),
    ReleaseCause.OTHER_SIDE_GONE: ("silenced: the other side was gone", "对方已挂断，停止响铃"),
}
