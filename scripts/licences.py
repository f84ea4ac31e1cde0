"""Checks that every dependency has a licence that deny.toml allows, and comes from the default registry.

`cargo deny check` does this and more with the same file; this needs nothing but cargo.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The workspace, and what stands outside of it.
MANIFESTS = ["Cargo.toml", "tests/fuzz/Cargo.toml"]


def allows(expression: str, allowed: set[str]) -> bool:
    """Whether an SPDX expression can be met by allowed licences alone."""
    tokens = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))

    def either() -> bool:
        result = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            result = both() or result
        return result

    def both() -> bool:
        result = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            result = one() and result
        return result

    def one() -> bool:
        token = tokens.pop(0)
        if token == "(":
            result = either()
            tokens.pop(0)
            return result
        if tokens and tokens[0] == "WITH":
            tokens.pop(0)
            token += " WITH " + tokens.pop(0)
        return token in allowed

    return either()


def main() -> int:
    allowed = set(tomllib.loads((ROOT / "deny.toml").read_text())["licenses"]["allow"])
    found = {}
    for manifest in MANIFESTS:
        command = ["cargo", "metadata", "--locked", "--format-version", "1", "--manifest-path", str(ROOT / manifest)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        if done.returncode != 0:
            return 1
        found |= {package["id"]: package for package in json.loads(done.stdout)["packages"]}
    failed = 0
    packages = [package for package in found.values() if package["source"] is not None]
    for package in packages:
        name = f"{package['name']} {package['version']}"
        if not allows(package["license"] or "none", allowed):
            print(f"{name}: the licence {package['license']} is not allowed by deny.toml")
            failed += 1
        elif not package["source"].startswith("registry+"):
            print(f"{name}: comes from {package['source']}, not from the registry")
            failed += 1
    print(f"{len(packages) - failed} passed, {failed} failed (dependencies)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
