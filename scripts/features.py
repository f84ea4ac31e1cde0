"""Lints the core without its features, with each one alone and with all, and with nothing but `core` and `alloc` to stand on.

The standard library is taken away for real: rustc gets a sysroot in which there is none, so a dependency that needs it does not
compile. (A feature called `std` says little: some crates have one that changes nothing, and others need no feature to use it.)
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORE = "ringfence"
# Features of the core that may use the standard library.
NEED_STD = {"wechat"}
KEPT = ["core", "alloc", "compiler_builtins", "rustc_std_workspace_core"]


def output(*command: str) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}")
    return done.stdout.strip()


def bare_sysroot(target_directory: Path, target: str) -> Path:
    """A sysroot with the libraries that a crate without the standard library may use."""
    libraries = Path(output("rustc", "--print", "sysroot")) / "lib" / "rustlib" / target / "lib"
    # A sysroot is known to the build by its path, so another compiler gets another one.
    bare = target_directory / "bare" / output("rustc", "--version").replace(" ", "-").strip("()")
    place = bare / "lib" / "rustlib" / target / "lib"
    place.mkdir(parents=True, exist_ok=True)
    for name in KEPT:
        for library in libraries.glob(f"lib{name}-*"):
            link = place / library.name
            link.unlink(missing_ok=True)
            link.symlink_to(library)
    return bare


def main() -> int:
    metadata = json.loads(output("cargo", "metadata", "--locked", "--no-deps", "--format-version", "1"))
    features = next(package["features"] for package in metadata["packages"] if package["name"] == CORE)
    target = next(line.removeprefix("host: ") for line in output("rustc", "-vV").splitlines() if line.startswith("host: "))
    bare = bare_sysroot(Path(metadata["target_directory"]), target)

    alone = sorted(set(features) - NEED_STD - {"default"})
    choices = [[], *([name] for name in alone), alone]
    failed = 0
    for choice in choices:
        command = ["cargo", "clippy", "--locked", "--package", CORE, "--target", target, "--no-default-features"]
        command += ["--features", ",".join(choice), "--", "-D", "warnings"]
        print(f"core with {', '.join(choice) or 'no feature'}", flush=True)
        # With `--target`, the flags do not reach what runs on this machine: build scripts and derive macros.
        env = dict(os.environ, RUSTFLAGS=f"--sysroot {bare}")
        failed += subprocess.run(command, env=env, cwd=ROOT).returncode != 0
    print(f"{len(choices) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
