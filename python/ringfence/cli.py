"""The command line."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Final, cast

import click
from rich.console import Console

from . import TZDB_VERSION, __version__
from .demo import Language, as_lines, tell
from .errors import Malformed, Mismatch
from .journal import Replayer
from .stories import STORIES

__all__ = ["main"]

# The longest line that is read, so that a file without line ends is refused before it fills the memory. The largest input that any policy
# takes, two lists of a million numbers each, has some 40 MiB.
_LINE_MAX: Final = 64 * 1024 * 1024

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

# As a shell sees a program that SIGPIPE ended: 128 and 13.
_READER_LEFT: Final = 141

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=_CONTEXT)
@click.version_option(__version__, "-V", "--version", message=f"ringfence %(version)s (tz database {TZDB_VERSION})")
def main() -> None:
    """A call rings only inside the fence that its receiver set.

    ringfence decides whether a call may ring, who is called first, and what happens when nobody can be reached. This command plays its
    stories and replays its journals; the library is `import ringfence`.

    \b
    See what it does:        ringfence demo
    Check a scenario file:   ringfence replay tests/scenarios/figure_2.jsonl

    \b
    Exit codes:
      0  fine
      1  replay: an expectation is not met
      2  a file or line that cannot be read, output that cannot be written,
         or a wrong option
    141  the reader of standard output left, as in `ringfence demo | head -1`
    """


@main.command()
@click.argument("file", type=click.Path(allow_dash=True), metavar="FILE")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing on standard output; only judge.")
@click.option("--hash-seed", type=click.IntRange(0, 2**64 - 1), default=0, show_default=True, help="No seed changes an output; try it.")
@click.option("--any-tzdb", is_flag=True, help="Also replay a journal that was kept with another tz database.")
def replay(file: str, quiet: bool, hash_seed: int, any_tzdb: bool) -> None:
    """Replay a journal, or judge a scenario.

    FILE has one JSON object a line: a header, then inputs, advances and confirms as they came, and possibly expectations
    between them; `-` is standard input. No line is longer than 64 MiB. What comes out of each line is printed as expectation lines, {"expect":{"reply":…}} and
    {"expect":{"effects":[…]}}: put behind the lines that they came from, they make a scenario that passes.

    \b
    Exit codes:
      0  the whole file was replayed, and every expectation in it is met
      1  an expectation is not met; standard error names the file, the line,
         the path of the first difference, what was expected and what came out
      2  the file or a line cannot be read; standard error names line and
         column; or standard output cannot be written
    141  the reader of standard output left

    \b
    Examples:
      ringfence replay tests/scenarios/figure_2.jsonl
      ringfence demo --json --story figure-2 | ringfence replay --quiet -
    """
    name = "<stdin>" if file == "-" else file
    replayer = Replayer(hash_seed=hash_seed, any_tzdb=any_tzdb)
    with _standard_output():
        try:
            for output in _replayed(replayer, _lines(name, file)):
                if not quiet:
                    # As bytes: a journal is UTF-8 whatever the terminal is.
                    click.echo(output.encode())
            replayer.finish()
        except Mismatch as error:
            click.echo(f"{name}: line {error.line}: {error.path}: expected {error.expected}, got {error.actual}", err=True)
            raise SystemExit(1) from None
        except Malformed as error:
            allowed = "" if error.allowed is None else f"; allowed: {error.allowed}"
            click.echo(f"{name}: line {error.line}, column {error.column}: {error.wrong}{allowed}", err=True)
            raise SystemExit(2) from None


@contextlib.contextmanager
def _standard_output() -> Iterator[None]:
    """Says what went wrong with standard output, and says nothing when its reader has just left. Whatever else does input and output inside
    sees to its own errors.
    """
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _forget_output()
        raise SystemExit(_READER_LEFT) from None
    except OSError as error:
        _forget_output()
        click.echo(f"<stdout>: {error.strerror or error}", err=True)
        raise SystemExit(2) from None


def _forget_output() -> None:
    """What is still to be written goes nowhere, so that the interpreter does not fail on it once more when it ends."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _lines(name: str, file: str) -> Iterator[bytes]:
    try:
        with click.open_file(file, "rb") as lines:
            while line := cast("bytes", lines.readline(_LINE_MAX + 1)):
                yield line
    except OSError as error:
        click.echo(f"{name}: {error.strerror or error}", err=True)
        raise SystemExit(2) from None


def _replayed(replayer: Replayer, lines: Iterator[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if len(line) > _LINE_MAX:
            raise Malformed(number, 1, "the line is too long", f"{_LINE_MAX >> 20} MiB")
        if number == 1 and line.startswith(_BYTE_ORDER_MARK):
            raise Malformed(1, 1, "a byte order mark (BOM) before the header", "UTF-8 without one")
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            column = len(line[: error.start].decode("utf-8")) + 1
            raise Malformed(number, column, "these bytes are not UTF-8", "UTF-8") from None
        yield from replayer.feed(text)


class _Console(Console):
    """A console that leaves it to the command what a reader who has left means."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


@main.command(short_help="Play the stories: who says what, which phones ring, and why.")
@click.option(
    "--story",
    type=click.Choice([*STORIES, "all"]),
    metavar="NAME",
    default="all",
    show_default=True,
    help="Which story, or all. "
    "figure-2: a booking outside working hours, taken back while the phone rings. "
    "figure-3-merchant: the merchant calls, and each call is judged by its instant. "
    "figure-3-platform: the platform calls the merchant first, then the user. "
    "queue: six users booked the same time, and the line has two channels. "
    "shared-call: one merchant and several users on one call. "
    "outside-the-window: calls that are refused, and when they would be allowed. "
    "missed-call: from a phone that is off to a voice message that is heard.",
)
@click.option(
    "--language",
    type=click.Choice(["both", "zh-CN", "en"]),
    default="both",
    show_default=True,
    help="both: the story in English, and what people see in Chinese with English beside it. Otherwise all in one language.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the journal instead, one JSON object a line, with every reply and effect as an expectation.",
)
def demo(story: str, language: str, as_json: bool) -> None:
    """Play the stories of the appointment document (figures 2 and 3, the queue, the shared and the refused call) and of the missed-call document.

    Prints who sent what to whom, which phones rang and when, and why each call was allowed or refused. The platform is the real one; the
    switch, the phones and the clock are simulated. There is colour on a terminal only, and none when NO_COLOR is set.

    \b
    Exit codes:
      0  fine
      2  a wrong option, or standard output cannot be written
    141  the reader of standard output left

    \b
    Examples:
      ringfence demo
      ringfence demo --story figure-3-platform --language zh-CN
      ringfence demo --json | ringfence replay --quiet -
    """
    chosen = list(STORIES.values()) if story == "all" else [STORIES[story]]
    with _standard_output():
        if as_json:
            for line in as_lines(chosen):
                click.echo(line.encode())
            return
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A terminal that has no Chinese shows question marks rather than nothing.
            sys.stdout.reconfigure(errors="replace")
        tell(_Console(highlight=False, emoji=False, markup=False), chosen, cast(Language, language))
