#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a user of `golin panics` sees, and of what it and its recordings keep silent.

panics_cli_test.py exits VERSION VARIANT	fatal panics: exit codes, what the program printed
panics_cli_test.py watch VERSION VARIANT	SIGINT, --count, --filter, a recording shows the same
panics_cli_test.py secrets VERSION VARIANT	--hide-values: texts are in no output and no recording
panics_cli_test.py usage VERSION		options that are refused, closed pipes
"""

import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Check, Golin, Program, golin  # noqa: E402

# Ends of the fixture: (name, exit code, what became of the panics that it printed of).
ENDS = [
    ("plain", 2, ["fatal"]),
    ("custom", 2, ["fatal"]),
    ("index", 2, ["fatal"]),
    ("pointer", 2, ["fatal"]),
    ("replaced", 2, ["replaced", "replaced", "fatal"]),
    ("repanicked", 2, ["recovered", "fatal"]),
    ("wrapped", 2, ["recovered", "fatal"]),
    ("goexit", 2, ["fatal"]),
    ("goroutine", 2, ["fatal"]),
    ("exit", 3, ["unknown"]),
]
PANIC = re.compile(r"^\t?panic: ")
PRINTED = re.compile(r"^ *printed +")


def panics_of(objs):
    return [o for o in objs if o["type"] == "panic"]


def of_main(objs):
    """Those that the fixture's init functions do not make."""
    return [o for o in panics_of(objs) if o["value"]["text"] != "in an init function"]


def run(check, *args):
    """(exit code, stdout, stderr) of golin, and its JSON when it has some."""
    code, out, err = golin(*args)
    check.that(code is not None, f"{args} ends")
    objs = [json.loads(x) for x in out.splitlines()] if "--json" in args else []
    if objs:
        check.equal(objs[-1]["type"], "summary", f"{args}: the last line")
    return code, out, err, objs


def printed_in(text):
    """What golin says that the program printed: "printed" and the lines below it."""
    out, column = [], 0
    for line in text.splitlines():
        m = PRINTED.match(line)
        column = m.end() if m else column
        if column and (m or not line[:column].strip()):
            out.append(line[column:])
        else:
            column = 0
    return out


def printed_by(err):
    """What the program printed of its panics: the lines before its traceback."""
    out = []
    for line in err.splitlines():
        if line.startswith("goroutine "):
            break
        if PANIC.match(line):
            out.append(line.replace("\t", " " * 8))
    return out


def exits(version, variant):
    check = Check(f"panics exits {version} {variant}")
    prog = live.program("panics", version, variant)
    for name, want, outcomes in ENDS:
        alone = subprocess.run([prog, "-fatal", name], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                               check=False)
        check.equal(alone.returncode, want, f"{name}: the program alone")
        # Each start costs the verifier its time: one records, and both views are of that.
        file = os.path.join(live.TMP, f"{name}.golin")
        code, _, err, _ = run(check, "record", "--probes", "goroutines,panics", "-o", file, "--",
                              prog, "-fatal", name)
        check.equal(code, want, f"{name}: exit code")
        check.that(re.search(rf"^golin: \d+ \(panics\) has ended with code {want}$", err, re.M),
                   f"{name}: golin says how it ended", err[-300:])
        lines = printed_by(err)
        _, out, _, _ = run(check, "panics", file)
        check.equal(printed_in(out), lines, f"{name}: what it printed")
        check.equal(bool(lines), want == 2, f"{name}: it prints")
        _, _, _, objs = run(check, "panics", file, "--json")
        got = of_main(objs)
        check.equal([o["outcome"] for o in got], outcomes, f"{name}: outcomes")
        check.equal(sum(o["printed"] is not None for o in got),
                    len(lines) if name != "repanicked" else 2, f"{name}: printed texts")
        for o in got:
            check.that(o["value"] and o["value"]["type"] and o["value"]["text"],
                       f"{name}: a value", o["value"])
            check.that(o["at"] and o["stack"] and o["stack"][0]["func"],
                       f"{name}: a place and a stack", o["at"])
        trees = {o["trace_id"] for o in got}
        check.equal(len(trees), 1, f"{name}: one failure, one trace")
    # The same without a recording between.
    code, out, err, _ = run(check, "panics", "--", prog, "-fatal", "replaced")
    check.equal(code, 2, "exit code")
    check.equal(printed_in(out), printed_by(err), "what it printed")
    code, _, _, objs = run(check, "panics", "--json", "--", prog, "-fatal", "exit")
    check.equal(code, 3, "exit code with --json")
    check.equal([o["outcome"] for o in of_main(objs)], ["unknown"], "the end of the program")
    check.finish()


