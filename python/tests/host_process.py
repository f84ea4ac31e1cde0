"""A host as a program of its own: `python host_process.py FOLDER [KILLED_WHEN]`.

It takes journal lines on standard input, one event a line. Its memory is the folder: the journal, a line of which is there before the platform
sees the event, and what the switch carried out. When it starts, it reads the journal from there, and so knows its platform again. With
`KILLED_WHEN` it dies by SIGKILL, at that point of the first event that it takes. At its end it stores a snapshot.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

from ringfence import Platform, RingfenceError
from ringfence.journal import confirm_line, header_line

KILLED_WHEN: Final = ("logged", "decided", "half_carried_out", "carried_out")


class Host:
    def __init__(self, folder: Path, killed_when: str | None) -> None:
        self.journal, self.switch, self.killed_when = folder / "journal.jsonl", folder / "switch.jsonl", killed_when
        self.platform = Platform()
        if not self.journal.exists():
            self.store(self.journal, header_line())
        for line in self.journal.read_text(encoding="utf-8").splitlines()[1:]:
            self.execute(line)
        self.carry_out(killable=False)

    def store(self, file: Path, line: str) -> None:
        with file.open("a", encoding="utf-8") as medium:
            medium.write(line + "\n")
            medium.flush()
            os.fsync(medium.fileno())

    def killed(self, point: str) -> None:
        if self.killed_when == point:
            os.kill(os.getpid(), signal.SIGKILL)

    def take(self, line: str) -> None:
        """One event: into the log, then into the platform; then what follows from it is carried out."""
        self.store(self.journal, line)
        self.killed("logged")
        self.execute(line)
        self.killed("decided")
        self.carry_out(killable=True)

    def execute(self, line: str) -> None:
        event = json.loads(line)
        if "confirm" in event:
            self.platform.confirm(event["confirm"])
        elif "advance" in event:
            self.platform.advance(datetime.fromisoformat(event["at"]), **event["advance"])
        else:
            dedup = (event["dedup"]["source"], event["dedup"]["key"]) if "dedup" in event else None
            try:
                self.platform.handle_json(datetime.fromisoformat(event["at"]), json.dumps(event["input"]), dedup=dedup)
            except RingfenceError:
                pass

    def carry_out(self, *, killable: bool) -> None:
        """Does what is not confirmed. What has begun is not begun again, if it may be done only once; all else may be done twice."""
        lines = self.switch.read_text(encoding="utf-8").splitlines() if self.switch.exists() else []
        begun = max((json.loads(line)["sequence"] for line in lines), default=0)
        effects = list(self.platform.effects())
        for number, effect in enumerate(effects):
            if effect.sequence > begun or not effect.at_most_once:
                self.store(self.switch, effect.to_json())
            if killable and number == 0:
                self.killed("half_carried_out")
        if killable:
            self.killed("carried_out")
        if effects:
            self.store(self.journal, confirm_line(effects[-1].sequence))
            self.platform.confirm(effects[-1].sequence)


def main(folder: Path, killed_when: str | None = None) -> None:
    host = Host(folder, killed_when)
    for line in sys.stdin:
        host.take(line.rstrip("\n"))
    (folder / "snapshot").write_bytes(host.platform.snapshot())


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
