# SPDX-License-Identifier: BSD-2-Clause
"""What is true of a program, from readers that have no part of golin in them: Go's own debug/dwarf
on the program, or on a probe program that the very same Go release built."""

import os
import re
import shutil
import struct
import subprocess
import tempfile

from fetch import Unavailable, command, go_at_hand

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LAYOUT_DEF = os.path.join(ROOT, "offsets/include/golin/layout.def")


class Elf:
    """As much of the headers as tells the kind of build, and file offsets from addresses."""

    def __init__(self, path):
        with open(path, "rb") as f:
            head = f.read(64)
            self.type, self.machine = struct.unpack_from("<HH", head, 16)
            phoff, shoff = struct.unpack_from("<QQ", head, 32)
            phnum, _, shnum, shstrndx = struct.unpack_from("<HHHH", head, 56)
            f.seek(phoff)
            raw = f.read(56 * phnum)
            self.segments = [struct.unpack_from("<IIQQQQQQ", raw, 56 * i) for i in range(phnum)]
            f.seek(shoff)
            raw = f.read(64 * shnum)
            heads = [struct.unpack_from("<IIQQQQ", raw, 64 * i) for i in range(shnum)]
            self.sections = {}
            if shnum:
                f.seek(heads[shstrndx][4])
                names = f.read(heads[shstrndx][5])
                for h in heads:
                    name = names[h[0]:names.index(b"\0", h[0])].decode(errors="replace")
                    self.sections[name] = h
        self.path = path

    def has(self, *names):
        return any(self.sections.get(n, [0] * 6)[5] for n in names)

    @property
    def has_dwarf(self):
        return self.has(".debug_info", ".zdebug_info")

    def kind(self):
        words = [w for ok, w in (
            (not self.has(".symtab"), "stripped"),
            (self.has(".symtab") and not self.has_dwarf, "no-dwarf"),
            (self.type == 3, "pie" if any(s[0] == 3 for s in self.segments) or
             not self.has(".dynsym") or self.has(".interp") else "shared"),
            (self.has(".init", ".init_array"), "cgo"),
            (not self.has(".gopclntab"), "no-.gopclntab"),
        ) if ok]
        return ",".join(words) or "plain"

    def base(self):
        """The address as linked of the file's first byte; not 0 in each PIE."""
        return min(s[3] - s[2] for s in self.segments if s[0] == 1)

    def vaddr(self, offset):
        for ptype, _, off, vaddr, _, filesz, _, _ in self.segments:
            if ptype == 1 and off <= offset < off + filesz:
                return vaddr + offset - off
        return None

    def offset(self, vaddr):
        for ptype, _, off, start, _, filesz, _, _ in self.segments:
            if ptype == 1 and start <= vaddr < start + filesz:
                return off + vaddr - start
        return None

    def disassemble(self, lo, hi):
        """{address: (mnemonic, operands)} as objdump decodes [lo, hi)."""
        with tempfile.NamedTemporaryFile() as piece:
            with open(self.path, "rb") as f:
                f.seek(self.offset(lo))
                piece.write(f.read(hi - lo))
            piece.flush()
            text = command(["objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel",
                            "--no-show-raw-insn", f"--adjust-vma={lo:#x}", piece.name], "objdump")
        out = {}
        for line in text.splitlines():
            m = re.match(r"\s*([0-9a-f]+):\t(\S+)\s*(.*)$", line)
            if m:
                out[int(m.group(1), 16)] = (m.group(2), m.group(3))
        return out