# ---- what is seen of a running program ----

NOT_TIMES = ["type", "kind", "goid", "value", "outcome", "recovered_by", "resumed_in",
             "frames_unwound", "relation", "elsewhere", "printed", "at", "stack",
             "stack_truncated", "fault", "defers_count", "locked", "start_lost", "partial",
             "error_code", "stack_trace_hash"]


def timeless(objs):
    """What two that watched the same have to tell alike: without times, and ids by their order."""
    objs = [o for o in objs if o["type"] in ("panic", "goexit", "throw")]
    number = {o["panic"]: (o["goid"], sum(p["goid"] == o["goid"] and p["panic"] < o["panic"]
                                          for p in objs)) for o in objs}
    out = []
    for o in objs:
        x = {k: o[k] for k in NOT_TIMES}
        x["id"] = number[o["panic"]]
        for link in ("replaced_by", "nested_in", "repanic_of"):
            x[link] = number.get(o[link])
        x["defers"] = [{k: d[k] for k in ("func", "file", "line", "open_coded", "recovered")}
                       for d in o["defers"]]
        x["trace"] = sorted(number[p["panic"]] for p in objs if p["trace_id"] == o["trace_id"])
        out.append(x)
    return sorted(out, key=lambda x: x["id"])


def watched(check, prog, watchers, scenarios):
    """Runs the fixture under all watchers at once; SIGINT ends them, and the program lives on."""
    target = Program([prog, "-wait", "-linger", *scenarios])
    started = [Golin(*w, target.pid) for w in watchers]
    for g, w in zip(started, watchers):
        check.that(g.attached, f"{w} attaches", *g.err[-5:])
    target.go()
    check.that(target.wait_line(target.out, r"^done", live.PROGRAM_LIMIT), "the program is done",
               *target.err[-10:])
    for g, w in zip(started, watchers):
        check.equal(g.stop(), 0, f"exit code of {w}")
    check.that(target.alive(), "the program lives on")
    target.close_stdin()
    check.equal(target.wait(), 0, "exit code of the program")
    return started


def same_view(check, file, *args):
    code, out, err, _ = run(check, "panics", file, *args)
    check.equal(code, 0, f"{args} of a recording ({err.strip()})")
    return out


def types_of(value):
    """Of a value and of all that it wraps."""
    return [value["type"]] + [t for v in value["wraps"] for t in types_of(v)] if value else []


def tables(check, file, got):
    """--count against the list: alone, and with a filter."""
    _, _, _, objs = run(check, "panics", file, "--count", "--json")
    sites = [o for o in objs if o["type"] == "panic.site"]
    thrown = [o for o in got if o["type"] != "goexit"]
    check.equal(sum(o["count"] for o in sites), len(thrown), "the sites' counts")
    for outcome in ("recovered", "replaced"):
        check.equal(sum(o[outcome] for o in sites), sum(o["outcome"] == outcome for o in thrown),
                    f"{outcome} of the sites")
    check.equal([o["count"] for o in sites], sorted((o["count"] for o in sites), reverse=True),
                "the order of sites")
    text = same_view(check, file, "--count").splitlines()
    check.equal(len(text) - 2, len(sites), "lines of the table")
    some = [o for o in thrown if o["outcome"] == "recovered"
            and any("error" in (t or "").lower() for t in types_of(o["value"]))]
    _, _, _, objs = run(check, "panics", file, "--count", "--json", "--filter",
                        "outcome:recovered type:error")
    sites = [o for o in objs if o["type"] == "panic.site"]
    check.equal(sum(o["count"] for o in sites), len(some), "the sites' counts with a filter")
    check.that(some and sites and all(o["recovered"] == o["count"] for o in sites),
               "sites of errors", sites[:2])


