#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""golin findings: what it finds in a program that makes each mistake once, and how it says so.

findings_test.py rules VERSION VARIANT		each mistake is found where it stands, nothing else is;
						a recording of the same run says the same
findings_test.py options VERSION VARIANT	exit codes, what is allowed, baselines, limits
findings_test.py replay VERSION VARIANT		contexts and events of a recording are those of the run
findings_test.py secrets VERSION VARIANT	values are in no output, and in no recording, unasked
"""

import json
import os
import re
import sys
from collections import Counter

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Check, Golin, Program, golin  # noqa: E402

# Each mistake stands in a function of its own (tests/fixtures/breaks).
BREAKS = {
    "ignored-cancel": "main.sendsForEver",
    "detached-context": "main.goesOn",
    "value-only": "main.handsOn",
    "masked-timeout": "main.masked",
    "lost-cancel": "main.loses",
    "foreign-context": "main.makesForeign",
    "deep-context": "main.deeper",
    "wide-context": "main.wider",
    "timer-pileup": "main.piles",
    "panic-swallowed": "main.outOfRange",
    "repanic": "main.throwsAgain",
    "panic-in-defer": "main.hidesFirst",
    "goexit-during-panic": "main.endsGoroutine",
    "panic-loop": "main.poison",
}
# In which of its files a rule's function stands.
FILES = {rule: "panics.go" for rule in BREAKS if "panic" in rule}
# A smaller wait than a user's: tests are short.
QUICK = ["--grace", "300ms", "--limit", "lost-age=300ms"]
FINDING = ["type", "rule", "severity", "goid", "lineage", "func", "at", "message", "evidence",
           "hint", "count", "first", "last", "known"]
SECRET = "xyzzy-plugh-8271"


def line_of(rule, func):
    """The lines of a function in the program's source."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "breaks",
                        FILES.get(rule, "main.go"))
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    start = next(i for i, l in enumerate(lines, 1)
                 if l.startswith(f"func {func.removeprefix('main.')}("))
    end = next(i for i, l in enumerate(lines, 1) if i > start and l == "}")
    return range(start, end + 1)


def findings(objs):
    """Nobody cancels what main.wider makes: on a slow machine that is old enough to be told."""
    return [o for o in objs if o["type"] == "finding" and
            (o["rule"], o["func"]) != ("lost-cancel", "main.wider")]


def shape(check, objs):
    check.equal(objs[0]["type"], "header", "first line")
    check.equal(objs[-1]["type"], "summary", "last line")
    for f in findings(objs):
        check.equal(list(f), FINDING, "members of a finding")
        check.that(f["severity"] in ("note", "warning", "error"), "severity", f)
        check.that(f["at"]["func"] == f["func"], "the place is in the function", f)
        check.that(f["message"] and f["hint"] and f["evidence"] and f["count"] > 0,
                   "message, hint, evidence and count", f)
        check.that(int(f["first"]) <= int(f["last"]), "first and last", f)
    told = Counter(f["severity"] for f in objs if f["type"] == "finding" and not f["known"])
    counts = objs[-1]["findings"]
    check.equal({k: counts[k] for k in ("error", "warning", "note")},
                {k: told[k] for k in ("error", "warning", "note")}, "counts of the summary")
    check.equal(counts["known"], sum(f["known"] for f in findings(objs)), "known ones")


def identity(f, counted=True):
    same = f["rule"], f["severity"], f["func"], f["at"]["file"], f["at"]["line"]
    # How often it was seen depends on when golin looked.
    return (*same, f["count"]) if counted and f["rule"] in ("masked-timeout", "foreign-context") \
        else same


def run_breaks(check, version, variant, words, *watchers):
    """The program, and what was attached to it when it made its mistakes."""
    target = Program([live.program("breaks", version, variant), "-wait", "-secret", SECRET, *words])
    started = [Golin(w[0], target.pid, *w[1:]) for w in watchers]
    for g in started:
        check.that(g.attached, f"golin attaches ({g.argv})", *g.err[-5:])
    target.go()
    check.that(target.wait_line(target.out, r"^done"), "the program makes its mistakes",
               *target.err[-5:])
    return target, started


