#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""sites_test.py VERSION VARIANT [PROGRAM]

The hook points that golin finds in a program (list_hooks), against what nm and objdump say of it:
bounds of functions, the instruction there, what stands before it, where it leads. What is not found
must not be there. A stripped program has to have the same as its sibling with symbols.
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "live"))
import live  # noqa: E402  (program(), note())

LIST = os.environ.get("GOLIN_LIST_HOOKS", "build/tests/list_hooks")
COLUMNS = ("program go event func required kind status file_off vaddr func_lo func_hi insn drop "
           "text where nop5_off why lost").split()
# A kernel emulates these; what else is probed has no better place.
EMULATED = {"jbe", "push", "call", "jcc"}
SINGLE_STEPPED = {"goroutine.create.coroutine", "goroutine.labels", "panic.recover.call",
                  "panic.fatal", "panic.throw", "panic.throw.user"}
# What each version has to have in a program that uses all of it: Go minor from, to.
EXPECTED = {
    "goroutine.create": (13, 27), "goroutine.exit": (13, 27), "goroutine.park": (13, 27),
    "goroutine.create.coroutine": (23, 27),
    "goroutine.ready": (13, 27), "goroutine.labels": (13, 27),
    "timer.start": (13, 27), "timer.reset": (14, 27), "timer.fire": (13, 27),
    "timer.stop": (13, 27), "timer.send": (13, 27),
    "context.create": (13, 27), "context.create.value": (13, 27),
    "context.create.deadline": (13, 27), "context.create.timeout": (13, 27),
    "context.create.timeout.cause": (21, 27), "context.cancel": (13, 27),
    "context.cancel.timer": (13, 27), "context.cancel.effect": (13, 27), "context.cancel.afterfunc": (21, 27),
    "context.detach": (13, 27),
    "panic.start": (13, 27), "panic.recover": (13, 27), "panic.recover.call": (13, 27),
    "panic.defer": (13, 27), "panic.defer.open": (14, 21), "panic.goexit": (13, 27),
    "panic.signal": (13, 27), "panic.fatal.print": (13, 27), "panic.fatal": (13, 27),
    "panic.throw": (13, 27), "panic.throw.user": (19, 27),
    "io.read": (13, 27), "io.write": (13, 27), "io.accept": (13, 27), "io.close": (13, 27),
    "io.resolve": (13, 27), "io.dial": (13, 27), "io.dial.one": (13, 27), "io.connect": (13, 27),
    "http.client.start": (13, 27), "http.client.get_conn": (13, 27),
    "http.client.idle_conn": (13, 27), "http.client.dial_conn": (13, 27),
    "http.client.got_conn": (13, 27), "http.client.round_trip": (13, 27),
    "http.client.read_loop": (13, 27), "http.client.write_loop": (13, 27),
    "http.client.put_idle_conn": (13, 27), "http.client.http2": (13, 27),
    "http.server.conn": (13, 27), "http.server.request": (13, 27),
    "http.server.header": (13, 27), "http.server.finish": (13, 27),
    "gc.start": (13, 27), "gc.mark.done": (13, 27), "gc.mark.termination": (13, 27),
    "gc.stw.begin": (13, 27), "gc.stw.end": (13, 27),
}

failures = 0


def check(ok, text):
    global failures
    if not ok:
        failures += 1
        live.note(f"FAIL: {text}")
    return ok


def listed(path):
    run = subprocess.run([LIST, path], stdout=subprocess.PIPE, text=True, check=True, timeout=120)
    hooks = [dict(zip(COLUMNS, line.split("\t"))) for line in run.stdout.splitlines()]
    for h in hooks:
        for key in ("file_off", "vaddr", "func_lo", "func_hi", "drop", "nop5_off"):
            h[key] = int(h[key], 16)
    return hooks


class Insn:
    def __init__(self, addr, raw, text):
        self.addr, self.raw = addr, raw
        self.symbol = (re.search(r"<([^>]*)>", text) or [None, ""])[1]
        self.text = text.split("#")[0].strip()
        self.op = self.text.split()[0] if self.text else ""

    def target(self):
        m = re.match(r"\S+\s+(?:0x)?([0-9a-f]+)", self.text)
        return int(m[1], 16) if m else None


LINE = re.compile(r"^\s*([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*(?:\t(.*))?$")


