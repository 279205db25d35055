#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What belongs together in traces of panics, and what names them from run to run.

panic_trace_test.py traces VERSION VARIANT	who shares an id, with each generator; traceparents
panic_trace_test.py spans VERSION		spans of OpenTelemetry and Jaeger name the trace
panic_trace_test.py builds VERSION VARIANT...	error_code and stack_trace_hash are the same in each build
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Check  # noqa: E402

# As they are written, and what of it is in the order of time.
KINDS = {
    "hlc": (r"[0-9a-f]{32}", lambda t: t[:16]),
    "snowflake": (r"\d{1,19}", int),
    "uuid": (r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
             lambda t: t[:18]),
}


def panics(check, what, argv):
    r = subprocess.run([live.GOLIN, "panics", "--json", *argv], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                       timeout=live.PROGRAM_LIMIT)
    check.equal(r.returncode, 0, f"{what}: exit code ({r.stderr.decode()[-300:]!r})")
    objs = [json.loads(line) for line in r.stdout.decode().splitlines()]
    check.that(objs and objs[-1]["type"] == "summary", f"{what}: no summary")
    check.equal(objs[-1]["lost"], {"ring": 0, "missed": 0}, f"{what}: lost")
    said = re.search(r"^done (\d+)", r.stderr.decode() + r.stdout.decode(), re.M)
    return objs[1:-1], int(said.group(1)) if said else None


def own(p):
    """Not that of a W3C trace."""
    return not re.search(r" trace ", p["value"]["text"])


def traces_of(check, kind, program, *options):
    got, _ = panics(check, kind, [*options, "--trace-id", kind, "--", program])
    got = [p for p in got if p["type"] == "panic"]
    form, order = KINDS[kind]
    groups = defaultdict(set)
    for p in got:
        text = p["value"]["text"]
        m = re.fullmatch(r"group (\w+)(?: trace ([0-9a-f]{32}))?", text)
        check.that(m, f"{kind}: what it says", text)
        groups[m.group(1)].add(p["trace_id"])
        if m.group(2):
            check.equal(p["trace_id"], m.group(2), f"{kind}: trace of {text}")
            check.equal(p["traceparent"], m.group(2), f"{kind}: traceparent of {text}")
        else:
            check.that(re.fullmatch(form, p["trace_id"]), f"{kind}: form of {p['trace_id']}")
            check.equal(p["traceparent"], None, f"{kind}: traceparent of {text}")
    for name, ids in groups.items():
        check.equal(len(ids), 1, f"{kind}: ids of group {name}")
    firsts = {}  # of each id: when it was seen first
    for p in sorted(got, key=lambda p: int(p["started"])):
        if own(p):
            firsts.setdefault(p["trace_id"], int(p["started"]))
    check.equal(len(firsts), len([g for g in groups if not g.startswith("traced")]),
                f"{kind}: ids of groups")
    ids = list(firsts)
    check.equal(sorted(ids, key=order), ids, f"{kind}: order of ids")
    ids = [p["panic"] for p in got]
    check.equal(len(set(ids)), len(ids), f"{kind}: ids of panics")
    return got


def traces(version, variant):
    check = Check(f"panic traces {version} {variant}")
    program = live.program("traces", version, variant)
    counts = {kind: len(traces_of(check, kind, program)) for kind in KINDS}
    said = int(re.search(r"done (\d+)", subprocess.run(
        [program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True,
        timeout=live.PROGRAM_LIMIT).stdout.decode()).group(1))
    for kind, n in counts.items():
        check.equal(n, said, f"{kind}: panics")
    # What was recorded says the same.
    file = os.path.join(live.TMP, "t.golin")
    subprocess.run([live.GOLIN, "record", "-o", file, "--", program], stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
                   timeout=live.PROGRAM_LIMIT)
    got, _ = panics(check, "replay", [file])
    groups = defaultdict(set)
    for p in got:
        groups[p["value"]["text"].split()[1]].add(p["trace_id"])
    check.equal(len([p for p in got if p["type"] == "panic"]), said, "replay: panics")
    check.equal({len(ids) for ids in groups.values()}, {1}, "replay: ids of each group")
    check.equal(len(set().union(*groups.values())), len(groups), "replay: ids of groups")
    check.finish()


def spans(version):
    check = Check(f"panic traces of spans {version}")
    if not os.access(os.path.join(live.FIXTURES, f"{version}-default", "spans"), os.X_OK):
        live.skip("the modules of OpenTelemetry and Jaeger could not be fetched")
    got, _ = panics(check, "spans", ["--", live.program("spans", version, "default"), "-panic"])
    got = [p for p in got if p["type"] == "panic"]
    check.that(len(got) > 4, f"{len(got)} panics")
    for p in got:
        want = re.search(r"trace-id=([0-9a-f]{32})", p["value"]["text"]).group(1)
        check.equal(p["trace_id"], want, "trace")
        check.equal(p["traceparent"], want, "traceparent")
    check.finish()


def names(check, version, variant):
    """How often each code and hash comes."""
    got, _ = panics(check, variant, ["--", live.program("panics", version, variant)])
    for p in got:
        check.that(re.fullmatch(r".+-[0-9a-f]{8}", p["error_code"]), "form of a code", p["error_code"])
        # One whose start is not known has none.
        check.that(re.fullmatch(r"[0-9a-f]{16}", p["stack_trace_hash"] or ""), "form of a hash",
                   p["stack_trace_hash"], p["panic"])
    return Counter((p["error_code"], p["stack_trace_hash"]) for p in got)


def builds(version, first, *variants):
    check = Check(f"panic names {version} {first} {' '.join(variants)}")
    want = names(check, version, first)
    check.that(len(want) > 50, f"{len(want)} different ones")
    for variant in (first, *variants):
        got = names(check, version, variant)
        for name in (want | got) - (want & got):
            # With the race detector some of the runtime's checks are not compiled in.
            if variant != "race" or not name[0].startswith("runtime."):
                check.failed_alike(("name", variant), f"{variant}: {got[name]} of {name}, "
                                   f"{want[name]} of them in {first}")
        check.done += 1
    check.finish()


def main():
    mode, version, *variants = sys.argv[1:]
    live.require_live()
    if mode == "traces":
        traces(version, variants[0])
    elif mode == "spans":
        spans(version)
    else:
        builds(version, *variants)


if __name__ == "__main__":
    main()