def end(check, target, started, codes):
    for g, code in zip(started, codes):
        check.equal(g.stop(), code, f"exit code of {g.argv[1]}")
    target.close_stdin()
    check.equal(target.wait(), 0, "exit code of the program")


def wait_for_findings(seconds):
    """For longer than each grace time and age that the tests ask for."""
    live.poll_readable(0, 0)
    live.time.sleep(seconds)


def rules(version, variant):
    check = Check(f"findings {version} {variant}")
    file = os.path.join(live.TMP, "r.golin")
    target, started = run_breaks(check, version, variant, [*BREAKS, "healthy"],
                                 ["findings", "--json", *QUICK],
                                 ["record", "-o", file, *QUICK])
    # Timers are read once a second, and three readings show that they become more.
    wait_for_findings(5)
    end(check, target, started, [1, 0])
    objs = started[0].objects()
    shape(check, objs)
    for rule, func in BREAKS.items():
        got = [f for f in findings(objs) if f["rule"] == rule and f["func"] == func]
        check.equal(len(got), 1, f"findings of {rule} in {func}")
        for f in got:
            check.that(f["at"]["line"] in line_of(rule, func), f"{rule}: line", f["at"])
            check.that(f["severity"] != "note", f"{rule} is more than a note", f)
    strange = [f for f in findings(objs) if f["severity"] != "note" and
               BREAKS[f["rule"]] != f["func"]]
    check.that(not strange, "other findings", *strange)

    code, out, err = golin("findings", file, "--json", *QUICK)
    again = [json.loads(line) for line in out.splitlines()]
    check.equal(code, 1, "exit code with the recording")
    shape(check, again)
    want, got = ({identity(f) for f in findings(o)} for o in (objs, again))
    check.that(want == got, "the recording says the same", f"only live: {want - got}",
               f"only recorded: {got - want}", err)
    check.finish()


def golin_on(version, variant, words, *options, code=None, json_out=False):
    """golin findings -- breaks -exit CODE: (exit code, findings or text, stderr)."""
    program = [live.program("breaks", version, variant), "-exit", str(code or 0), *words]
    rc, out, err = golin("findings", *options, *(["--json"] if json_out else []), "--", *program)
    return rc, ([json.loads(x) for x in out.splitlines()] if json_out else out), err