def disassemble(path, lo, hi):
    out = subprocess.run(["objdump", "-d", "-w", f"--start-address={lo}", f"--stop-address={hi}",
                          path], stdout=subprocess.PIPE, text=True, check=True, timeout=120).stdout
    found = (LINE.match(line) for line in out.splitlines())
    return [Insn(int(m[1], 16), bytes.fromhex(m[2]), (m[3] or "").strip()) for m in found if m]


def symbols(path):
    """Functions by name: a list of (address, size)."""
    out = subprocess.run(["nm", "-S", path], stdout=subprocess.PIPE, text=True, check=True,
                         timeout=120).stdout
    ret = {}
    for line in out.splitlines():
        part = line.split(" ", 3)
        if len(part) == 4 and part[2] in ("t", "T"):
            ret.setdefault(part[3], []).append((int(part[0], 16), int(part[1], 16)))
    return ret


# What a prologue does before its branch, with the registers that it may change.
CHECK = re.compile(r"^(cmp\s|nop|xchg\s+%ax,%ax|data16|lea\s+-?0x[0-9a-f]+\(%rsp\),|mov\s+%rsp,|"
                   r"mov\s+%fs:|mov\s+\$0xf+8,%rcx|mov\s+0x10\(%\w+\),|sub\s+|jb\s|je\s)")
DEST = re.compile(r",%(\w+)$")


def check_prologue(h, body, at, minor):
    """The way to the branch changes nothing that matters, and it leads to morestack."""
    event, branch = h["event"], at
    if h["insn"] == "push":
        branch = at - 1
        check(body[at].text == "push   %rbp", f"{event}: {body[at].text}")
    if not check(branch > 0 and body[branch].op == "jbe",
                 f"{event}: no jbe: {body[branch].text}"):
        return
    check(h["drop"] == (0x41 if h["insn"] == "jbe" else 0), f"{event}: drops {h['drop']:#x}")
    guard = None
    for i in body[:branch]:
        check(CHECK.match(i.text), f"{event}: before its branch: {i.text}")
        dest = DEST.search(i.text)
        if dest and i.op != "cmp":
            allowed = {"r12", "r13"} if minor >= 17 else {"rcx", "rax", "rsi"}
            check(dest[1] in allowed, f"{event}: its prologue changes %{dest[1]}: {i.text}")
        guard = (re.search(r"0x1[08]\(%(\w+)\)", i.text) or [None, guard])[1]
    place = dict(item.split("=", 1) for item in h["where"].split(" ") if item)
    for name in ("g", "g0"):
        check(place.get(name, guard) == guard, f"{event}: {name} is {place.get(name)}, the guard "
                                               f"is read through {guard}")
    tail = [i for i in body if i.addr >= body[branch].target()]
    call = next((i for i in tail if i.op == "call"), None)
    check(call and call.symbol.startswith("runtime.morestack"),
          f"{event}: the branch leads to {call and call.text}")


def is_nop(i):
    return i.op.startswith("nop") or i.text in ("xchg   %ax,%ax", "data16 xchg %ax,%ax")


def before(body, at):
    at -= 1
    while at >= 0 and is_nop(body[at]):
        at -= 1
    return at


def check_barrier(h, body, at):
    compare = before(body, at)
    first = next((k for k, i in enumerate(body) if i.op == "cmpl"
                  and i.symbol == "runtime.writeBarrier"), None)
    check(compare == first, f"{h['event']}: not behind the first compare with the write barrier")
    if h["kind"] == "commit":
        return
    store = next((m for i in reversed(body[:compare])
                  if (m := re.match(r"mov\s+%r\w+,\(%(\w+)\)$", i.text))), None)
    check(store and h["where"].startswith(f"ctx={store[1]} "),
          f"{h['event']}: the object is in {store and store[1]}: {h['where']}")


def check_result(h, body, at):
    test = before(body, at)
    check(body[test].text == "test   %bl,%bl", f"{h['event']}: {body[test].text}")
    call = test - 1
    while call > 0 and body[call].op in ("mov", "nop", "nopl", "nopw", "xchg"):
        call -= 1
    check(body[call].op == "call" and body[call].symbol == "runtime.(*_panic).nextDefer",
          f"{h['event']}: behind {body[call].text}")
    check(h["drop"] == 0x40, f"{h['event']}: drops {h['drop']:#x}")


