#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Panics: what golin says of them is what the program says of itself.

panics_test.py attach VERSION VARIANT		`golin panics` and `golin events`, side by side
panics_test.py run VERSION VARIANT		`golin panics -- PROGRAM`, from its first instruction
panics_test.py fatal VERSION VARIANT [END...]	programs that end of a panic, a fatal error, an exit
panics_test.py forced VERSION VARIANT		with a ring of 4 KiB and a reader that stands still
panics_test.py behind VERSION VARIANT		more than golin can take: what is lost is far behind what it reads
panics_test.py rate VERSION VARIANT		60,000 panics a second: 240,000 events

The program (tests/fixtures/panics) accounts for each panic and each Goexit: value, place, stack,
deferred calls in order, outcome, who recovered and where control went on, and what it has to do
with others. golin's account has to be the same: none missing, none extra.
"""

import json
import os
import re
import signal
import sys
import time
from collections import Counter, defaultdict

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import live  # noqa: E402
from live import Check, Golin, Program  # noqa: E402

RATE = "60000"  # a second
# Functions that the compiler makes for `defer f(x)` and for method values.
WRAPPER = re.compile(r"\.(deferwrap|dwrap\.|gowrap)\d*$|-fm$")
# What a method computes cannot be told from outside: these say what their fields do.
COMPUTED = {
    "*main.failure", "main.colour", "*net.OpError", "*main.loud", "*main.louder", "*main.box[int]",
    "main.outer", "main.panicError", "main.panicValue", "time.Duration", "*reflect.ValueError", "*reflect.rtype", "main.valued",
}


def minor(version):
    return int(version.split(".")[1])


def read_account(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def name(frame):
    return frame["func"] if frame else None


def users(stack):
    """func:line of the frames that are not the runtime's."""
    return [f"{f['func']}:{f['line']}" for f in stack or []
            if not f["func"].startswith("runtime.") and not WRAPPER.search(f["func"])]


def of_events(objs):
    """What the events say, as `golin panics` would."""
    out = {}
    for o in objs:
        kind = o["type"]
        if not kind.startswith("panic."):
            continue
        kind = kind[6:]
        if kind in ("start", "goexit", "throw"):
            out[o["panic"]] = dict(o, kind="panic" if kind == "start" else kind, started=o["ts"],
                                   defers=[], outcome="active", recovered_by=None,
                                   resumed_in=None, replaced_by=None,
                                   repanic_of=o.get("repanic_of"), relation=o.get("relation"),
                                   value=o.get("value"), fault=o.get("fault"))
            continue
        p = out.get(o["panic"])
        if p is None:
            live.note(f"FAIL: an event of a panic that never began: {o}")
            sys.exit(1)
        if kind == "defer":
            p["defers"].append(o)
        elif kind == "recover":
            p.update(outcome="recovered", recovered_by=o["by"], resumed_in=o["resumed_in"],
                     frames_unwound=o["frames_unwound"])
        elif kind == "replaced":
            p.update(outcome=o["outcome"], replaced_by=o["replaced_by"])
        elif kind == "fatal":
            p.update(outcome="fatal", printed=o["printed"])
    return list(out.values())


def shown(text):
    """Control characters are shown as what they are."""
    return re.sub(r"[\t\n]", lambda m: {"\t": "\\t", "\n": "\\n"}[m.group(0)], text)


def told(value):
    """What a value wraps, each as "TYPE TEXT" and before what that wraps."""
    out = []
    for v in value["wraps"]:
        out += [f"{v['type']} {v['text']}", *told(v)]
    return out


