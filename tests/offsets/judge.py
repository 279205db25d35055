# SPDX-License-Identifier: BSD-2-Clause
"""Compares what golin says of a program with what others say of it."""

import json
import os
import re
import sys
import tempfile

import programs

LAYOUT_DEF = os.path.join(programs.ROOT, "offsets/include/golin/layout.def")
EXPECTED = os.path.join(programs.ROOT, "tests/unit/offsets/layouts_expected.tsv")
ABSENT = None
MAX_TYPE = 70  # bytes of a type's name that golin keeps


def read_tsv(text):
    for line in text.splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def read_expected():
    """{version: {(struct, field): (offset, size) or ABSENT}}; field "-" is the struct itself."""
    ret = {}
    with open(EXPECTED, encoding="utf-8") as f:
        for version, struct, field, offset, size in read_tsv(f.read()):
            value = ABSENT if offset == "absent" else (offset if field == "-" else int(offset),
                                                       int(size))
            ret.setdefault(version, {})[struct, field] = value
    return ret


class Tools:
    def __init__(self, golin, facts, shop):
        self.golin, self.facts, self.shop = golin, facts, shop
        self.oracle = shop.tool("oracle")
        self.expected = read_expected()
        releases = json.loads(self.ask([golin, "offsets", "--list", "--json"]))["releases"]
        self.arches = {r["arch"] for r in releases}

    def ask(self, argv):
        done = programs.run(argv, timeout=120)
        if done.returncode:
            raise programs.NotBuilt(f"{argv[0]}: {programs.last_line(done.stderr)}")
        return done.stdout.decode()


def is_absent(layout, struct):
    return layout[struct, "-"] == [ABSENT]


class Truth:
    """What the independent reader finds in a program; its layouts only when it has DWARF."""

    def __init__(self, tools, path, layouts=True):
        self.layout = {}
        if layouts:
            self.read_layouts(tools, path)
        self.symbols, self.functions, self.sections = {}, {}, {}
        self.loads, self.tls = [], None
        for row in read_tsv(tools.ask([tools.oracle, "-symbols", path])):
            if row[0] == "load":
                self.loads.append(tuple(map(int, row[1:])))
            elif row[0] == "tls":
                self.tls = int(row[1])
            elif row[0] == "section":
                self.sections[row[1]] = int(row[2])
            else:
                table = self.functions if row[4] == "func" else self.symbols
                table.setdefault(row[1], []).append((int(row[2]), int(row[3])))
        for name in ("runtime.text", "runtime.etext"):
            self.symbols.setdefault(name, self.functions.get(name, []))

    def read_layouts(self, tools, path):
        for struct, field, offset, size, kind in read_tsv(
                tools.ask([tools.oracle, LAYOUT_DEF, path])):
            struct = struct.replace("ambiguous ", "", 1)
            value = ABSENT
            if offset != "absent":
                value = (offset if field == "-" else int(offset), int(size),
                         None if field == "-" else kind)
            self.layout.setdefault((struct, field), []).append(value)

    def address(self, name):
        found = self.symbols.get(name)
        return found[0][0] if found else None

    def section(self, vaddr):
        return max((at, name) for name, at in self.sections.items() if at <= vaddr)[1]

    def moved(self, vaddr, own):
        """Where in the program `own` the place vaddr lies: as far into the same section."""
        name = self.section(vaddr)
        return vaddr - self.sections[name] + own.sections.get(name, 0)

    def file_offset(self, vaddr):
        for off, at, size in self.loads:
            if at <= vaddr < at + size:
                return vaddr - at + off
        return None


class Answer:
    """What golin says of a program."""

    def __init__(self, tools, path, source="auto"):
        done = programs.run([tools.golin, "offsets", "--format", "json", "--source", source, path],
                            timeout=120)
        self.status, self.error = done.returncode, done.stderr.decode(errors="replace").strip()
        self.json = json.loads(done.stdout) if not done.returncode else {}
        self.hooks = [(h["event"], h["func"], h["offset"], h["instruction"])
                      for h in self.json.get("hooks", [])]


class Case:
    """One program in one form: what is wrong with it."""

    def __init__(self, *name):
        self.name, self.failures, self.checks, self.compared, self.reason = name, [], 0, 0, None

    def that(self, ok, what, *seen):
        self.checks += 1
        if not ok:
            self.failures.append(what + "".join(f"\n      {s}" for s in seen))
        return bool(ok)

    def not_built(self, reason):
        self.reason = reason