def filters(check, file, got):
    for expr, want in (("outcome:recovered", lambda o: o["outcome"] == "recovered"),
                       (f"goid:{got[0]['goid']}", lambda o: o["goid"] == got[0]["goid"]),
                       (f"id:{got[0]['panic']}", lambda o: o["panic"] == got[0]["panic"]),
                       ("kind:goexit", lambda o: o["type"] == "goexit"),
                       ("!kind:goexit", lambda o: o["type"] != "goexit")):
        _, _, err, objs = run(check, "panics", file, "--json", "--filter", expr)
        ids = [o["panic"] for o in objs[1:-1]]
        wanted = [o["panic"] for o in got if want(o)]
        check.that(ids == wanted and wanted, f"--filter {expr}: {len(ids)}, not {len(wanted)}",
                   err, sorted(set(ids) ^ set(wanted))[:5])


def watch(version, variant):
    check = Check(f"panics watch {version} {variant}")
    prog = live.program("panics", version, variant)
    file, again = (os.path.join(live.TMP, x) for x in ("one.golin", "two.golin"))
    names = subprocess.run([prog, "-list"], stdout=subprocess.PIPE, timeout=60, check=True)
    scenarios = [x for x in names.stdout.decode().split()
                 if x.split(".")[0] in ("recover", "goexit", "nested", "repanic", "defer",
                                        "replaced")]
    check.that(len(scenarios) > 10, "scenarios", scenarios)
    started = watched(check, prog, [["panics", "--json"], ["record", "-o", file], ["panics"],
                                    ["events", "--json"]], scenarios)
    code, _, err, objs = run(check, "panics", file, "--json")
    check.equal(code, 0, f"the recording's exit code ({err.strip()})")
    shown = started[0].objects()
    check.equal(shown[-1]["lost"], {"ring": 0, "missed": 0}, "lost")
    check.equal(shown[-1]["unread"], objs[-1]["unread"], "unread")
    a, b = timeless(shown), timeless(objs)
    check.that(len(a) > 10, f"{len(a)} panics", scenarios)
    check.equal(len(a), len(b), "panics live and recorded")
    for x, y in zip(a, b):
        for k in x:
            check.equal(y[k], x[k], f"{x['id']}: {k}")
    # A recording of a recording shows the same to the byte.
    check.equal(golin("record", file, "-o", again)[0], 0, "a recording of it")
    for args in (["--json"], [], ["--count"], ["--count", "--json"], ["--no-fold"]):
        check.that(same_view(check, file, *args) == same_view(check, again, *args),
                   f"{args}: the same from both")
    got = objs[1:-1]
    tables(check, file, got)
    filters(check, file, got)
    # The events tell the same story.
    events = [o for o in started[3].objects() if o["type"].startswith("panic.")]
    for what, kind in (("panic.start", "panic"), ("panic.goexit", "goexit")):
        check.equal(sum(o["type"] == what for o in events), sum(o["type"] == kind for o in got),
                    what)
    check.equal(sum(o["type"] == "panic.recover" for o in events),
                sum(o["outcome"] == "recovered" for o in got), "panic.recover")
    check.equal(sum(o["type"] == "panic.defer" for o in events),
                sum(o["defers_count"] for o in got), "panic.defer")
    text = started[2].text().decode()
    for o in got[:3]:
        check.that(o["at"]["func"] in text, f"{o['at']['func']} stands in the text")
    check.finish()


# ---- secrets ----

CANARIES = ["same function", "2 frames", "10 frames"]


