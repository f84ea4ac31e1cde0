"""The stories of figures 2 and 3 of seed 000, of the queue, of the shared call, of the refused call, and of the missed call of seed 003, as scripts for a simulated switch.

`ringfence demo` plays them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from . import inputs
from ._values import AccountId, Address, CallMode, Hours, HoursLabel, Line, PhoneNumber, Weekday, WeeklyRule, Window, Zone
from .replies import Booked
from .simulated import Answers, Busy, Off, Rings, Switch

__all__ = ["STORIES", "Story"]


@dataclass(frozen=True, slots=True)
class Story:
    """A story: its name on the command line, its title in both languages, what it shows, and its script."""

    name: str
    title: str
    title_chinese: str
    about: str
    about_chinese: str
    play: Callable[[Switch], None]


ZONE: Final = ZoneInfo("Asia/Shanghai")
LINE: Final = "95511"
MERCHANT: Final = 1
PAGE: Final = 10
CHATBOT: Final = Address("sip:1065000000@chatbot.example")
ZHANG: Final = Address("rcs:+8613800000001")
LI: Final = Address("rcs:+8613900000002")
ZHANG_PHONE: Final = "+8613800000001"
LI_PHONE: Final = "+8613900000002"
QUEUE: Final = {
    ZHANG_PHONE: "张三",
    LI_PHONE: "李四",
    "+8613800000003": "王五",
    "+8613800000004": "赵六",
    "+8613800000005": "孙七",
    "+8613800000006": "周八",
}
STRANGERS_LINE: Final = "95588"

NAMES: Final = {**QUEUE, LINE: LINE}
ZHANG_ACCOUNT: Final = AccountId("oIBUkuN1zZh_3FvGB-wAXMzRzxE4")
"""张三 at the public account that the platform writes from."""
MERCHANT_NAME: Final = "商户1"


def _day(switch: Switch, day: str) -> Callable[[str], datetime]:
    return lambda clock: datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZONE)


def _sign_up(switch: Switch, friday: Callable[[str], datetime], group_size_max: int | None = None) -> None:
    """The merchant registers and publishes his page (S301)."""
    switch.at(
        friday("09:00"),
        lambda: switch.ask(
            inputs.RegisterMerchant(
                merchant=MERCHANT,
                name=MERCHANT_NAME,
                lines=(Line(LINE, channels=2),),
                zone=Zone("Asia/Shanghai"),
                chatbot=CHATBOT,
                contact="李经理",
                address="北京市西城区金融大街1号",
            )
        ),
    )
    working = [Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI]
    switch.at(
        friday("09:01"),
        lambda: switch.ask(
            inputs.PublishPage(
                page=PAGE,
                merchant=MERCHANT,
                chatbot=CHATBOT,
                offerings={1: "车险", 2: "寿险"},
                hours=(
                    Hours(HoursLabel.WORKING, WeeklyRule(working, "09:00", "18:00")),
                    Hours(HoursLabel.NON_WORKING, WeeklyRule(list(Weekday), "18:00", "20:00")),
                ),
                group_size_max=group_size_max,
            )
        ),
    )


def _book(switch: Switch, user: Address, name: str, window: Window, share: bool = False) -> int:
    reply = switch.ask(inputs.Book(user=user, page=PAGE, offering=1, window=window, name=name, share=share))
    if not isinstance(reply, Booked):
        raise RuntimeError(f"the story needs this booking: {reply}")
    return reply.reservation


def _figure_2(switch: Switch) -> None:
    friday, saturday = _day(switch, "2026-11-20"), _day(switch, "2026-11-21")
    evening = Window(saturday("18:00"), saturday("20:00"))
    _sign_up(switch, friday)
    switch.at(friday("09:02"), lambda: switch.ask(inputs.PushPage(page=PAGE, to=(ZHANG,))))
    switch.run_until(friday("09:05"))
    zhang = _book(switch, ZHANG, "张三", evening)
    # Picked up in the moment of the cancellation: the answer and the hang-up cross.
    switch.phones[ZHANG_PHONE] = [Answers(after=timedelta(seconds=9, milliseconds=100), starts=timedelta(seconds=2))]
    switch.at(saturday("17:59:59"), lambda: switch.call_in(LINE, zhang))
    switch.at(saturday("18:00:00"), lambda: switch.call_in(LINE, zhang))
    switch.at(saturday("18:00:09"), lambda: switch.ask(inputs.Cancel(user=ZHANG, reservation=zhang)))
    switch.at(saturday("18:01:00"), lambda: switch.call_in(LINE, zhang))
    switch.run_until(saturday("20:01"))


def _figure_3_merchant(switch: Switch) -> None:
    friday, saturday = _day(switch, "2026-11-27"), _day(switch, "2026-11-28")
    evening = Window(saturday("18:00"), saturday("20:00"))
    _sign_up(switch, friday)
    switch.at(friday("09:02"), lambda: switch.ask(inputs.PushPage(page=PAGE, to=(ZHANG, LI))))
    switch.run_until(friday("09:05"))
    zhang = _book(switch, ZHANG, "张三", evening)
    switch.run_until(friday("09:06"))
    li = _book(switch, LI, "李四", evening)
    for minute, reservation in (("09:10", zhang), ("09:11", li)):
        choice = inputs.ChooseMode(merchant=MERCHANT, reservation=reservation, mode=CallMode.MERCHANT_CALLS)
        switch.at(friday(minute), lambda choice=choice: switch.ask(choice))  # type: ignore[misc]
    switch.phones[ZHANG_PHONE] = [Answers(after=timedelta(seconds=6), talks=timedelta(minutes=4))]
    switch.phones[LI_PHONE] = [Busy(after=timedelta(seconds=2)), Rings()]
    switch.at(saturday("17:59:59"), lambda: switch.call_in(LINE, zhang))
    switch.at(saturday("18:00:00"), lambda: switch.call_in(LINE, zhang))
    switch.at(saturday("18:02:00"), lambda: switch.call_in(LINE, li))
    switch.at(saturday("18:03:00"), lambda: switch.call_in(LINE, li))
    switch.at(saturday("18:10:00"), lambda: switch.call_in(LINE, zhang))
    switch.at(saturday("19:59:40"), lambda: switch.call_in(LINE, li))
    switch.at(saturday("20:00:00"), lambda: switch.call_in(LINE, li))
    switch.run_until(saturday("20:01"))


def _figure_3_platform(switch: Switch) -> None:
    friday, saturday = _day(switch, "2026-12-04"), _day(switch, "2026-12-05")
    evening = Window(saturday("18:00"), saturday("20:00"))
    _sign_up(switch, friday)
    switch.at(friday("09:02"), lambda: switch.ask(inputs.PushPage(page=PAGE, to=(ZHANG,))))
    switch.run_until(friday("09:05"))
    zhang = _book(switch, ZHANG, "张三", evening)
    choice = inputs.ChooseMode(merchant=MERCHANT, reservation=zhang, mode=CallMode.PLATFORM_CALLS)
    switch.at(friday("09:10"), lambda: switch.ask(choice))
    switch.phones[LINE] = [Answers(after=timedelta(seconds=5)), Answers(after=timedelta(seconds=4))]
    switch.phones[ZHANG_PHONE] = [
        Busy(after=timedelta(seconds=3)),
        Answers(after=timedelta(seconds=7), talks=timedelta(minutes=6)),
    ]
    switch.at(saturday("17:59:59"), lambda: switch.call_in(LINE, zhang))
    switch.at(saturday("18:02:00"), lambda: switch.call_in(LINE, zhang))
    switch.run_until(saturday("20:01"))


def _queue(switch: Switch) -> None:
    friday, saturday = _day(switch, "2026-12-11"), _day(switch, "2026-12-12")
    quarter = Window(saturday("18:00"), saturday("18:15"))
    users = {Address(f"rcs:{number}"): name for number, name in QUEUE.items()}
    _sign_up(switch, friday)
    switch.run_until(friday("09:02"))
    switch.ask(inputs.PresetMode(merchant=MERCHANT, mode=CallMode.PLATFORM_CALLS))
    switch.at(friday("09:03"), lambda: switch.ask(inputs.PushPage(page=PAGE, to=tuple(users))))
    for minute, (user, name) in enumerate(users.items(), start=5):
        switch.run_until(friday(f"09:{minute:02}"))
        _book(switch, user, name, quarter)
    switch.phones[LINE] = [Answers(after=timedelta(seconds=3)) for _ in users]
    for number in QUEUE:
        switch.phones[number] = [Answers(after=timedelta(seconds=5), talks=timedelta(minutes=8))]
    switch.phones[LI_PHONE] = [Busy(after=timedelta(seconds=2))]
    switch.run_until(saturday("18:20"))
    switch.ask(inputs.PresetMode(merchant=MERCHANT, mode=None))


def _shared(switch: Switch) -> None:
    friday, saturday = _day(switch, "2026-12-18"), _day(switch, "2026-12-19")
    quarter = Window(saturday("18:00"), saturday("18:15"))
    users = list(QUEUE.items())[:4]
    _sign_up(switch, friday, group_size_max=3)
    switch.run_until(friday("09:02"))
    switch.ask(inputs.PresetMode(merchant=MERCHANT, mode=CallMode.PLATFORM_CALLS))
    switch.at(friday("09:03"), lambda: switch.ask(inputs.PushPage(page=PAGE, to=(ZHANG,))))
    for minute, (number, name) in enumerate(users, start=5):
        switch.run_until(friday(f"09:{minute:02}"))
        _book(switch, Address(f"rcs:{number}"), name, quarter, share=name != "赵六")
    switch.phones[LINE] = [Answers(after=timedelta(seconds=3)) for _ in range(4)]
    for second, (number, _) in enumerate(users, start=4):
        switch.phones[number] = [Answers(after=timedelta(seconds=second), talks=timedelta(minutes=second))]
    switch.phones[LI_PHONE] = [Busy(after=timedelta(seconds=2)), Rings()]
    switch.run_until(saturday("18:20"))
    switch.ask(inputs.PresetMode(merchant=MERCHANT, mode=None))


def _outside(switch: Switch) -> None:
    friday, saturday = _day(switch, "2026-12-25"), _day(switch, "2026-12-26")
    early, late = Window(saturday("18:00"), saturday("19:00")), Window(saturday("19:00"), saturday("20:00"))
    _sign_up(switch, friday)
    switch.run_until(friday("09:05"))
    zhang = _book(switch, ZHANG, "张三", late)
    switch.run_until(friday("09:06"))
    li = _book(switch, LI, "李四", early)
    switch.phones[ZHANG_PHONE] = [Busy(after=timedelta(seconds=2)), Answers(after=timedelta(seconds=4), talks=timedelta(minutes=3))]
    switch.at(friday("18:30:00"), lambda: switch.call_in(LINE, zhang))
    switch.at(saturday("18:59:59"), lambda: switch.call_in(LINE, zhang))
    switch.at(saturday("18:59:59"), lambda: switch.call_in(STRANGERS_LINE, li))
    switch.at(saturday("19:00:00"), lambda: switch.call_in(LINE, zhang))
    switch.at(saturday("19:00:00"), lambda: switch.call_in(LINE, li))
    switch.at(saturday("19:01:00"), lambda: switch.call_in(LINE, zhang))
    switch.at(saturday("19:05:02"), lambda: switch.call_in(LINE, zhang))
    switch.at(saturday("19:30:00"), lambda: switch.call_in(LINE, zhang))
    switch.run_until(saturday("20:01"))


def _missed_call(switch: Switch) -> None:
    friday, saturday = _day(switch, "2027-01-08"), _day(switch, "2027-01-09")
    evening = Window(saturday("18:00"), saturday("20:00"))
    number = PhoneNumber(ZHANG_PHONE)
    switch.at(friday("08:59"), lambda: switch.ask(inputs.RotateKey(id=switch.platform.keyring.ids[0])))
    _sign_up(switch, friday)
    switch.at(friday("09:02"), lambda: switch.ask(inputs.Follow(account=ZHANG_ACCOUNT)))
    switch.at(friday("09:03"), lambda: switch.ask(inputs.RequestBinding(account=ZHANG_ACCOUNT, number=number)))
    switch.at(
        friday("09:03:30"), lambda: switch.ask(inputs.ConfirmBinding(account=ZHANG_ACCOUNT, number=number, code=switch.codes[ZHANG_PHONE]))
    )
    switch.run_until(friday("09:05"))
    zhang = _book(switch, ZHANG, "张三", evening)
    choice = inputs.ChooseMode(merchant=MERCHANT, reservation=zhang, mode=CallMode.MERCHANT_CALLS)
    switch.at(friday("09:10"), lambda: switch.ask(choice))
    switch.phones[ZHANG_PHONE] = [Off(), Answers(after=timedelta(seconds=5), talks=timedelta(minutes=3))]
    switch.at(saturday("18:00"), lambda: switch.call_in(LINE, zhang))
    switch.at(saturday("18:10"), lambda: switch.ask(inputs.OpenMessage(account=ZHANG_ACCOUNT, voice_message=1)))
    switch.at(saturday("18:11"), lambda: switch.ask(inputs.RequestCallBack(account=ZHANG_ACCOUNT, voice_message=1)))
    switch.at(saturday("18:12"), lambda: switch.call_in(LINE, zhang))
    # Nobody's reservation: a friend calls from his own phone.
    switch.at(saturday("21:00"), lambda: switch.call_fails(LI_PHONE, ZHANG_PHONE))
    switch.at(saturday("21:30"), lambda: switch.ask(inputs.OpenMessage(account=ZHANG_ACCOUNT, voice_message=2)))
    switch.at(saturday("21:31"), lambda: switch.ask(inputs.RequestCallBack(account=ZHANG_ACCOUNT, voice_message=2)))
    switch.run_until(saturday("22:00"))


STORIES: Final = {
    story.name: story
    for story in (
        Story(
            "figure-2",
            "Figure 2: a booking outside working hours",
            "图2：预约非工作时间段",
            "A page is pushed, 张三 books an evening, is told when to expect whom, and takes it back while the phone rings.",
            "平台推送预约界面，张三预约晚间时间段并收到结果，在电话响铃时取消预约。",
            _figure_2,
        ),
        Story(
            "figure-3-merchant",
            "Figure 3, the first way: the merchant calls",
            "图3，第一种实现方式：由商户发起通话请求",
            "The merchant chooses to make the calls, and each is judged by the instant at which it is asked for.",
            "商户选择由自己发起通话请求，平台逐次判断发起时间是否在预约时间段内。",
            _figure_3_merchant,
        ),
        Story(
            "figure-3-platform",
            "Figure 3, the second way: the platform calls",
            "图3，第二种实现方式：由服务平台发起通话请求",
            "The platform rings the merchant inside the window, and 张三 once the merchant has answered.",
            "平台在预约时间段内先接通商户，再呼叫张三。",
            _figure_3_platform,
        ),
        Story(
            "queue",
            "The queue: six bookings, two channels",
            "排队：六个预约，两路通道",
            "Six users booked the same quarter of an hour and the line carries two calls: they are called in order, as channels come free. "
            "Who was busy goes to the end, and who was not reached when the window ends is told why.",
            "六位用户预约了同一时段，线路只有两路通道：按预约先后，通道空闲时依次呼叫；占线者排到队尾，时段结束仍未通话者收到说明。",
            _queue,
        ),
        Story(
            "shared-call",
            "The shared call: one merchant, several users",
            "多方通话：一个商户与多个用户",
            "Four users booked the same quarter of an hour, and three agreed to share the call: one channel carries them, each is connected as he answers, "
            "and leaves when he likes. Who did not agree is called alone.",
            "四位用户预约了同一时段，其中三位同意多方通话：共用一路通话通道，谁先接听谁先接通，各自随时可以离开；未同意者单独通话。",
            _shared,
        ),
        Story(
            "outside-the-window",
            "The refused call: outside the window, and when it would be allowed",
            "被拒绝的呼叫：预约时间段之外，以及何时可以再呼叫",
            "The merchant calls too early, too late and too soon again. Each refusal says why and, where there is one, the instant from which "
            "the call would be allowed; a call at that instant goes through.",
            "商户过早、过晚或过于频繁地发起呼叫，平台拒绝并说明原因；若稍后可以呼叫，则告知可再呼叫的时刻，届时呼叫即获允许。",
            _outside,
        ),
        Story(
            "missed-call",
            "The missed call: from a phone that is off to a message that is heard",
            "未接通的呼叫：从关机到收听语音留言",
            "张三's phone is off inside his window. The merchant, whom the reservation permits to call, speaks a message; WeChat brings it to the account that proved the "
            "number, 张三 listens and asks to be called back, and the merchant reaches him. Later 李四 calls from his own phone without any reservation.",
            "预约时间段内张三关机：商户在通话中留言，平台经微信公众号推送给已验证该号码的微信，张三收听后请商户回电，随后接通。之后李四未经预约用手机来电，同样可以留言。",
            _missed_call,
        ),
    )
}
"""The stories by name."""
