#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks that includes go one way through golin's layers, that no include climbs by "../", and
that no source file is longer than 600 lines (generated ones excepted)."""

import os
import re
import subprocess
import sys

MAX_LINES, MAX_TEST_LINES = 600, 900

# A layer: its folder, the headers that it gives to others (by the name in the include), and the
# layers that it may use. Each may use its own headers.
LAYERS = {
    "base": ("core/base/", []),
    "rec": (None, ["base"]),
    "model": ("core/model/", ["base", "rec"]),
    "record": ("core/record/", ["base", "rec", "model"]),
    "rules": ("core/rules/", ["base", "rec", "model"]),
    "export": ("core/export/", ["base", "rec", "model", "rules"]),
    "offsets": ("offsets/", ["base", "rec:frame flags"]),
    "probes": ("probes/", ["base", "rec", "offsets"]),
    "tui": ("tui/", ["base", "rec", "model", "rules", "export"]),
    "cmd": ("core/cmd/", ["base", "rec", "model", "rules", "record", "export", "offsets", "probes",
                          "tui"]),
}

# Public headers in shared folders, and sources that belong to another layer than their folder.
HEADER_LAYER = {
    "golin/err.h": "base",
    "golin/record.h": "rec",
    "golin/source.h": "rec",
    "golin/model.h": "model",
    "golin/dump.h": "model",
    "golin/context.h": "model",
    "golin/waits.h": "model",
    "golin/timers.h": "model",
    "golin/findings.h": "rules",
}
FILE_LAYER = {
    "core/include/golin/err.h": "base",
    "core/model/record_build.c": "rec",
    "core/model/record_check.c": "rec",
    "core/include/golin/record.h": "rec",
    "core/include/golin/source.h": "rec",
    "core/include/golin/model.h": "model",
    "core/include/golin/dump.h": "model",
    "core/include/golin/context.h": "model",
    "core/include/golin/waits.h": "model",
    "core/include/golin/timers.h": "model",
    "core/include/golin/findings.h": "rules",
}
# Libraries that belong to one layer.
SYSTEM = {
    r"bpf/": ["probes"],
    r"(libelf|gelf|elfutils/)": ["offsets"],
    r"dwarf\.h": ["offsets"],
    r"Zydis/": ["offsets"],
    r"n?curses": ["tui"],
    r"zstd\.h": ["record", "offsets"],
    r"(sys/ptrace)": [],
}
# What offsets and probes' BPF side may take from the records: constants without a record.
OFFSETS_FROM_RECORD = re.compile(r"GOLIN_(FRAME|FRAMES|STR|STACK|LAYOUT)_\w+|golin_frame_flags")
RECORD_WORDS = re.compile(r"\b(struct golin_rec\w*|GOLIN_REC_\w+|golin_recbuf\w*)\b")


def tracked(root):
    out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         cwd=root, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=False)
    if out.returncode == 0:
        return [f for f in out.stdout.decode().split("\0")
                if f and os.path.exists(os.path.join(root, f))]
    found = []
    for folder, dirs, files in os.walk(root):
        dirs[:] = [d for d in dirs if not d.startswith((".", "build"))]
        found += [os.path.relpath(os.path.join(folder, f), root) for f in files]
    return found


def layer_of(path):
    if path in FILE_LAYER:
        return FILE_LAYER[path]
    for name, (folder, _) in LAYERS.items():
        if folder and path.startswith(folder):
            return name
    return None


def header_owner(include, including, files):
    """The layer of an included file, or None for a system header."""
    if include in HEADER_LAYER:
        return HEADER_LAYER[include]
    here = os.path.normpath(os.path.join(os.path.dirname(including), include))
    if here in files:
        return layer_of(here)
    candidates = [f for f in files if f.endswith("/" + include)]
    owners = {layer_of(f) for f in candidates if layer_of(f)}
    return owners.pop() if len(owners) == 1 else None


def check_file(root, path, files, errors):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
        text = f.read()
    lines = text.split("\n")
    generated = re.search(r"generated", "\n".join(lines[:5]), re.I)
    limit = MAX_TEST_LINES if path.startswith("tests/") else MAX_LINES
    if len(lines) > limit and not generated and not path.endswith(".def"):
        errors.append(f"{path}: {len(lines)} lines: more than {limit}")
    layer = layer_of(path)
    for number, line in enumerate(lines, 1):
        m = re.match(r'\s*#\s*include\s*([<"])([^">]+)[>"]', line)
        if not m:
            continue
        include, where = m.group(2), f"{path}:{number}"
        if include.startswith("../") or "/../" in include:
            errors.append(f"{where}: include climbs: {include}")
            continue
        if layer is None:
            continue
        if m.group(1) == "<":
            for pattern, allowed in SYSTEM.items():
                if re.match(pattern, include) and layer not in allowed:
                    errors.append(f"{where}: <{include}> belongs to {allowed or 'nobody'}, "
                                  f"not to {layer}")
            continue
        owner = header_owner(include, path, files)
        if owner is None or owner == layer:
            continue
        allowed = LAYERS[layer][1]
        if owner in allowed:
            continue
        if f"{owner}:frame flags" in allowed:
            continue
        errors.append(f"{where}: {layer} must not use {owner} ({include})")
    if layer == "offsets":
        for number, line in enumerate(lines, 1):
            if RECORD_WORDS.search(OFFSETS_FROM_RECORD.sub("", line)):
                errors.append(f"{path}:{number}: offsets must not see records: {line.strip()}")


def check_tree(root):
    files = set(tracked(root))
    errors = []
    for path in sorted(files):
        if path.endswith((".c", ".h", ".cc", ".def")) and not path.startswith("build"):
            check_file(root, path, files, errors)
    return errors


def self_test(root):
    """Each kind of breach must be found: a check that cannot fail is none."""
    import tempfile
    breaches = {
        "core/base/x.c": '#include "golin/model.h"\n',
        "core/model/x.c": '#include <libelf.h>\n',
        "core/export/x.c": '#include "golin/probes.h"\n',
        "offsets/x.c": '#include "golin/record.h"\nstruct golin_rec_name n;\n',
        "tui/x.c": '#include "golin/probes.h"\n',
        "tui/y.c": '#include <bpf/libbpf.h>\n',
        "probes/x.c": '#include "golin/model.h"\n',
        "core/record/x.c": '#include "../base/err.h"\n',
        "core/cmd/x.c": "int x;\n" * 700,
    }
    fine = {
        "core/include/golin/record.h": "struct golin_rec;\n",
        "core/include/golin/model.h": "struct golin_model;\n",
        "probes/include/golin/probes.h": "struct golin_target;\n",
        "core/base/err.h": "struct golin_err;\n",
        "offsets/fine.c": '#include "golin/record.h"\nint x = GOLIN_FRAME_WRAPPER;\n',
    }
    with tempfile.TemporaryDirectory() as tmp:
        for path, text in {**breaches, **fine}.items():
            full = os.path.join(tmp, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as f:
                f.write(text)
        found = {e.split(":")[0] for e in check_tree(tmp)}
    missed = set(breaches) - found
    wrong = found - set(breaches)
    if missed or wrong:
        print(f"self-test: missed {sorted(missed)}, wrongly found {sorted(wrong)}")
        return 1
    return 0


def main():
    root = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".")
    if self_test(root):
        return 1
    errors = check_tree(root)
    for e in errors:
        print(e)
    print(f"{len(errors)} breaches")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