class Same:
    """Compares panics with the account, by goroutine and in their order there."""

    def __init__(self, check, want, got, variant, events=False):
        self.check, self.variant, self.events = check, variant, events
        self.ids = {0: None}
        self.holds = {w["nested_in"] for w in want}
        by_want, by_got = defaultdict(list), defaultdict(list)
        for w in want:
            by_want[w["goid"]].append(w)
        for g in got:
            by_got[g["goid"]].append(g)
        pairs = []
        for goid in sorted(set(by_want) | set(by_got)):
            ws, gs = by_want[goid], sorted(by_got[goid], key=lambda o: int(o["started"]))
            if len(ws) != len(gs):
                self.bad("number", (ws or [{"scenario": "-"}])[0],
                         [(w["kind"], w["type"], w["text"][:60]) for w in ws][:12],
                         [(g["kind"], g["value"]) for g in gs][:12],
                         f"goroutine {goid}: {len(gs)} panics, not {len(ws)}")
                continue
            pairs += zip(ws, gs)
        for w, g in pairs:
            self.ids[w["id"]] = g["panic"]
        for w, g in pairs:
            self.one(w, g)
        self.pairs = pairs

    def bad(self, what, w, *seen):
        self.check.failed_alike((what, w["scenario"], w.get("type")), f"{w['scenario']}: {what}", *seen)

    def equal(self, what, w, got, want, *seen):
        self.check.done += 1
        if got != want:
            self.check.done -= 1
            self.bad(what, w, f"golin   {got!r}", f"program {want!r}", *seen)

    def one(self, w, g):
        self.equal("kind", w, g["kind"], w["kind"])
        if w["kind"] == "panic":
            self.value(w, g)
        if not self.events or w["kind"] == "panic":
            self.equal("outcome", w, g["outcome"], w["outcome"], g)
        elif g["replaced_by"] is None:
            g["replaced_by"] = self.ids.get(w["replaced_by"])  # that of its goroutine ends it
        for key in ("nested_in", "replaced_by", "repanic_of"):
            self.equal(key, w, g[key], self.ids.get(w[key]), w, g)
        self.equal("relation", w, g["relation"] or "", w["relation"])
        self.equal("locked", w, g["locked"], w["locked"])
        if w["signal"]:
            # Code that is not optimised looks at the first byte of an object before a member.
            checked = self.variant in ("noopt", "race") and w["scenario"] == "errors.memory"
            got = g["fault"] and g["fault"]["addr"]
            self.check.that(got == w["fault"] or (checked and got == "0x0"),
                            f"{w['scenario']}: fault at {got}, not {w['fault']}")
        else:
            self.equal("fault", w, g["fault"], None)
        self.function("recovered_by", w, self.known(w, name(g["recovered_by"])), w["by"])
        if self.events and g["resumed_in"] is None and w["id"] in self.holds:
            # That it was recovered from was told when another began in that deferred call.
            g["resumed_in"], g["frames_unwound"] = {"func": w["resumed"]}, None
            w["unwound"] = -1
        self.function("resumed_in", w, name(g["resumed_in"]), w["resumed"])
        defers = [self.known(w, d["func"]) for d in g["defers"]]
        if w["library"]:
            defers = defers[max(0, len(defers) - len(w["defers"] or [])):]  # its own come first
        self.deferred(w, defers, w["defers"] or [])
        self.stack(w, g)

    @staticmethod
    def known(w, fn):
        """Since Go 1.17, `defer f(x)` calls a function of the compiler's. What that calls is known,
        but not where f is in memory: a variable, or an interface's method."""
        made = re.match(r"main\.(variable|methodInterface|methodFunc)"
                        r"(·dwrap·|\.func|\.deferwrap)\d+$", fn or "")
        if not made or w["scenario"] not in ("recover.variable", "recover.interface",
                                             "recover.method.func"):
            return fn
        return "main.rescue" if made.group(1) == "variable" else "main.(*saver).save"

    def function(self, what, w, got, want):
        if want.endswith("*"):
            got, want = (got or "")[:len(want) - 1], want[:-1]
        self.equal(what, w, got or "", want)

    def deferred(self, w, got, want):
        for i, fn in enumerate(want):
            if fn.endswith("*") and i < len(got) and got[i].startswith(fn[:-1]):
                got[i] = fn
        self.equal("defers", w, got, want)

    def value(self, w, g):
        v = g["value"]
        if v is None:
            self.bad("no value", w, g)
            return
        self.equal("nil", w, v["nil"], w["type"] == "")
        self.equal("type", w, v["type"] or "", w["type"])
        self.equal("partial", w, v["partial"], False, w["type"], w["text"], v)
        if w["type"] in COMPUTED or not w["type"] or w["type"].startswith("map["):
            return
        self.equal("text", w, v["text"], shown(w["text"]), w["type"])
        if not any(t.split(" ")[0] in COMPUTED for t in w["wraps"] or []):
            self.equal("wraps", w, told(v), w["wraps"] or [])

    def stack(self, w, g):
        got, want = users(g["stack"]), w["stack"] or []
        if w["library"]:
            at = len(got) - len(want)
            if at >= 0:
                got = got[at:]
        # Events do not say; of 32 frames that are taken, few are left without the runtime's.
        truncated = g.get("stack_truncated", 10 < len(got) < len(want))
        if truncated:
            n = min(len(got), len(want))
            self.check.that(n > 10, f"{w['scenario']}: {n} frames of a deep stack")
            got, want = got[:n], want[:n]
        if want and want[0].endswith(":?"):
            want[0] = got[0] if got and got[0].startswith(want[0][:-1]) else want[0]
        if not w["library"] and want:
            at = g["at"] and f"{g['at']['func']}:{g['at']['line']}"
            self.equal("at", w, at, want[0])
        self.equal("stack", w, got, want)
        n = g.get("frames_unwound")
        if w["unwound"] >= 0 and not (truncated and n is None):
            if n is None:
                self.bad("frames_unwound", w, "golin   None", f"program {w['unwound']}",
                         users(g["stack"]))
            else:
                self.equal("frames_unwound", w, len(users(g["stack"][:n])), w["unwound"],
                           n, g["stack"])
        elif n is not None and w["resumed"] == "":
            self.bad("frames_unwound", w, n, "nothing goes on")


