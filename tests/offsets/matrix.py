#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every value that golin prints against an independent reader, for many Go versions and builds.

matrix.py --golin GOLIN --facts IMAGE_FACTS --work DIR [--builds NAME,...|all] VERSION...

For each program: the source is what it should be; every value equals what the independent reader
(oracle/) finds in its unstripped sibling, and layouts_expected.tsv for releases that it has; table
and DWARF agree; functions, hook points and addresses of stripped ones are the unstripped one's.
Prints a line for each program and exits 1 when anything differs. --keep keeps the programs.
"""

import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import judge  # noqa: E402
import programs  # noqa: E402

# Which source serves a form.
SOURCES = {"strip": "table", "-s -w": "table", "-w": "table", "strip -g": "table",
           "wrong debug": "table"}


def check_program(tools, version, build, report):
    base = tools.shop.build(version, build)
    truth = judge.Truth(tools, base)
    expected = tools.expected.get(version) if build.arch == "amd64" else None
    got = judge.Answer(tools, base)
    case = report.case(version, build.name, "as built")
    judge.check_source(case, got, version, build.arch, "dwarf")
    judge.check_layout(case, got, truth.layout)
    if expected:
        judge.check_expected(case, got, expected)
    if build.arch == "amd64":
        judge.check_addresses(case, got, truth)
        judge.check_hooks(case, got, truth)
        judge.check_functions(case, tools, base, truth)
    table = judge.Answer(tools, base, "table")
    case = report.case(version, build.name, "as built, from the table")
    if build.arch in tools.arches:
        judge.check_source(case, table, version, build.arch, "table")
        judge.check_layout(case, table, truth.layout)
        if expected:
            judge.check_expected(case, table, expected)
        case.that(table.hooks == got.hooks, "the hook points differ from those with DWARF")
    else:
        judge.check_refused(case, table, "table has nothing for " + build.arch)
    for form in build.forms:
        case = report.case(version, build.name, form)
        try:
            path = tools.shop.form(version, build, base, form)
        except programs.NotBuilt as e:
            case.not_built(str(e))
            continue
        source = SOURCES.get(form, "dwarf")
        answer = judge.Answer(tools, path)
        if source == "table" and build.arch not in tools.arches:
            judge.check_refused(case, answer, "table has nothing for " + build.arch)
            continue
        judge.check_source(case, answer, version, build.arch, source)
        judge.check_layout(case, answer, truth.layout)
        if expected and source == "table":
            judge.check_expected(case, answer, expected)
        if build.arch == "amd64":
            own = judge.Truth(tools, path, False) if form in ("-s -w", "-w") else None
            judge.check_addresses(case, answer, truth, own)
            judge.check_functions(case, tools, path, truth)
            case.that(answer.hooks == got.hooks, "the hook points are others than unstripped",
                      judge.first_difference(answer.hooks, got.hooks))


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--golin", required=True)
    args.add_argument("--facts", required=True)
    args.add_argument("--work", required=True)
    args.add_argument("--cache", help="GOCACHE; default: in WORK")
    args.add_argument("--builds", default="all")
    args.add_argument("--keep", action="store_true")
    args.add_argument("versions", nargs="+", metavar="VERSION")
    args = args.parse_args()
    names = list(programs.BUILDS) if args.builds == "all" else args.builds.split(",")
    shop = programs.Workshop(args.work, args.cache)
    report = judge.Report()
    try:
        tools = judge.Tools(args.golin, args.facts, shop)
    except programs.NotBuilt as e:
        report.skip(f"the independent reader cannot be built: {e}")
    for version in args.versions:
        for name in names:
            build = programs.BUILDS[name]
            if programs.minor(version) < build.since:
                continue
            try:
                check_program(tools, version, build, report)
            except programs.NotBuilt as e:
                report.case(version, name, "as built").not_built(str(e))
            report.flush()
            if not args.keep:
                shop.drop(version, build)
    report.finish()


if __name__ == "__main__":
    main()