class Report:
    def __init__(self):
        self.cases, self.printed = [], 0

    def case(self, *name):
        self.cases.append(Case(*name))
        return self.cases[-1]

    def flush(self):
        for c in self.cases[self.printed:]:
            name = "%-8s %-12s %-26s" % c.name
            if c.reason:
                print(f"{name} not built: {c.reason}")
            else:
                verdict = "WRONG" if c.failures else "right"
                print(f"{name} {verdict}  {c.compared} values, {c.checks} checks")
            for what in c.failures[:12]:
                print(f"    {what}")
            if len(c.failures) > 12:
                print(f"    and {len(c.failures) - 12} more")
        self.printed = len(self.cases)
        sys.stdout.flush()

    @staticmethod
    def skip(reason):
        if os.environ.get("GOLIN_REQUIRE_LIVE") == "1":
            print(f"FAIL: would be skipped, but GOLIN_REQUIRE_LIVE is set: {reason}")
            sys.exit(1)
        print(f"SKIP: {reason}")
        sys.exit(77)

    def finish(self):
        self.flush()
        wrong = [c for c in self.cases if c.failures]
        missing = [c for c in self.cases if c.reason]
        right = len(self.cases) - len(wrong) - len(missing)
        print(f"{right} right, {len(wrong)} wrong, {len(missing)} not built; "
              f"{sum(c.compared for c in self.cases)} values compared")
        if wrong or (not missing and not right):
            sys.exit(1)
        if missing:
            self.skip("; ".join(sorted({c.reason for c in missing}))[:400])
        sys.exit(0)


def first_difference(a, b):
    for x, y in zip(a, b):
        if x != y:
            return f"{x} instead of {y}"
    return f"{len(a)} instead of {len(b)}"


def shown_type(kind):
    """A type's name as golin shows it: what does not fit is counted."""
    raw = kind.encode()
    if len(raw) <= MAX_TYPE:
        return kind
    for room in range(MAX_TYPE, 0, -1):
        mark = f"...(+{len(raw) - room})"
        if room + len(f"...(+{len(raw)})") <= MAX_TYPE:
            return raw[:room].decode(errors="ignore") + mark
    return kind


def value_of(answer, struct, field):
    s = answer.json["structs"][struct]
    if s is None:
        return ABSENT
    if field == "-":
        return ("-", s["size"], None)
    f = s["fields"][field]
    return ABSENT if f is None else (f["offset"], f["size"], f["type"])


def check_source(case, answer, version, arch, source):
    if not case.that(not answer.status, f"exit {answer.status}: {answer.error}"):
        return
    said = answer.json["go"].split()[0].split("-X:")[0]
    if said.count(".") == 1:
        said += ".0"
    wanted = "go" + version + (".0" if version.count(".") == 1 else "")
    case.that(said == wanted, f"version {said}, not {wanted}")
    case.that(answer.json["arch"] == arch, f"GOARCH {answer.json['arch']}, not {arch}")
    if not case.that(answer.json["source"] == source,
                     f"the layout is from {answer.json['source']}, not from {source}"):
        return
    for name, s in answer.json["structs"].items():
        for field, f in (s or {"fields": {}})["fields"].items():
            if f and f["source"] != source:
                case.that(False, f"{name}.{field} is from {f['source']}, not from {source}")


def check_layout(case, answer, truth, partly=False):
    """Every value equals the truth's. A struct that the truth lacks may be known to the table: the
    linker leaves out of DWARF what a program does not use. `partly`: golin may say of a struct that
    it does not know."""
    if answer.status:
        return
    unknown = answer.json["unknown"] if partly else []
    shown = {(s, f) for s, v in answer.json["structs"].items()
             for f in ["-"] + list((v or {"fields": []})["fields"])}
    case.that(shown <= set(truth), "fields are shown that layout.def does not have",
              sorted(shown - set(truth))[:5])
    for (struct, field), values in truth.items():
        got = value_of(answer, struct, field)
        if (is_absent(truth, struct) and answer.json["source"] == "table") or struct in unknown:
            continue
        wanted = [v and (v[0], v[1], v[2] and shown_type(v[2])) for v in values]
        case.compared += 1
        case.that(len(wanted) == 1, f"{struct}.{field} has several definitions", *wanted)
        case.that(got in wanted, f"{struct}.{field}: {got}, not {wanted[0]}")


def check_expected(case, answer, expected):
    if answer.status:
        return
    for (struct, field), wanted in expected.items():
        got = value_of(answer, struct, field)
        if wanted and answer.json["source"] == "dwarf" and \
                answer.json["structs"][struct] is None and struct in answer.json["unknown"]:
            continue  # not used by this program
        case.compared += 1
        case.that((got and got[:2]) == wanted,
                  f"{struct}.{field}: {got}, layouts_expected.tsv has {wanted}")