def complete(check, objs):
    check.equal(objs[-1]["type"], "summary", "the last object")
    check.equal(objs[-1]["lost"], {"ring": 0, "missed": 0}, "lost")
    check.equal(objs[-1]["unread"], 0, "unread")
    check.equal(objs[-1]["complete"], True, "complete")


def reader(objs):
    return [o for o in objs if o["type"] in ("panic", "goexit", "throw")]


def attach(version, variant, scenarios):
    check = Check(f"panics {version} {variant}")
    file = os.path.join(live.TMP, "account")
    target = Program([live.program("panics", version, variant), "-wait", "-linger", "-account",
                      file, *scenarios])
    both = [Golin("panics", target.pid, "--json"),
            Golin("events", target.pid, "--json", "--probes", "panics")]
    for g in both:
        check.that(g.attached, "golin attaches", *g.err[-5:])
    target.go()
    done = target.wait_line(target.out, r"^done (\d+) of (\d+)", live.PROGRAM_LIMIT)
    check.that(done, "the program ends its scenarios", *target.err[-10:])
    codes = [g.stop() for g in both]
    target.close_stdin()
    check.equal(target.wait(), 0, "exit code of the program")
    check.equal(codes, [0, 0], f"exit codes of golin {both[0].err[-3:]} {both[1].err[-3:]}")
    want = [w for w in read_account(file) if w["scenario"] != "init"]
    view, events = both[0].objects(), both[1].objects()
    complete(check, view)
    complete(check, events)
    same = Same(check, want, reader(view), variant)
    Same(check, want, of_events(events), variant, events=True)
    check.that(scenarios or len(want) > 1500, f"{len(want)} panics in the account")
    live.note(f"{len(want)} panics, {len(same.pairs)} compared, "
              f"{len({w['scenario'] for w in want})} scenarios")
    check.finish()


