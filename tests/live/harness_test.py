#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The comparison itself: what is right passes, and each kind of mistake is found.

harness_test.py VERSION    needs no rights and no golin: it makes golin's output from the account.
"""

import copy
import contextlib
import io
import os
import subprocess
import sys

import live
from lineage_test import compare_events, phases_of
from live import Account, Check


def frame(func, where):
    file, _, line = where.rpartition(":")
    return {"func": func, "file": file, "line": int(line)}


def events_of(account):
    """What a perfect golin would print."""
    out = [dict(type="goroutine.create", child=900000 + i, goid=None, func="runtime.bgsweep",
                at=None, stack=[], via="go", armed_by=None, system=True) for i in range(2)]
    for e in account.by_goid.values():
        if "main" in e["note"]:
            out.append(dict(type="goroutine.seen", child=e["goid"], goid=None, func="main.main",
                            at=None, system=False))
            continue
        out.append(dict(type="goroutine.create", child=e["goid"], goid=e["parent"] or None,
                        func=e["func"], at=frame(e["at_func"], e["at"]),
                        stack=[frame(*f) for f in account.stacks[e["stack"]]][:32], via=e["via"],
                        armed_by=e["armed"] or None, system=False))
    for i, e in enumerate(account.anonymous):
        out.append(dict(type="goroutine.create", child=800000 + i, goid=None, func=e["func"],
                        at=None, stack=[], via="timer", armed_by=e["armed"], system=False))
    for e in account.by_goid.values():
        if e["how"] != "alive":
            out.append(dict(type="goroutine.exit", goid=e["goid"], how=e["how"]))
    return out


def failures(account, version, events):
    check = Check("inner")
    with contextlib.redirect_stdout(io.StringIO()):
        compare_events(check, account, version, copy.deepcopy(events), {"events": len(events)})
    return check.failed


def main():
    version = sys.argv[1]
    path = live.program("lineage", version)
    file = os.path.join(live.TMP, "account")
    phases = [p for p in phases_of(path, "default") if not p.startswith(("churn", "burst"))]
    subprocess.run([path, "-account", file, *phases], check=True, timeout=120,
                   stdout=subprocess.DEVNULL)
    account = Account(file)
    check = Check(f"the comparison, {version}")
    good = events_of(account)
    check.that(len(good) > 10000, f"events: {len(good)}")
    check.equal(failures(account, version, good), 0, "failures on what is right")

    def pick(kind, want=lambda o: True):
        return next(i for i, o in enumerate(good) if i > 100 and o["type"] == kind and want(o))

    create, ending = "goroutine.create", "goroutine.exit"
    user = pick(create, lambda o: o["goid"] and len(o["stack"]) > 4)
    timer = pick(create, lambda o: o["via"] == "timer" and o["child"] < 800000)

    def mistake(what, change):
        events = copy.deepcopy(good)
        change(events)
        check.that(failures(account, version, events) > 0, f"found: {what}")

    def put(i, **members):
        return lambda events: events[i].update(members)

    mistake("a creation is missing", lambda ev: ev.pop(user))
    mistake("an end is missing", lambda ev: ev.pop(pick(ending)))
    mistake("a creation comes twice", lambda ev: ev.insert(user, ev[user]))
    mistake("an end comes twice", lambda ev: ev.append(ev[-1]))
    mistake("one too many", lambda ev: ev.append(dict(ev[user], child=777777)))
    mistake("one that ends and never began", lambda ev: ev.append(dict(ev[-1], goid=777777)))
    mistake("a wrong parent", put(user, goid=good[user]["goid"] + 1))
    mistake("no parent", put(user, goid=None))
    mistake("a wrong function", put(user, func="main.main.gowrap1"))
    mistake("a wrong line", put(user, at=dict(good[user]["at"], line=good[user]["at"]["line"] + 1)))
    mistake("no place", put(user, at=None))
    mistake("a frame is missing", put(user, stack=good[user]["stack"][:1] + good[user]["stack"][2:]))
    mistake("frames are missing", put(user, stack=good[user]["stack"][:1]))
    mistake("no stack", put(user, stack=[]))
    mistake("a wrong via", put(user, via="timer"))
    mistake("a parent of a timer's", put(timer, goid=1))
    mistake("a wrong armer", put(timer, armed_by=(good[timer]["armed_by"] or 0) + 1))
    mistake("a wrong end", put(pick(ending, lambda o: o["how"] == "goexit"), how="return"))
    mistake("marked as the runtime's own", put(user, system=True))
    mistake("an end before its beginning", lambda ev: ev.insert(0, ev.pop()))
    check.finish()


if __name__ == "__main__":
    main()