def secrets(version, variant):
    check = Check(f"panics secrets {version} {variant}")
    prog = live.program("panics", version, variant)
    hidden, shown = (os.path.join(live.TMP, x) for x in ("hidden.golin", "shown.golin"))
    scenarios = ["recover.same", "recover.frames"]
    watchers = [["panics", "--hide-values"], ["panics", "--json", "--hide-values"],
                ["panics", "--count", "--hide-values"], ["events", "--hide-values"],
                ["events", "--json", "--hide-values"], ["findings", "--hide-values"],
                ["record", "--hide-values", "-o", hidden], ["record", "-o", shown],
                ["panics", "--json"]]
    for g, w in zip(watched(check, prog, watchers, scenarios), watchers):
        text = g.text() + "\n".join(g.err).encode()
        if w[0] == "record":
            text += live.recording(w[-1])
        for canary in CANARIES:
            check.equal(canary.encode() in text, "--hide-values" not in w, f"{canary!r} in {w}")
        if w[0] == "panics" or w[0] == "record":
            check.that(b"string" in text, f"{w} tells the type", text[:300])
    # Nor are they shown of a recording that has them.
    copy = os.path.join(live.TMP, "copy.golin")
    check.equal(golin("record", shown, "--hide-values", "-o", copy)[0], 0, "a copy without them")
    for file in (hidden, shown, copy):
        for args in ([], ["--json"], ["--count"]):
            for what in ("panics", "events", "findings"):
                if args == ["--count"] and what != "panics":
                    continue
                _, out, err = golin(what, file, *args, "--hide-values")
                for canary in CANARIES:
                    check.that(canary not in out + err, f"{canary!r} in {what} {args} of {file}")
    data = live.recording(copy)
    for canary in CANARIES:
        check.that(canary.encode() not in data, f"{canary!r} in the copy")
    _, out, _ = golin("panics", shown, "--json")
    check.that(all(c in out for c in CANARIES), "without the option they are there")
    _, out, _ = golin("panics", hidden, "--json")
    check.that(all(o["value"]["hidden"] and o["value"]["text"] is None
                   for o in panics_of(map(json.loads, out.splitlines()))),
               "what was hidden says so", out[:300])
    _, dead, err = golin("panics", "--hide-values", "--", prog, "-fatal", "plain")
    # What the program prints itself is its own affair; golin's words are on stdout.
    check.that("the end" not in dead and "fatal" in dead, "of a fatal one neither", dead)
    check.that("the end" in err, "the program says it", err)
    check.finish()


def usage(version):
    check = Check(f"panics usage {version}")
    prog = live.program("panics", version)
    for args, word in ((["--trace-id", "ulid", "1"], "it takes hlc|snowflake|uuid"),
                       (["--no-such"], "unknown option"),
                       (["--probes", "panic", "1"], "unknown probe group"),
                       (["--filter", "outcome:", "1"], "filter"),
                       (["--count=1", "1"], "takes no value"),
                       ([], "no SOURCE")):
        code, out, err = golin("panics", *args)
        check.equal((code, out), (2, ""), f"{args}: exit code and output ({err})")
        check.that(word in err, f"{args}: it says why", err)
    for kind, form in (("hlc", r"^[0-9a-f]{32}$"), ("snowflake", r"^[1-9][0-9]{17,18}$"),
                       ("uuid", r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]")):
        _, _, _, objs = run(check, "panics", "--json", "--trace-id", kind, "--", prog,
                            "recover.frames")
        got = of_main(objs)
        check.that(len(got) == 3 and all(re.search(form, o["trace_id"]) for o in got),
                   f"ids of {kind}", [o["trace_id"] for o in got])
        ids = [int(o["trace_id"]) if kind == "snowflake" else o["trace_id"] for o in got]
        check.that(ids == sorted(set(ids)), f"ids of {kind} are ordered", ids)
    for args in ([], ["--json"], ["--count"]):
        p = subprocess.run(["sh", "-c", '"$@" | head -c 1 >/dev/null', "-", live.GOLIN, "panics",
                            *args, "--", prog], stdin=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, timeout=120, check=False)
        err = p.stderr.decode()
        check.that("golin: cannot" not in err and "Broken pipe" not in err,
                   f"{args}: a closed pipe is no news", err)
    # In English and with its groups: what the program's help says.
    code, out, _ = golin("help", "panics")
    check.equal(code, 0, "help")
    for word in ("--hide-values", "--trace-id", "--count", "--json", "--filter"):
        check.that(word in out, f"help tells of {word}", out)
    check.finish()


def main():
    mode, version = sys.argv[1:3]
    live.require_live()
    if mode == "usage":
        usage(version)
    {"exits": exits, "watch": watch, "secrets": secrets}[mode](version, sys.argv[3])


if __name__ == "__main__":
    main()