def run(version, variant, scenarios):
    check = Check(f"panics run {version} {variant}")
    file = os.path.join(live.TMP, "account")
    g = Golin("panics", "--json", "--", live.program("panics", version, variant), "-account", file,
              *scenarios, wait=False)
    check.equal(g.wait(live.PROGRAM_LIMIT), 0, f"exit code ({g.err[-3:]})")
    objs = g.objects()
    complete(check, objs)
    want = read_account(file)
    same = Same(check, want, reader(objs), variant)
    live.note(f"{len(want)} panics, {len(same.pairs)} compared")
    check.finish()


# What became of each panic, in order, and its type and text: None where only the program knows that.
ENDS = {
    "plain": ["fatal string the end"],
    "error": ["fatal *fmt.wrapError the end: EOF"],
    "custom": ["fatal *main.failure"],
    "number": ["fatal main.number 42"],
    "float": ["fatal float64"],
    "struct": ["fatal main.point {X:1 Y:2}"],
    "nil": ["fatal nil"],
    "string": ["fatal main.colour"],
    "long": ["fatal string " + "7".rjust(2000, "0")],
    "lines": ["fatal string two\nlines"],
    "index": ["fatal runtime.boundsError index out of range [5] with length 3"],
    "pointer": ["fatal runtime.errorString invalid memory address or nil pointer dereference"],
    "replaced": ["replaced string the first", "replaced string second 2",
                 "fatal *errors.errorString the last"],
    "repanicked": ["recovered *main.failure", "fatal *main.failure"],
    "wrapped": ["recovered *errors.errorString EOF", "fatal *fmt.wrapError wrapped: EOF"],
    "recovered": ["recovered string not this one", "fatal string but this one"],
    "nested": ["fatal string outside", "recovered string inside"],
    "goexit": ["replaced goexit", "fatal string out of a Goexit"],
    "goroutine": ["fatal string in a goroutine"],
    "deep": ["fatal string deep"],
    "maps": [], "asleep": [], "overflow": [], "unlock": [],
    "exit": ["unknown string nobody hears of it"],
    "exit.goroutine": ["unknown string still active"],
    "stringer": None,
    "crowd": None,
}
CODES = {"exit": 3, "exit.goroutine": 4}
RELATED = {"repanicked": "same", "wrapped": "wrapped"}


class Printed:
    """What a Go program wrote on stderr as it ended."""

    def __init__(self, lines):
        self.fatal, self.panics, self.goid, self.stack = None, [], None, []
        text = [x for x in lines if not x.startswith("golin: ")]
        i = next((k for k, x in enumerate(text) if re.match(r"(panic|fatal error): ", x)), len(text))
        while i < len(text) and not re.match(r"(\[signal |goroutine \d|runtime stack|$)", text[i]):
            m = re.match(r"\t?panic: (.*)$", text[i])
            if m:
                self.panics.append(m.group(1))
            elif text[i].startswith("fatal error: "):
                self.fatal = text[i][13:]
            elif self.panics and not self.fatal:
                self.panics[-1] += "\n" + text[i]
            i += 1
        self.panics = [re.sub(r" \[recovered(, repanicked)?\]$", "", p) for p in self.panics]
        running = re.compile(r"goroutine (\d+) .*\[running")
        i = next((k for k in range(i, len(text)) if running.match(text[k])), len(text))
        if i < len(text):
            self.goid = int(running.match(text[i]).group(1))
            self.frames(text[i + 1:])

    def frames(self, lines):
        for k in range(0, len(lines) - 1, 2):
            m = re.match(r"\t.*:(\d+)( |$)", lines[k + 1])
            if not m or lines[k].startswith("created by "):
                break
            fn = lines[k][:lines[k].rindex("(")]
            if fn != "panic" and not fn.startswith("runtime."):
                self.stack.append(f"{fn}:{m.group(1)}")


