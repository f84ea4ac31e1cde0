"""The examples that people copy."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest

import ringfence

README = Path(__file__).parents[1] / "README.md"


class _Switch:
    def dial(self, leg: int, number: str, limit: object) -> None:
        raise AssertionError("nothing rings in the first minute")


def test_the_examples_of_the_readme_print_what_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {"switch": _Switch()}
    for block in blocks:
        exec(compile(block, str(README), "exec"), names)  # noqa: S102
    printed = capsys.readouterr().out
    said = [comment for block in blocks for comment in re.findall(r"print\(.*\)  # (.*)", block)]
    assert len(said) == 4
    for comment in said:
        assert comment in printed
    assert "13800000001" not in printed


MODULES = sorted({"ringfence", *(module.name for module in pkgutil.iter_modules(ringfence.__path__, "ringfence."))})


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_the_docstrings_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS).failed == 0


@pytest.mark.parametrize("name", sorted(ringfence.__all__))
def test_every_public_name_says_what_it_is(name: str) -> None:
    value = getattr(ringfence, name)
    if isinstance(value, type):
        assert value.__doc__ and not value.__doc__.startswith(f"{name}("), "a docstring of its own, not the one dataclasses make"
        for method in vars(value).values():
            if callable(method) and not getattr(method, "__name__", "_").startswith("_"):
                assert method.__doc__