def check_call(h, body, at, names):
    target = {name for name, places in names.items() for lo, _ in places
              if lo == body[at].target()}
    want = re.search(r"the only call of ([^;]*)", h["why"])[1]
    check(want in {t.removesuffix(".abi0") for t in target},
          f"{h['event']}: it calls {target}, not {want}")
    same = [i for i in body if i.op == "call" and i.target() == body[at].target()]
    check(len(same) == 1, f"{h['event']}: {len(same)} such calls")
    if h["nop5_off"]:
        check(body[at - 1].raw == bytes.fromhex("0f1f440000") and
              h["nop5_off"] == h["file_off"] - 5, f"{h['event']}: no such nop")


def check_site(path, h, names, minor):
    event = h["event"]
    # Of two with one name (an ABI wrapper has ".abi0" behind it) the real one.
    real = [(lo, size) for lo, size in names.get(h["func"], []) if lo == h["func_lo"]]
    if not check(real, f"{event}: {h['func']} is not at {h['func_lo']:#x}, but {names.get(h['func'])}"):
        return
    lo, size = real[0]
    check(lo + size <= h["func_hi"] and h["func_hi"] - (lo + size) < 64,
          f"{event}: ends at {h['func_hi']:#x}, its symbol at {lo + size:#x}")
    body = disassemble(path, lo, h["func_hi"])
    at = next((k for k, i in enumerate(body) if i.addr == h["vaddr"]), None)
    if not check(at is not None, f"{event}: no instruction begins at {h['vaddr']:#x}"):
        return
    with open(path, "rb") as f:
        f.seek(h["file_off"])
        check(f.read(len(body[at].raw)) == body[at].raw,
              f"{event}: the file has another instruction at {h['file_off']:#x}")
    op = {"jbe": "jbe", "push": "push", "call": "call", "jcc": "j"}.get(h["insn"], "")
    check(body[at].op.startswith(op), f"{event}: {h['insn']} is {body[at].text}")
    check(h["insn"] in EMULATED or event in SINGLE_STEPPED,
          f"{event}: is single-stepped: {body[at].text}")
    kind = h["kind"]
    if kind == "once":
        kind = "entry" if h["vaddr"] == lo else "prologue"
    if kind == "prologue":
        check_prologue(h, body, at, minor)
    elif kind == "entry":
        check(h["vaddr"] == lo, f"{event}: not the entry")
        check(not any(i.symbol.startswith("runtime.morestack") for i in body if i.op == "call"),
              f"{event}: its stack grows, and the entry runs again")
    elif kind in ("barrier", "commit"):
        check_barrier(h, body, at)
    elif kind == "result":
        check_result(h, body, at)
    elif kind == "call":
        check_call(h, body, at, names)


def main():
    version, variant, *program = sys.argv[1:]
    minor = int(version.split(".")[1])
    name = program[0] if program else "hooks"
    path = live.program(name, version, variant)
    hooks = listed(path)
    status = {h["event"]: h["status"] for h in hooks}
    for h in hooks:
        check(h["status"] != "missing", f"{h['event']}: {h['func']}: {h['why']}")
        check(h["lost"] and h["why"], f"{h['event']}: no reason told")
    if name == "hooks":
        for event, (first, last) in EXPECTED.items():
            if first <= minor <= last:
                check(status.get(event) == "found", f"{event}: {status.get(event)}")
    if variant == "stripped":
        sibling = {h["event"]: h for h in listed(live.program(name, version, "default"))}
        for h in hooks:
            other = dict(sibling[h["event"]], program=h["program"])
            check(h == other, f"{h['event']}: stripped {h}, with symbols {other}")
        check(len(sibling) == len(hooks), "not as many as with symbols")
    else:
        names = symbols(path)
        for h in hooks:
            if h["status"] == "found":
                check_site(path, h, names, minor)
            else:
                check(h["func"] not in names, f"{h['event']}: {h['func']} is there")
    found = [h for h in hooks if h["status"] == "found"]
    kinds = {k: sum(h["insn"] == k for h in found) for k in ("jbe", "push", "call", "jcc", "other")}
    live.note(f"{version} {variant} {name}: {len(found)} of {len(hooks)} hook points found: " +
              ", ".join(f"{n} {k}" for k, n in kinds.items() if n))
    for h in hooks:
        if h["status"] != "found":
            live.note(f"  {h['event']}: {h['func']}: {h['why']}")
    sys.exit(1 if failures else 0)


main()