def one_end(check, version, variant, end):
    g = Golin("panics", "--json", "--probes", "panics", "--",
              live.program("panics", version, variant), "-fatal", end, wait=False)
    code = g.wait(live.PROGRAM_LIMIT)
    check.equal(code, CODES.get(end, 2), f"{end}: exit code ({g.err[:3]})")
    objs, printed = g.objects(), Printed(g.err)
    complete(check, objs)
    panics = sorted((o for o in reader(objs) if o["kind"] != "throw"),
                    key=lambda o: int(o["started"]))
    early = name(panics[0]["resumed_in"]) == "main.(*run).try" if panics else False
    check.that(early, f"{end}: one in an init function comes first", panics[:1])
    panics = panics[1:]
    throws = [o for o in reader(objs) if o["kind"] == "throw"]
    # Two may do it at once; then one of them prints.
    check.equal({o["printed"] for o in throws}, {printed.fatal} if printed.fatal else set(),
                f"{end}: fatal errors")
    want = ENDS[end]
    if want is not None and check.equal(len(panics), len(want), f"{end}: number of panics"):
        for o, w in zip(panics, want):
            w = w.split(" ", 2)
            if o["kind"] == "goexit":
                check.equal([o["outcome"], "goexit"], w, f"{end}: a Goexit")
                continue
            v = o["value"]
            check.equal(o["outcome"], w[0], f"{end}: outcome")
            if w[1] == "nil":
                check.that(v["nil"] == (minor(version) < 21), f"{end}: nil", v)
            else:
                check.equal(v["type"], w[1], f"{end}: type")
            if len(w) > 2:
                text = w[2]
                if w[1].startswith("runtime."):
                    text = "runtime error: " + text
                if len(text) > 1024:
                    check.equal(v["size"], len(text), f"{end}: size")
                    text = cut(text, v["text"])
                check.equal(v["text"], shown(text), f"{end}: text")
        if end in RELATED:
            check.equal(panics[1]["relation"], RELATED[end], f"{end}: relation")
            check.equal(panics[1]["repanic_of"], panics[0]["panic"], f"{end}: repanic_of")
    last = [o for o in panics if o["outcome"] == "fatal"]
    if not printed.panics or printed.fatal:
        return
    if end == "crowd":
        last = [o for o in last if o["goid"] == printed.goid]
        check.equal(len(panics), len({o["goid"] for o in panics}), "one of each goroutine")
        check.that(not any(o["outcome"] in ("recovered", "replaced") for o in panics),
                   "nobody recovers in the crowd")
    if not check.equal(len(last), 1, f"{end}: fatal ones"):
        return
    last = last[0]
    check.equal(last["goid"], printed.goid, f"{end}: goroutine")
    same_printed(check, end, last, printed.panics[-1])
    n = len(users(last["stack"])) if last["stack_truncated"] else len(printed.stack)
    check.that(n > 10 or not last["stack_truncated"], f"{end}: {n} frames")
    check.equal(users(last["stack"])[:90], printed.stack[:min(n, 90)], f"{end}: stack")
    history = [o for o in panics if o["kind"] == "panic"]
    if len(history) == len(printed.panics):
        for o, text in zip(history, printed.panics):
            same_printed(check, end, o, text)


def same_printed(check, end, o, text):
    got = o["printed"] and clean(o["printed"])
    check.equal(got, cut(clean(text), got or ""), f"{end}: printed")


def cut(text, got):
    """A long text as golin shows it: its beginning."""
    return text if len(text) <= 1024 else text[:1000] + got[1000:]


def clean(text):
    """Go 1.18 and newer print a tab behind each line's end; golin makes control characters visible."""
    return re.sub(r"\\n(\\t)?|\n\t?", " ", text)


def fatal(version, variant, ends):
    check = Check(f"panics fatal {version} {variant}")
    for end in ends or ENDS:
        one_end(check, version, variant, end)
    check.finish()


