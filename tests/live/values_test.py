#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What values of contexts say: with --show-values what the program says, without it nothing.

values_test.py plain VERSION VARIANT	strings, numbers and what has no text
values_test.py spans VERSION		span contexts of OpenTelemetry and Jaeger
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Check, Golin, Program  # noqa: E402


def read_account(path):
    out = []
    with open(path, encoding="utf-8") as f:
        for line in f:
            _, ctx, key_type, key, value_type, value = line.rstrip("\n").split("\t")
            out.append(dict(ctx=ctx, key_type=key_type, key=key, value_type=value_type,
                            value=value))
    return out


def events(check, name, version, variant, *options):
    """The account and the creations of contexts with values, in order."""
    file = os.path.join(live.TMP, "account")
    target = Program([live.program(name, version, variant), "-wait", "-linger", "-account", file])
    g = Golin("events", target.pid, "--json", "--probes", "goroutines,contexts", *options)
    check.that(g.attached, "golin attaches", *g.err[-5:])
    target.go()
    check.that(target.wait_line(target.out, r"^done", live.PROGRAM_LIMIT), "the program ends",
               *target.err[-10:])
    check.equal(g.stop(), 0, "exit code of golin")
    target.close_stdin()
    check.equal(target.wait(), 0, "exit code of the program")
    want = read_account(file)
    objs = g.objects()
    check.equal(objs[-1]["lost"], {"ring": 0, "missed": 0}, "lost")
    check.equal(objs[-1]["unread"], 0, "unread")
    # What is at an address in the end: the program keeps those that it accounts for.
    at = {o["ctx"]: o for o in objs if o["type"] == "context.create" and o["kind"] == "value"}
    check.that(all(w["ctx"] in at for w in want), "a value was not seen")
    return want, [at[w["ctx"]] for w in want if w["ctx"] in at]


def text(shown):
    """What JSON is to have: "=" and a text; nothing for an empty one or none."""
    return shown[1:] or None if shown.startswith("=") else None


def compare(check, want, got, show):
    check.equal(len(got), len(want), "values")
    for w, g in zip(want, got):
        check.equal(g["ctx"], w["ctx"], "address")
        for key in ("key", "value"):
            kind = w[f"{key}_type"]
            type_is = None if kind == "-" else kind
            if g[f"{key}_type"] != type_is:
                check.failed_alike((key, "type", kind), f"type {g[f'{key}_type']!r}", w)
            expected = text(w[key]) if show else None
            if g[key] != expected:
                check.failed_alike((key, kind), f"{key} {g[key]!r}, not {expected!r}", w)
            else:
                check.done += 2


def plain(version, variant):
    check = Check(f"values {version} {variant}")
    want, got = events(check, "values", version, variant, "--show-values")
    compare(check, want, got, True)
    check.that(len(want) > 20000, f"{len(want)} values were compared")
    want, got = events(check, "values", version, variant)
    compare(check, want, got, False)
    check.finish()


def spans(version):
    check = Check(f"values of spans {version}")
    if not os.access(os.path.join(live.FIXTURES, f"{version}-default", "spans"), os.X_OK):
        live.skip("the modules of OpenTelemetry and Jaeger could not be fetched")
    want, got = events(check, "spans", version, "default", "--show-values")
    compare(check, want, got, True)
    check.that(len(want) > 4, f"{len(want)} values were compared")
    want, got = events(check, "spans", version, "default")
    compare(check, want, got, False)
    check.finish()


def main():
    mode, version = sys.argv[1:3]
    live.require_live()
    if mode == "plain":
        plain(version, sys.argv[3])
    else:
        spans(version)


if __name__ == "__main__":
    main()