def options(version, variant):
    check = Check(f"findings options {version} {variant}")
    one = ["masked-timeout"]

    rc, out, err = golin_on(version, variant, ["healthy"])
    check.equal(rc, 0, "exit code without a finding")
    check.that(re.search(r"^no findings: looked at [1-9]\d* contexts and \d+ goroutines in ", out),
               "no findings", out, err)
    rc, out, err = golin_on(version, variant, one, "--baseline", os.devnull)
    check.equal(rc, 2, "a baseline that is no file")
    base = os.path.join(live.TMP, "baseline")
    rc, out, err = golin_on(version, variant, one, "--write-baseline", base)
    check.equal(rc, 0, "exit code when a baseline is written")
    with open(base, encoding="utf-8") as f:
        entries = [x for x in f.read().splitlines() if not x.startswith("#")]
    check.equal(len(entries), 1, "entries of the baseline")
    rc, out, err = golin_on(version, variant, one + ["foreign-context"], "--baseline", base)
    check.equal(rc, 1, "what no baseline lists counts")
    check.that("warning: foreign-context: main.makesForeign (main.go:" in out, "its first line", out)
    check.that("[known]" in out.split("\n")[0] or "[known]" in out, "the known one is shown", out)
    check.that(re.search(r"^1 finding \(1 warning\), 1 known from the baseline: looked at ", out,
                         re.M), "the last line", out)
    rc, objs, err = golin_on(version, variant, one, "--baseline", base, json_out=True)
    check.equal(rc, 0, "what a baseline lists does not count")
    shape(check, objs)
    check.equal([f["known"] for f in findings(objs)], [True], "known in JSON")

    # From here on one run serves: its recording.
    file = os.path.join(live.TMP, "o.golin")
    code, _, err = golin("record", "-o", file, "--", live.program("breaks", version, variant),
                         "-exit", "0", "masked-timeout", "foreign-context")
    check.equal(code, 0, f"golin record ({err})")
    for args, want, left in (
            ([], 1, {"masked-timeout", "foreign-context"}),
            (["--fail-on", "warning"], 1, {"masked-timeout", "foreign-context"}),
            (["--fail-on", "note"], 1, {"masked-timeout", "foreign-context"}),
            (["--fail-on", "error"], 0, {"masked-timeout", "foreign-context"}),
            (["--fail-on", "never"], 0, {"masked-timeout", "foreign-context"}),
            (["-A", "masked-timeout"], 1, {"foreign-context"}),
            (["-A", "masked-timeout", "--allow=foreign-context"], 0, set()),
            (["-A", "masked-timeout:main.masked"], 1, {"foreign-context"}),
            (["-A", "masked-timeout:main.other"], 1, {"masked-timeout", "foreign-context"}),
            (["--limit", "foreign=50", "-A", "masked-timeout"], 0, {"foreign-context"}),
            (["--limit", "foreign=50", "-A", "masked-timeout", "--fail-on", "note"], 1,
             {"foreign-context"}),
            (["--limit", "foreign=50", "-A", "masked-timeout", "-W", "foreign-context"], 1,
             {"foreign-context"}),
            (["--filter", "rule:masked"], 1, {"masked-timeout"}),
            (["--filter", "severity:error"], 0, set()),
            (["--filter", "fn:makesForeign at:main.go"], 1, {"foreign-context"})):
        code, out, err = golin("findings", file, "--json", *args)
        check.equal(code, want, f"exit code with {args} ({err})")
        objs = [json.loads(x) for x in out.splitlines()]
        shape(check, objs)
        check.equal({f["rule"] for f in findings(objs)}, left, f"what is found with {args}")
    for args in (["-A", "nonsense"], ["-W", "nonsense"], ["--limit", "foreign"],
                 ["--limit", "nonsense=3"], ["--limit", "foreign=0"], ["--limit", "depth=-1"],
                 ["--limit", "lost-age=x"], ["--grace", "x"], ["--fail-on", "sometimes"],
                 ["--filter", "rule>3"]):
        code, out, err = golin("findings", file, *args)
        check.equal(code, 2, f"exit code with {args}")
        check.that(not out and err.startswith("golin: "), f"{args} is refused", out, err)

    # The program's own code comes first, then findings, then that events were lost.
    rc, _, _ = golin_on(version, variant, one, code=7)
    check.equal(rc, 7, "exit code of the program")
    for words, want in ((["wide-context"], 5), ([*one, "wide-context"], 1)):
        rc, out, err = golin_on(version, variant, words, "--ring", "32k", "-A", "wide-context",
                                "-A", "lost-cancel")
        check.that(re.search(r"^golin: lost [1-9]", err, re.M), f"{words}: events were lost", err)
        check.equal(rc, want, f"exit code when events were lost, {words} ({out})")
    # No finding means nothing where nothing was watched: that is said, also with --quiet.
    rc, out, err = golin_on(version, variant, one, "--quiet", "--probes", "goroutines")
    check.equal(rc, 0, "exit code when nothing was watched")
    check.that("nothing was looked for" in err, "it says so", err)
    code, out, err = golin("findings", "--list", "--json")
    check.equal({json.loads(x)["rule"] for x in out.splitlines()}, set(BREAKS), "the rules")
    code, out, err = golin("findings", "--list")
    for rule in BREAKS:
        check.that(f"{rule} (" in out, f"{rule} is listed", out)
    check.finish()


def view(objs, kind):
    return [o for o in objs if o["type"].startswith(kind)]


def without_times(o, names):
    """Each golin takes its own times; ids have them in them."""
    def same(k, v):
        if k in ("ts", "created", "exited", "deadline", "asked_deadline", "timeout_ns",
                 "cascade_ns"):
            return v is not None
        if k in ("lineage", "parent_lineage", "origin"):
            return names.get(v, v is not None)
        if isinstance(v, dict):
            return {a: same(a, b) for a, b in v.items()}
        return sorted(v) if k in ("holders", "handed_to") else v
    return json.dumps({k: same(k, v) for k, v in o.items()}, sort_keys=True)


