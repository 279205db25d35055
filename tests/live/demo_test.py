#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`golin demo` away from a terminal: within 20 seconds the tree as text and exit 0, with probes, without
the rights for them (from memory), and without the demo program (from the recording that comes with golin).
Nothing is wrong with it, and with --breaks one of each is, and is found where it is.

demo_test.py
"""

import json
import os
import shutil
import subprocess
import time

import live
from live import Check

LIMIT = 20.0

# What demo/breaks.go and demo/panics.go do wrong, and the function that is to be looked at.
BREAKS = {
    "detached-context": "main.(*shop).confirm",
    "ignored-cancel": "main.followPrices",
    "value-only": "main.(*shop).audit",
    "masked-timeout": "main.askInsurance",
    "lost-cancel": "main.openSession",
    "foreign-context": "main.shareBudget",
    "deep-context": "main.negotiate",
    "wide-context": "main.subscribeAll",
    "timer-pileup": "main.remind",
    "panic-swallowed": "main.total",
    "repanic": "main.(*crew).wait",
    "panic-in-defer": "main.(*lease).giveBack",
    "goexit-during-panic": "main.closeBooks",
    "panic-loop": "main.(*parcel).weigh",
}


def findings(check, what, argv):
    """The findings that are no notes: (rule, func)."""
    r = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, timeout=60, check=False)
    check.equal(r.returncode, 0, f"{what}: exit code ({r.stderr.decode()[-300:]!r})")
    objs = [json.loads(line) for line in r.stdout.decode().splitlines()]
    check.that(objs and objs[-1]["type"] == "summary", f"{what}: no summary")
    return {(o["rule"], o["func"]) for o in objs
            if o["type"] == "finding" and o["severity"] != "note"}


def wrong(check, program):
    found = findings(check, "healthy", [live.GOLIN, "findings", "--json", "--for", "5s", "--", program])
    check.equal(found, set(), "healthy: what is found")
    found = findings(check, "breaks", [live.GOLIN, "demo", "--breaks", "--json"])
    for rule, func in BREAKS.items():
        check.that((rule, func) in found, f"breaks: {rule} in {func}", sorted(found))
    # Who works on under values alone does not hear of the cancel either.
    others = found - set(BREAKS.items()) - {("ignored-cancel", "main.backend")}
    check.equal(others, set(), "breaks: what else is found")


def demo(check, what, argv, want, said=None):
    begin = time.monotonic()
    r = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, timeout=60, check=False)
    took = time.monotonic() - begin
    out, err = r.stdout.decode(), r.stderr.decode()
    check.equal(r.returncode, 0, f"{what}: exit code ({err[-300:]!r})")
    check.that(took < LIMIT, f"{what}: {took:.1f} s")
    for word in want:
        check.that(word in out, f"{what}: {word} is in the tree", out[:600])
    check.that(not said or said in err, f"{what}: stderr says {said!r}", err)
    check.that("panic:" not in err, f"{what}: stderr", err)


def main():
    check = Check("golin demo")
    here = os.path.dirname(os.path.realpath(live.GOLIN))
    program = os.path.join(here, "golin-demo")
    check.that(os.access(program, os.X_OK), f"{program} is built")
    tree = ["main.main", "main.(*pool).worker", "main.customer", "net/http.(*conn).serve"]
    place = "/tmp/" + os.path.basename(live.TMP) + "-demo"
    os.mkdir(place, 0o755)
    try:
        for name in ("golin", "demo.golin"):
            shutil.copy(os.path.join(here, name), place)
        os.chmod(os.path.join(place, "demo.golin"), 0o644)
        alone = os.path.join(place, "golin")
        demo(check, "without the program", [alone, "demo"], tree, "recording")
        shutil.copy(program, place)
        if os.geteuid() == 0:
            demo(check, "without rights", ["setpriv", "--reuid=65534", "--regid=65534",
                                           "--clear-groups", "--inh-caps=-all", "--", alone, "demo"],
                 tree[:3], "no live probes")
    finally:
        shutil.rmtree(place)
    live.require_live()
    demo(check, "live", [live.GOLIN, "demo"], tree, "attached to")
    wrong(check, program)
    check.finish()


if __name__ == "__main__":
    main()