def check_addresses(case, answer, truth, own=None, slot=True):
    """Addresses are those of the symbols of the unstripped program. In `own`, which was linked
    again, they move with their sections, since a program tells its flags."""
    if answer.status:
        return
    where = answer.json["symbols"]
    for name, symbol in (("text", "runtime.text"), ("etext", "runtime.etext"),
                         ("pclntab", "runtime.pclntab"),
                         ("moduledata", "runtime.firstmoduledata"),
                         ("allgs", "runtime.allgs")):
        wanted = truth.address(symbol)
        if wanted is None:
            continue
        if own:
            if name == "pclntab" and "gopclntab" not in truth.section(wanted):
                continue  # it moved within a section; check_functions() tells
            wanted = truth.moved(wanted, own)
        got = where[name] and int(where[name], 16)
        case.that(got == wanted, f"{name} at {got}, the symbol {symbol} at {wanted}")
    if not slot:
        case.that(where["tls_g"] is None, f"the slot of g at {where['tls_g']}: it is not constant")
    elif truth.tls is not None:
        case.that(where["tls_g"] == truth.tls,
                  f"the slot of g at {where['tls_g']}, not at {truth.tls}")


def check_hooks(case, answer, truth):
    """Each hook lies in its function, where the symbol table says, and is in the file there."""
    if answer.status:
        return
    case.that(answer.hooks, "no hook points")
    for event, func, offset, _ in answer.hooks:
        if offset is None:
            continue
        spans = truth.functions.get(func, []) + truth.functions.get(func + ".abi0", [])
        case.that(any(truth.file_offset(lo) <= offset < truth.file_offset(lo) + size
                      for lo, size in spans),
                  f"{event}: {offset:#x} is not in {func}")


def table_names(name):
    """What Go's own table of functions may have for a symbol: middle dots in the wrappers of 1.17
    and in types that are local to a function, and up to 1.20 no type arguments."""
    dwrap = re.sub(r"\.dwrap\.(?=\d+$)", "\u00b7dwrap\u00b7", name)
    local = re.sub(r"\.(?=\d+\)?\.)", "\u00b7", dwrap)
    depth, short = 0, ""
    for c in name:
        depth -= c == "]"
        if not depth:
            short += "...]" if c == "]" else c
        depth += c == "["
    return [dwrap, local, short]


def go_functions(truth):
    """{name: (address, size)} of Go's own functions. C's have other names, among them the pieces of
    the race detector's object, "runtime/race(.text)"; the linker's own have no entry in the table.
    A name that stands for two, one of each ABI, tells nothing here; of those of more than 500
    bytes golin knows none."""
    text, etext = truth.address("runtime.text"), truth.address("runtime.etext")
    no_function = ("go:", "go.", "type:.", "type..", "_cgo", "x_cgo")
    return {name: spans[0] for name, spans in truth.functions.items()
            if "." in name and "(." not in name and not name.startswith(no_function) and
            len(name) <= 500 and len(spans) == 1 and spans[0][1] and text <= spans[0][0] < etext and
            name not in ("runtime.text", "runtime.etext") and not name.endswith(".abi0") and
            name + ".abi0" not in truth.functions}


def ask_functions(tools, path, names):
    """{name: (address, end)} of those that golin finds."""
    with tempfile.NamedTemporaryFile("w", suffix=".names", encoding="utf-8") as f:
        f.write("".join(name + "\n" for name in names))
        f.flush()
        rows = read_tsv(tools.ask([tools.facts, path, f.name]))
        return {row[1]: (int(row[2]), int(row[3])) for row in rows
                if row[0] == "func" and row[2] != "-"}


def check_functions(case, tools, path, truth):
    """Every function of the symbol table is found at its place."""
    wanted, meant = go_functions(truth), {}
    starts = sorted({lo for spans in truth.functions.values() for lo, _ in spans})
    following = dict(zip(starts, starts[1:] + [truth.address("runtime.etext")]))
    for name in wanted:
        for other in table_names(name):
            meant.setdefault(other, set()).add(name)
    found = ask_functions(tools, path, set(wanted) | set(meant))
    for name, (lo, size) in wanted.items():
        others = [other for other in table_names(name) if other in found]
        if name not in found and any(len(meant[other]) > 1 for other in others):
            continue  # several have this name there
        if not case.that(name in found or others, f"function {name} is not found"):
            continue
        at, end = found[name if name in found else others[0]]
        case.that(at == lo, f"function {name} at {at:#x}, not {lo:#x}")
        # Go's table of functions knows where the next one begins, not where the padding does.
        case.that(lo + size <= end <= following[lo],
                  f"function {name} ends at {end:#x}, not {lo + size:#x}")
    case.that(len(found) > 300, f"only {len(found)} functions")


def check_refused(case, answer, reason):
    """reason: a regular expression"""
    case.that(answer.status == 3 and re.search(reason, answer.error),
              f"not refused with '{reason}': exit {answer.status}: {answer.error}")
