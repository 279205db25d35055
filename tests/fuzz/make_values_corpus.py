#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The seeds of fuzz_values: memories with types and values as Go lays them out.

    make_values_corpus.py DIRECTORY
"""

import os
import struct
import sys

MEMORY = 0x10000
BOOL, INT, UINT8, FLOAT64, COMPLEX128, ARRAY = 1, 2, 8, 14, 16, 17
INTERFACE, MAP, POINTER, SLICE, STRING, STRUCT = 20, 21, 22, 23, 24, 25
SIZES = {POINTER: 56, ARRAY: 72, SLICE: 56, STRUCT: 80, INTERFACE: 80, MAP: 104}


class Memory:
    def __init__(self, minor):
        self.minor, self.b = minor, bytearray(64)

    def room(self, n):
        at = len(self.b)
        self.b += bytes((n + 15) & ~15)
        return at

    def put(self, at, fmt, *v):
        struct.pack_into("<" + fmt, self.b, at, *v)

    def bytes(self, s):
        at = self.room(len(s) + 1)
        self.b[at:at + len(s)] = s
        return MEMORY + at

    def string(self, s):
        at = self.room(16)
        self.put(at, "QQ", self.bytes(s), len(s))
        return MEMORY + at

    def name(self, s, flags=0):
        if self.minor < 17:
            size = struct.pack(">H", len(s))
        else:
            size = bytes([len(s)]) if len(s) < 128 else bytes([len(s) & 127 | 128, len(s) >> 7])
        return self.bytes(bytes([flags]) + size + s.encode())

    def type(self, kind, size, name, *methods, package=""):
        at = self.room(256)
        direct = 1 << 5 if kind in (POINTER, MAP) else 0
        tflag = (direct if self.minor >= 26 else 0) | 1
        self.put(at, "Q", size)
        self.put(at + 20, "B", tflag)
        self.put(at + 23, "B", kind | (0 if self.minor >= 26 else direct))
        self.put(at + 40, "I", self.name(name) - MEMORY)
        un, m = at + SIZES.get(kind, 48), self.room(16 * len(methods))
        self.put(un, "IHHI", self.name(package) - MEMORY, len(methods), len(methods), m - un)
        for i, method in enumerate(methods):
            self.put(m + 16 * i, "I", self.name(method) - MEMORY)
        return MEMORY + at

    def of(self, kind, size, name, elem, *methods, n=0):
        t = self.type(kind, size, name, *methods)
        self.put(t - MEMORY + 48, "Q", elem)
        if kind == ARRAY:
            self.put(t - MEMORY + 64, "Q", n)
        return t

    def struct(self, size, name, package, *fields, methods=()):
        t = self.type(STRUCT, size, name, *methods, package=package)
        at = self.room(24 * len(fields))
        self.put(t - MEMORY + 56, "QQ", MEMORY + at, len(fields))
        for i, (field, ftype, off) in enumerate(fields):
            self.put(at + 24 * i, "QQQ", self.name(field), ftype, off)
        return t

    def iface(self, name, methods):
        t = self.type(INTERFACE, 16, name)
        self.put(t - MEMORY + 64, "Q", methods)
        return t

    def object(self, *words):
        at = self.room(8 * len(words))
        self.put(at, f"{len(words)}Q", *words)
        return MEMORY + at


def seeds(minor):
    m = Memory(minor)
    string, num = m.type(STRING, 16, "string"), m.type(INT, 8, "int")
    any_, error = m.iface("interface {}", 0), m.iface("error", 1)
    simple = m.of(POINTER, 8, "*errors.errorString",
                  m.struct(16, "errors.errorString", "errors", ("s", string, 0)), "Error")
    wrap = m.of(POINTER, 8, "*fmt.wrapError",
                m.struct(32, "fmt.wrapError", "fmt", ("msg", string, 0), ("err", error, 16)),
                "Error", "Unwrap")
    itab, itab_wrap = m.object(error, simple), m.object(error, wrap)
    text = m.string(b"the end\x1b[31m \xe4\xb8\x96")
    cause = m.object(m.bytes(b"a: b"), 4, itab, text)
    errors = m.of(SLICE, 24, "[]error", error)
    boolean, code = m.type(BOOL, 1, "bool"), m.type(UINT8, 1, "abi.BoundsErrorCode")
    bounds = m.struct(24, "runtime.boundsError", "runtime", ("x", num, 0), ("y", num, 8),
                      ("signed", boolean, 16), ("code", code, 17), methods=("Error",))
    join = m.of(POINTER, 8, "*errors.joinError",
                m.struct(24, "errors.joinError", "errors", ("errs", errors, 0)), "Error")
    listed = m.object(itab, text, itab_wrap, cause)
    mixed = m.struct(136, "main.T", "main", ("S", string, 0), ("E", error, 16), ("A", any_, 32),
                     ("L", errors, 48), ("P", m.of(POINTER, 8, "*int", num), 72),
                     ("F", m.type(FLOAT64, 8, "float64"), 80),
                     ("C", m.type(COMPLEX128, 16, "complex128"), 88),
                     ("R", m.of(ARRAY, 16, "[2]int", num, n=2), 104),
                     ("M", m.type(MAP, 8, "map[string]int"), 120), ("Stack", code, 128))
    value = m.object(m.bytes(b"text"), 4, itab, text, string, text, listed, 2, 2, listed,
                     0x4004000000000000, 1, 2, 3, 4, 5, 6)
    path = m.of(POINTER, 8, "*fs.PathError",
                m.struct(48, "fs.PathError", "io/fs", ("Op", string, 0), ("Path", string, 16),
                         ("Err", error, 32)), "Error")
    opened = m.object(m.bytes(b"open"), 4, m.bytes(b"/x"), 2, itab, text)
    duration = m.type(6, 8, "time.Duration", "String", package="time")
    assertion = m.of(POINTER, 8, "*runtime.TypeAssertionError",
                     m.struct(40, "runtime.TypeAssertionError", "runtime", ("_interface",
                              m.of(POINTER, 8, "*_type", num), 0), ("concrete", simple, 8),
                              ("asserted", simple, 16), ("missingMethod", string, 24)), "Error")
    cyclic = m.object(m.bytes(b"again"), 5, itab_wrap, 0)
    m.put(cyclic - MEMORY + 24, "Q", cyclic)
    for name, type_, data in (("string", string, text), ("wrap", wrap, cause),
                              ("bounds", bounds, m.object(9, 3, 1)), ("join", join,
                              m.object(listed, 2, 2)), ("mixed", mixed, value),
                              ("path", path, opened), ("cycle", wrap, cyclic),
                              ("duration", duration, m.object(90_000_000_001)),
                              ("assertion", assertion, m.object(error, string, num, 0, 0))):
        words = (type_ - MEMORY) // 8, (data - MEMORY) // 8
        yield name, bytes([minor - 13]) + struct.pack("<HH", *words) + bytes(m.b)


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for minor in (14, 27):
        for name, data in seeds(minor):
            with open(os.path.join(sys.argv[1], f"{name}-{minor}"), "wb") as f:
                f.write(data)


if __name__ == "__main__":
    main()
