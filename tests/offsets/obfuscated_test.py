#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""obfuscated_test.py --golin GOLIN --work DIR [--garble GARBLE] VERSION: what an obfuscator made is
refused, with the reason, and never served a layout by guess.

garble takes the Go version out of a program, its symbols, its DWARF, and the names of its
functions; it also scrambles the table of functions. Without garble at hand, the version alone is
taken out of a stripped program, as garble does; that is what golin stumbles over."""

import argparse
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import judge  # noqa: E402
import programs  # noqa: E402

REASON = "unknown Go version 'unknown' in its build information"
HINT = "obfuscators such as garble write that; use a program built by go build"


def without_version(shop, version):
    """A stripped program whose build information says "unknown"."""
    path = shop.build(version, programs.BUILDS["default"], "-s -w")
    with open(path, "rb") as f:
        data = f.read()
    before = bytes([len("go" + version)]) + b"go" + version.encode()
    after = b"\x07unknown"
    at = data.find(before, data.find(b"\xff Go buildinf:"))
    if at < 0:
        raise programs.NotBuilt("no build information where it should be")
    out = path + "-unknown"
    with open(out, "wb") as f:
        f.write(data[:at] + after.ljust(len(before), b"\0") + data[at + len(before):])
    os.chmod(out, 0o755)
    return out


def garbled(shop, garble, version, flags):
    """What garble makes of the program. It takes no toolchain from the module cache."""
    root = os.path.join(shop.work, f"goroot-{version}")
    if not os.path.exists(root):
        shutil.copytree(programs.goroot(version), root, symlinks=True)
    source = os.path.join(shop.work, "garble-source")
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(programs.PROGRAM, source)
    with open(os.path.join(source, "go.mod"), "w", encoding="utf-8") as f:
        f.write(f"module golin.test/program\n\ngo 1.{programs.minor(version)}\n")
    out = os.path.join(shop.work, f"{version}-garbled")
    env = {k: v for k, v in os.environ.items() if not k.startswith("GO")}
    env.update({"GOENV": "off", "GOFLAGS": "", "GOTOOLCHAIN": "local", "GOROOT": root,
                "CGO_ENABLED": "0", "GOCACHE": shop.cache,
                "PATH": f"{root}/bin:{os.environ['PATH']}",
                "GARBLE_CACHE": os.path.join(shop.work, "garble-cache")})
    done = programs.run([garble] + flags + ["build", "-o", out, "."], cwd=source, env=env)
    if done.returncode:
        raise programs.NotBuilt("garble: " + programs.last_line(done.stderr))
    return out


def check(case, golin, path):
    run = programs.run([path])
    case.that(not run.returncode, f"the program itself fails: {programs.last_line(run.stderr)}")
    for source in ("auto", "table", "dwarf"):
        answer = judge.Answer(golin, path, source)
        judge.check_refused(case, answer, REASON)
        case.that(HINT in answer.error, f"no word on obfuscators: {answer.error}")


def main():
    args = argparse.ArgumentParser(description=__doc__.split(":", 1)[0])
    args.add_argument("--golin", required=True)
    args.add_argument("--work", required=True)
    args.add_argument("--cache")
    args.add_argument("--garble", help="a garble for this version of Go")
    args.add_argument("version", metavar="VERSION")
    args = args.parse_args()
    report = judge.Report()
    shop = programs.Workshop(args.work, args.cache)
    case = report.case(args.version, "default", "without its version")
    try:
        check(case, args, without_version(shop, args.version))
    except programs.NotBuilt as e:
        case.not_built(str(e))
    for flags in ([], ["-literals"], ["-tiny"]) if args.garble else ():
        case = report.case(args.version, "garble", " ".join(flags) or "as it is")
        try:
            check(case, args, garbled(shop, args.garble, args.version, flags))
        except programs.NotBuilt as e:
            case.not_built(str(e))
    report.finish()


if __name__ == "__main__":
    main()