def compare(check, what, want, got):
    """Two lists of objects, whatever their order."""
    a, b = (Counter(without_times(o, {}) for o in objs) for objs in (want, got))
    check.equal(len(got), len(want), f"number of {what}")
    check.that(a == b, f"{what} are the same", *[f"only live: {x}" for x in list(a - b)[:3]],
               *[f"only recorded: {x}" for x in list(b - a)[:3]])


def replay(version, variant):
    check = Check(f"findings replay {version} {variant}")
    file = os.path.join(live.TMP, "c.golin")
    groups = ["--probes", "goroutines,contexts"]
    target = Program([live.program("contexts", version, variant), "-wait", "-linger", "trees",
                      "deadlines", "handed"])
    started = [Golin(*w) for w in (["contexts", target.pid, "--json", *groups],
                                   ["events", target.pid, "--json", *groups],
                                   ["record", target.pid, "-o", file, *groups])]
    for g in started:
        check.that(g.attached, f"golin attaches ({g.argv})", *g.err[-5:])
    target.go()
    check.that(target.wait_line(target.out, r"^done (\d+)", live.PROGRAM_LIMIT), "the program ends",
               *target.err[-5:])
    end(check, target, started, [0, 0, 0])
    contexts, events = started[0].objects(), started[1].objects()
    for what, want in (("contexts", contexts), ("events", events)):
        code, out, err = golin(what, file, "--json")
        check.equal(code, 0, f"exit code of {what} ({err})")
        got = [json.loads(x) for x in out.splitlines()]
        compare(check, what, view(want, "context"), view(got, "context"))
        check.that(len(view(got, "context")) > 1000, f"{len(view(got, 'context'))} {what}")
    code, _, err = golin("findings", file)
    check.equal(code, 0, f"no warning on a program that cancels what it makes ({err})")
    check.finish()


def secrets(version, variant):
    check = Check(f"findings secrets {version} {variant}")
    hidden, shown = (os.path.join(live.TMP, x) for x in ("hidden.golin", "shown.golin"))
    words = ["value-only", "deep-context", "healthy"]
    watchers = [["events", "--json", "--probes", "goroutines,contexts"],
                ["events", "--probes", "goroutines,contexts"],
                ["contexts", "--json"], ["contexts"], ["findings", "--json", *QUICK],
                ["record", "-o", hidden], ["record", "-o", shown, "--show-values"],
                ["contexts", "--show-values"]]
    target, started = run_breaks(check, version, variant, words, *watchers)
    wait_for_findings(1)
    for g in started:
        g.stop()
    target.close_stdin()
    target.wait()
    secret = SECRET.encode()
    for g, w in zip(started, watchers):
        text = g.text() + "\n".join(g.err).encode()
        if w[0] == "record":
            text += live.recording(w[2])
        check.that(len(text) > 500, f"{w} says something", text)
        if w[0] != "findings":
            check.that(b"main.key" in text, f"{w} tells the key's type", text[:300])
        check.equal(secret in text, "--show-values" in w, f"the value is in {w}")
        check.equal(b"secretKey" in text, "--show-values" in w, f"the key is in {w}")
    for file in (hidden, shown):
        for what in ("contexts", "events", "findings", "lineage"):
            for more in ([], ["--json"], ["--show-values"], ["--filter", "key:secret | kind:value"]):
                if what == "lineage" and "--show-values" in more:
                    continue
                _, out, err = golin(what, file, *more)
                if file == hidden:
                    check.that(SECRET not in out + err and "secretKey" not in out + err,
                               f"{what} {more}: what was not recorded is not shown")
    _, out, _ = golin("events", shown, "--json")
    check.that(SECRET in out, "what was recorded with --show-values is there", out[:300])
    # A finding tells what is wrong, not what the value was.
    for args in ([], ["--json"], ["--show-values"]):
        _, out, _ = golin("findings", shown, *args, *QUICK)
        check.that(SECRET not in out, f"no finding tells values {args}", out)
    check.finish()


def main():
    mode, version, variant = sys.argv[1:4]
    live.require_live()
    {"rules": rules, "options": options, "replay": replay, "secrets": secrets}[mode](version,
                                                                                     variant)


if __name__ == "__main__":
    main()
