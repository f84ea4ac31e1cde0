"""Cuts a seed document into its sentences, in order.

    python scripts/seed_sentences.py DOCUMENT           prints the digests, as they stand in tests/seeds/
    python scripts/seed_sentences.py --list DOCUMENT    prints the sentences themselves, numbered

A sentence ends at 。；！？ and at the end of a line. White space at its ends falls away, any inside it becomes one space, and what is empty
then does not count. A digest is the SHA-256 of what remains, in UTF-8, without the mark that ended it.
"""

import hashlib
import re
import sys
from pathlib import Path


def sentences(text: str) -> list[str]:
    found = (" ".join(piece.split()) for piece in re.split("[。；！？\r\n]", text))
    return [sentence for sentence in found if sentence]


def main(arguments: list[str]) -> int:
    paths = [argument for argument in arguments if argument != "--list"]
    if len(paths) != 1:
        print(__doc__)
        return 2
    document = Path(paths[0]).read_bytes()
    found = sentences(document.decode())
    if "--list" in arguments:
        for number, sentence in enumerate(found, 1):
            print(number, sentence)
        return 0
    print(f"# {len(found)} sentences of a document of {len(document)} bytes with the SHA-256 digest {hashlib.sha256(document).hexdigest()}")
    for sentence in found:
        print(hashlib.sha256(sentence.encode()).hexdigest())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