class Truth:
    def __init__(self, fetcher):
        self.fetcher = fetcher
        self.dir = os.path.join(fetcher.work, "truth")
        os.makedirs(self.dir, exist_ok=True)
        self.oracle = self._build("oracle", os.path.join(ROOT, "tests/offsets/oracle"))
        self.funcs_reader = self._build("funcs", os.path.join(HERE, "funcs"))

    def _build(self, name, src):
        """Always: the build cache knows what has changed."""
        out = os.path.join(self.dir, name)
        env = self.fetcher.own_environment()
        env["CGO_ENABLED"] = "0"
        command([go_at_hand(), "build", "-o", out, "."], name, cwd=src, env=env)
        return out

    @staticmethod
    def _parse(text):
        """{(struct, field or "-"): (offset, size, type) or None when absent}"""
        out = {}
        for line in text.splitlines():
            name, field, offset, size, typ = line.split("\t")
            if name.startswith("ambiguous "):
                raise Unavailable(f"its DWARF has several {name[10:]}")
            out[name, field] = None if offset == "absent" else \
                (None if offset == "-" else int(offset), int(size), typ)
        return out

    def of_dwarf(self, path):
        run = subprocess.run([self.oracle, LAYOUT_DEF, path], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, timeout=600, check=False)
        if run.returncode:
            raise Unavailable(f"the independent reader: {run.stderr.decode()[-200:]}")
        return self._parse(run.stdout.decode())

    def of_release(self, version):
        """Of the probe program, built by that release; kept, for the release never changes."""
        src = os.path.join(ROOT, "offsets/gen/probe")
        newest = max(os.path.getmtime(os.path.join(src, f)) for f in os.listdir(src))
        newest = max(newest, os.path.getmtime(LAYOUT_DEF))
        kept = os.path.join(self.dir, f"release-{version}.tsv")
        if os.path.isfile(kept) and os.path.getmtime(kept) > newest:
            with open(kept, encoding="utf-8") as f:
                return self._parse(f.read())
        env = self.fetcher.go_environment(version)
        env["CGO_ENABLED"] = "0"
        tmp = os.path.join(self.dir, f"probe-{version}")
        shutil.rmtree(tmp, ignore_errors=True)
        shutil.copytree(src, tmp)
        with open(tmp + "/go.mod", "w", encoding="utf-8") as f:
            f.write(f"module golin.test/probe\n\ngo {'.'.join(version.split('.')[:2])}\n")
        command([os.path.join(env["GOROOT"], "bin/go"), "build", "-o", "probe", "."],
                f"the probe with Go {version}", cwd=tmp, env=env)
        run = subprocess.run([self.oracle, LAYOUT_DEF, tmp + "/probe"], stdout=subprocess.PIPE,
                             timeout=600, check=True)
        shutil.rmtree(tmp)
        with open(kept, "wb") as f:
            f.write(run.stdout)
        return self._parse(run.stdout.decode())

    def near_release(self, version):
        """Of that release where it can be had, else what its neighbours agree on; and whose."""
        try:
            return self.of_release(version), f"go{version}"
        except Unavailable:
            low, high = self.fetcher.neighbours(version)
        a, b = self.of_release(low), self.of_release(high)
        return ({k: v for k, v in a.items() if k in b and (b[k] == v)},
                f"go{low} and go{high}, where they agree")

    def funcs(self, path, text):
        """{name: [(address, end)]}: a wrapper may have the name of what it wraps."""
        out = {}
        listing = command([self.funcs_reader, path, text or "0"], "the independent reader")
        for line in listing.splitlines():
            name, lo, hi = line.split("\t")
            out.setdefault(name, []).append((int(lo, 16), int(hi, 16)))
        return out


WHOLE, RELEASE, PRESENT = range(3)


def same_type(got, want):
    """golin cuts a long name and says by how much: "[134]struct { runtime.mce...(+9)"."""
    cut = re.search(r"\.\.\.\(\+(\d+)\)$", got)
    if not cut:
        return got == want
    return len(want) == cut.start() + int(cut.group(1)) and want.startswith(got[:cut.start()])


def compare(answer, truth, mode):
    """(values compared, [what is wrong], values that golin or the truth does not tell).

    What golin itself says not to know of this release is no wrong value; absent it must be.

    WHOLE: what the truth lacks must be absent. RELEASE: a struct that the truth lacks tells
    nothing, since a linker leaves out what the probe does not use. PRESENT: nor does a member."""
    done, wrong, open_ = 0, [], 0
    unknown = set() if mode == WHOLE else set(answer["unknown"])
    for (name, field), want in truth.items():
        st = answer["structs"].get(name)
        if field == "-":
            got = None if st is None else (None, st["size"])
        else:
            f = st["fields"].get(field) if st else None
            got = None if f is None else (f["offset"], f["size"], f["type"])
        if want is None and got is not None and (
                mode == PRESENT or (mode == RELEASE and truth.get((name, "-")) is None)):
            open_ += 1
            continue
        if got is None and (name in unknown or f"{name}.{field}" in unknown):
            open_ += want is not None
            continue
        done += 1
        if want is not None and field == "-":
            want = want[:2]
        if got is not None and want is not None and field != "-" and same_type(got[2], want[2]):
            got = got[:2] + want[2:]
        if got != want:
            wrong.append(f"{name}.{field}: {got}, not {want}")
    return done, wrong, open_