def rate(version, variant, options):
    check = Check(f"panics rate {version} {variant}")
    seconds = os.environ.get("GOLIN_TEST_SECONDS", "3")
    target = Program([live.program("panics", version, variant), "-wait", "-linger", "-rate", RATE,
                      "-for", f"{seconds}s", *options])
    g = Golin("panics", target.pid, "--json", "--keep", "1000", "--probes", "panics")
    n = work(check, target, g)
    code = g.stop(120)
    target.close_stdin()
    objs = g.objects()
    live.note(f"{n} panics in {seconds} s, {objs[-1]}")
    check.equal(code, 0, f"exit code ({g.err[-3:]})")
    complete(check, objs)
    counts = objs[-1]["panics"]
    check.equal([counts["panics"], counts["recovered"], counts["unmatched"]], [n, n, 0], "panics")
    for o in reader(objs):
        check.equal([d["func"] for d in o["defers"]], ["main.count", "main.recovers.func1"], "defers")
    right(check, [o for o in reader(objs)], ("recovered",))
    check.finish()


def work(check, target, g):
    check.that(g.attached, "golin attaches", *g.err[-5:])
    target.go()
    m = target.wait_line(target.out, r"^done (\d+)", live.PROGRAM_LIMIT)
    if not check.that(m, "the program ends its work", *target.err[-5:]):
        check.finish()
    return int(m.group(1))


def right(check, panics, outcomes):
    """All of them are recovered by one function, whatever could be seen of that."""
    check.that(panics, "panics are shown")
    for o in panics:
        check.that(o["outcome"] in outcomes, f"outcome {o['outcome']}", o)
        check.that(name(o["recovered_by"]) in (None, "main.recovers.func1"), "recovered_by", o)
        check.that(name(o["resumed_in"]) in (None, "main.recovers"), "resumed_in", o)
        for key in ("nested_in", "replaced_by", "repanic_of"):
            check.equal(o[key], None, key)


def behind(version, variant, options):
    forced(version, variant, options, ring="8M", per_second="-1", stop=False)


def forced(version, variant, options, ring="4k", per_second="30000", stop=True):
    check = Check(f"panics forced loss {version} {variant}")
    target = Program([live.program("panics", version, variant), "-wait", "-linger", "-rate",
                      per_second, "-for", "3s", *options])
    g = Golin("events", target.pid, "--json", "--ring", ring, "--probes", "panics")
    check.that(g.attached, "golin attaches", *g.err[-5:])
    target.go()
    if stop:
        time.sleep(0.5)
        os.killpg(g.pid, signal.SIGSTOP)
        time.sleep(1.0)
        os.killpg(g.pid, signal.SIGCONT)
    m = target.wait_line(target.out, r"^done (\d+)", live.PROGRAM_LIMIT)
    if not check.that(m, "the program ends its work", *target.err[-5:]):
        check.finish()
    n = int(m.group(1))
    time.sleep(0.2)
    code = g.stop(60)
    target.close_stdin()
    objs = g.objects()
    lost = objs[-1]["lost"]["ring"] + objs[-1]["lost"]["missed"]
    # One whose beginning was lost has no stack: it is the model's, and no record was of it.
    records = Counter(o["type"] for o in objs
                      if o["type"].startswith("panic.") and (o["type"] != "panic.start" or o["stack"]))
    panics = of_events(objs)
    live.note(f"{n} panics, {dict(records)}, {Counter(o['outcome'] for o in panics)}, {objs[-1]}")
    check.equal(code, 5, f"exit code ({g.err[-3:]})")
    check.equal(objs[-1]["complete"], False, "complete")
    check.that(lost > 1000, f"much is lost: {lost}")
    check.equal(sum(records.values()) + lost, 4 * n, "delivered + lost = hits")
    right(check, panics, ("recovered", "unknown", "active"))
    check.finish()


def main():
    mode, version, variant = sys.argv[1:4]
    live.require_live()
    {"attach": attach, "run": run, "fatal": fatal, "forced": forced, "behind": behind,
     "rate": rate}[mode](
        version, variant, sys.argv[4:])


if __name__ == "__main__":
    main()
