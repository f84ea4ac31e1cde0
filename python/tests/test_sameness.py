"""P12: one log gives the same replies and numbered effects, byte for byte, through the typed methods as in Rust."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import SCENARIOS

from ringfence import Done, Keyring, Mismatch, Platform, Policy, Replayer, RingfenceError
from ringfence.effects import effect_from_json
from ringfence.inputs import Dedup, RequestCall, input_from_json
from ringfence.journal import effects_line, header_line, input_line, refusal_line, reply_line
from ringfence.replies import reply_from_json

FILES = sorted(SCENARIOS.glob("*.jsonl"))


class Typed:
    """A host that knows only the typed methods. It hands back what the Rust `Replayer` would."""

    def __init__(self, header: dict[str, Any], hash_seed: int) -> None:
        policy = Policy.from_json(json.dumps(header.get("policy", {})))
        self.hash_seed = hash_seed
        keys = {id: bytes.fromhex(key) for id, key in header.get("test_keys", {}).items()}
        self.platform = Platform(policy, Keyring(keys) if keys else Keyring.random(), hash_seed=hash_seed, shard=header.get("shard", 0))

    def feed(self, line: dict[str, Any]) -> list[str]:
        out = []
        match line:
            case {"at": at, "input": body}:
                dedup = line.get("dedup")
                key = None if dedup is None else (dedup["source"], dedup["key"])
                out.append(self.input(datetime.fromisoformat(at), json.dumps(body), key))
            case {"at": at, "advance": {"budget": budget}}:
                self.platform.advance(datetime.fromisoformat(at), budget=budget)
            case {"confirm": up_to}:
                try:
                    self.platform.confirm(up_to)
                except RingfenceError as error:
                    out.append(refusal_line(error))
            case {"restart": {}}:
                self.hash_seed += 1
                self.platform = Platform.restore(self.platform.snapshot(), self.platform.keyring, hash_seed=self.hash_seed)
        if effects := list(self.platform.effects()):
            out.append(effects_line(effects))
        return out

    def input(self, now: datetime, body: str, key: Dedup | None) -> str:
        input = input_from_json(body)
        ((name, _),) = json.loads(body).items()
        assert input_from_json(input.to_json()) == input
        arguments = {field.name: getattr(input, field.name) for field in fields(input)}
        if isinstance(input, RequestCall):
            # The typed method names its target by what it is.
            target = arguments.pop("target")
            arguments[target._tag] = getattr(target, target._tag)
        try:
            reply = getattr(self.platform, name)(now, **arguments, dedup=key)
        except RingfenceError as error:
            return refusal_line(error)
        assert now.tzinfo is not None
        assert reply_from_json(reply.to_json(), now.tzinfo) == reply
        return reply_line(reply)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("hash_seed", [0, 2**63 + 11])
def test_the_typed_methods_give_the_same_bytes_as_rust(file: Path, hash_seed: int) -> None:
    replayer = Replayer()
    typed: Typed | None = None
    compared = 0
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            expected = replayer.feed(line)
        except Mismatch:
            assert ".twin." in file.name
            break
        document = json.loads(line)
        if "header" in document:
            typed = Typed(document["header"], hash_seed)
        elif "expect" not in document:
            assert typed is not None
            assert typed.feed(document) == expected
            compared += len(expected)
    assert compared > 0


def test_there_are_scenarios_to_compare() -> None:
    assert len(FILES) >= 14


def test_an_effect_is_the_same_after_json_and_back() -> None:
    seen = set()
    for file in FILES:
        replayer = Replayer()
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                outputs = replayer.feed(line)
            except Mismatch:
                break
            for output in outputs:
                for effect in json.loads(output)["expect"].get("effects", []):
                    text = json.dumps(effect, ensure_ascii=False, separators=(",", ":"))
                    typed = effect_from_json(text)
                    assert typed.to_json() == text
                    seen.add(type(typed).__name__)
    assert seen == {"Dial", "Answer", "Reject", "Play", "Join", "HangUp", "Send", "Audit", "Archive", "Erase", "RecordVoice", "Transcribe", "VoiceMessageArchive"}


def test_an_input_line_is_what_a_journal_holds() -> None:
    now = datetime.fromisoformat("2026-11-21T18:00:00.000001+08:00")
    line = input_line(now, input_from_json('{"leg_ended":{"leg":1,"evidence":{"q850_cause":17}}}'))
    evidence = '{"q850_cause":17,"reasons":[],"redirections":[],"announcements":[]}'
    assert line == '{"at":"2026-11-21T10:00:00.000001Z","input":{"leg_ended":{"leg":1,"evidence":' + evidence + "}}}"
    line = input_line(now, input_from_json('{"confirm_clock":{}}'), ("maap", "E1"))
    assert line == '{"at":"2026-11-21T10:00:00.000001Z","dedup":{"source":"maap","key":"E1"},"input":{"confirm_clock":{}}}'
    replayer = Replayer()
    replayer.feed(header_line())
    assert replayer.feed(line) == [reply_line(Done())]
