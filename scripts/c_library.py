"""Builds the C library, compares its symbols with its header, and runs a C program against both of its forms."""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FFI = ROOT / "ffi"
HEADER = FFI / "include" / "ringfence.h"
LIBRARY = "ringfence_c"
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{HEADER.parent}"]
# What the static library needs from the system: `cargo rustc --package ringfence-ffi -- --print native-static-libs`.
SYSTEM = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"]


def output(*command: str | Path) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit status {done.returncode}")
    return done.stdout


def main() -> int:
    output("cargo", "build", "--locked", "--release", "--package", "ringfence-ffi")
    metadata = json.loads(output("cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"))
    built = Path(metadata["target_directory"]) / "release"

    declared = set(re.findall(r"\b(ringfence_\w+)\(", re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.DOTALL)))
    symbols = output("nm", "--dynamic", "--defined-only", "--format=posix", built / f"lib{LIBRARY}.so")
    exported = {line.split()[0] for line in symbols.splitlines()}
    for name in sorted(declared ^ exported):
        print(f"{name}: {'declared in the header only' if name in declared else 'exported, but not in the header'}")

    failed = int(declared != exported)
    passed = 1 - failed
    with tempfile.TemporaryDirectory() as folder:
        shared = [f"-L{built}", f"-Wl,-rpath,{built}", f"-l{LIBRARY}"]
        for form, link in {"static": [built / f"lib{LIBRARY}.a", *SYSTEM], "shared": shared}.items():
            program = Path(folder) / form
            output("cc", *STRICT, "-o", program, FFI / "tests" / "smoke.c", *link)
            print(f"the {form} library:", flush=True)
            status = subprocess.run([program]).returncode
            failed, passed = failed + (status != 0), passed + (status == 0)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
