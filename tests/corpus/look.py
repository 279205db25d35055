# SPDX-License-Identifier: BSD-2-Clause
"""An external proof of a layout: with its offsets, is what a running program holds in memory what
a Go program must hold there? What is compared with comes from the kernel: the thread's registers,
its id, where the file is mapped."""

import os
import struct
import tempfile

from traced import Traced

MAX_GS = 200000
STATUSES = {0, 1, 2, 3, 4, 6, 8, 9, 10, 11}  # without the bit of the garbage collector
DEAD = {0, 6, 11}


class Memory:
    def __init__(self, pid):
        self.f = open(f"/proc/{pid}/mem", "rb", buffering=0)

    def read(self, addr, n):
        try:
            self.f.seek(addr)
            data = self.f.read(n)
        except (OSError, ValueError, OverflowError):
            return None
        return data if len(data) == n else None

    def u64(self, addr):
        data = self.read(addr, 8)
        return struct.unpack("<Q", data)[0] if data else None

    def u(self, addr, n):
        data = self.read(addr, n)
        return int.from_bytes(data, "little") if data else None

    def close(self):
        self.f.close()


class Look:
    def __init__(self, answer, mem, bias):
        self.structs, self.mem, self.bias = answer["structs"], mem, bias
        symbols = answer["symbols"]
        self.addresses = {k: int(v, 16) + bias if v else None
                          for k, v in symbols.items() if k != "tls_g"}
        self.tls_g = symbols["tls_g"]
        self.done, self.wrong = 0, []

    def that(self, ok, what):
        self.done += 1
        if not ok:
            self.wrong.append(what)
        return bool(ok)

    def field(self, addr, struct_name, member):
        """The value of a member; None where there is none, or no memory."""
        f = self.structs[struct_name]["fields"][member] if self.structs[struct_name] else None
        if f is None:
            return None
        return self.mem.u(addr + f["offset"], min(f["size"], 8))

    def at(self, addr, struct_name, member):
        return addr + self.structs[struct_name]["fields"][member]["offset"]

    def in_text(self, pc):
        return pc is not None and self.addresses["text"] <= pc <= self.addresses["etext"]

    def stack(self, g):
        inner = self.at(g, "runtime.g", "stack")
        return (self.field(inner, "runtime.stack", "lo"), self.field(inner, "runtime.stack", "hi"))

    # ---- what must hold ----

    def thread(self, tid, rsp, fs_base):
        """The first thread: its g, by the slot in TLS, and its m."""
        g = self.mem.u64(fs_base + self.tls_g)
        if not self.that(g and self.mem.u64(g) is not None, f"no g at fs{self.tls_g:+d}: {g}"):
            return None, None, None
        m = self.field(g, "runtime.g", "m")
        if not self.that(m and self.mem.u64(m) is not None, "g.m is no pointer"):
            return g, None, None
        g0 = self.field(m, "runtime.m", "g0")
        self.that(self.field(m, "runtime.m", "procid") == tid,
                  f"m.procid is {self.field(m, 'runtime.m', 'procid')}, the thread {tid}")
        self.that(self.field(m, "runtime.m", "id") == 0, "m.id of the first thread is not 0")
        if not self.that(g0 and self.mem.u64(g0) is not None, "m.g0 is no pointer"):
            return g, m, None
        self.that(self.field(g0, "runtime.g", "goid") == 0, "g0.goid is not 0")
        self.that(self.field(g0, "runtime.g", "m") == m, "g0.m is not its m")
        gsignal = self.field(m, "runtime.m", "gsignal")
        curg = self.field(m, "runtime.m", "curg")
        self.that(g in (g0, gsignal, curg), "the g in TLS is none of g0, gsignal, curg")
        on = [x for x in (g0, gsignal, curg) if x and None not in self.stack(x) and
              self.stack(x)[0] <= rsp < self.stack(x)[1]]
        self.that(on or rsp >= self.stack(g0)[1] - (1 << 20),
                  f"the thread's stack pointer {rsp:#x} lies on no stack of its goroutines")
        return g, m, g0

    def goroutine(self, g, goids):
        """What holds of any goroutine in allgs, and more of those that are not dead."""
        self.that(self.mem.u64(g) is not None, "a g that cannot be read")
        status = self.field(g, "runtime.g", "atomicstatus")
        if not self.that(status is not None and status & ~0x1000 in STATUSES,
                         f"atomicstatus {status}"):
            return
        status &= ~0x1000
        lo, hi = self.stack(g)
        if not self.that(lo is not None and lo <= hi and hi - lo <= 1 << 30,
                         f"stack [{lo}, {hi})") or status in DEAD:
            return
        goid = self.field(g, "runtime.g", "goid")
        self.that(0 < goid < 1 << 32, f"goid {goid}")
        self.that(goid not in goids, f"goid {goid} twice")
        goids.add(goid)
        parent = self.field(g, "runtime.g", "parentGoid")
        self.that(parent is None or parent < goid or parent < 1 << 32, f"parentGoid {parent}")
        self.that(self.in_text(self.field(g, "runtime.g", "startpc")), "startpc not in the text")
        self.that(self.in_text(self.field(g, "runtime.g", "gopc")), "gopc not in the text")
        self.that(self.field(g, "runtime.g", "waitreason") < 80, "waitreason out of range")
        if status not in (1, 4):
            return
        sched = self.at(g, "runtime.g", "sched")
        sp = self.field(sched, "runtime.gobuf", "sp")
        self.that(lo <= sp <= hi, f"sched.sp {sp:#x} not in [{lo:#x}, {hi:#x})")
        self.that(self.in_text(self.field(sched, "runtime.gobuf", "pc")), "sched.pc not in text")
        bp = self.field(sched, "runtime.gobuf", "bp")
        self.that(not bp or lo <= bp <= hi, f"sched.bp {bp:#x}")
        back = self.field(sched, "runtime.gobuf", "g")
        self.that(back in (None, g), "sched.g is another")

    def allgs(self):
        addr = self.addresses["allgs"]
        if not self.that(addr, "allgs not found"):
            return 0
        gs, length, cap = (self.mem.u64(addr + 8 * i) for i in range(3))
        if not self.that(gs and length and length <= cap <= MAX_GS, f"allgs [{gs} {length} {cap}]"):
            return 0
        goids = set()
        for i in range(length):
            g = self.mem.u64(gs + 8 * i)
            if self.that(g, "nil in allgs"):
                self.goroutine(g, goids)
        self.that(1 in goids, "no goroutine 1")
        first = self.mem.u64(gs)
        self.that(self.field(first, "runtime.g", "goid") == 1, "the first of allgs is not 1")
        # runtime.main is started by the assembly that starts the program
        self.that(self.field(first, "runtime.g", "parentGoid") in (None, 0), "1 has a parent")
        return len(goids)

    def moduledata(self):
        addr = self.addresses["moduledata"]
        if not self.that(addr, "moduledata not found"):
            return
        self.that(self.mem.u64(addr) == self.addresses["pclntab"],
                  "moduledata does not begin with the address of pclntab")
        for name, want in (("text", "text"), ("etext", "etext")):
            v = self.field(addr, "runtime.moduledata", name)
            self.that(v in (None, self.addresses[want]), f"moduledata.{name} {v}")


def look(path, args, answer, elf):
    """(checks done, what is wrong, goroutines seen); OSError when it cannot be run."""
    with tempfile.TemporaryDirectory(prefix="golin-corpus-") as cwd:
        os.chmod(cwd, 0o777)  # the program runs as nobody
        with Traced([os.path.realpath(path)] + args, cwd) as t:
            base = t.base(path)
            if base is None:
                raise OSError(0, "it is another program by now")
            rsp, fs_base = t.registers()
            mem = Memory(t.pid)
            try:
                seen = Look(answer, mem, base - elf.base())
                seen.thread(t.pid, rsp, fs_base)
                n = seen.allgs()
                seen.moduledata()
            finally:
                mem.close()
            return seen.done, seen.wrong, n
