#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`golin demo` away from a terminal: within 20 seconds the tree as text and exit 0, with probes, without
the rights for them (from memory), and without the demo program (from the recording that comes with golin).

demo_test.py
"""

import os
import shutil
import subprocess
import time

import live
from live import Check

LIMIT = 20.0


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
    check.finish()


if __name__ == "__main__":
    main()
