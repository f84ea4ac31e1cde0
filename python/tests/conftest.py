"""What the tests share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ringfence import Booked, Line, Platform, Window

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "tests" / "scenarios"
SHANGHAI = ZoneInfo("Asia/Shanghai")
USER = "rcs:+8613800000001"


def at(text: str) -> datetime:
    """That time in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


EVENING = Window(at("2026-11-21T18:00"), at("2026-11-21T20:00"))


@pytest.fixture
def platform() -> Platform:
    """A platform with merchant 1, his line 95511 and page 10 for one evening."""
    platform = Platform()
    now = at("2026-11-20T09:00")
    platform.register_merchant(
        now, merchant=1, name="商户1", lines=[Line("95511", channels=2)], zone="Asia/Shanghai", chatbot="sip:1@chatbot.example"
    )
    platform.publish_page(now, page=10, merchant=1, offerings={1: "车险"}, windows=[EVENING])
    return platform


@pytest.fixture
def book(platform: Platform) -> Callable[..., Booked]:
    """Books the evening on that platform."""

    def book(user: str = USER) -> Booked:
        return platform.book(at("2026-11-20T09:05"), user=user, page=10, offering=1, window=EVENING, name="张三")

    return book
