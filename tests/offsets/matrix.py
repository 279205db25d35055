#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every value that golin prints against an independent reader, for many Go versions and builds.

matrix.py --golin GOLIN --facts IMAGE_FACTS --work DIR [--builds NAME,...|all] VERSION...
matrix.py --golin GOLIN --facts IMAGE_FACTS --work DIR --program FILE [--stripped FILE] VERSION

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

# Forms without DWARF; the others are served from theirs.
FROM_TABLE = ("strip", "-s -w", "-w", "strip -g", "wrong debug")
LINKED_AGAIN = ("-s -w", "-w")


class Program:
    """An unstripped program, what there is to know of it, and what golin says of it."""

    def __init__(self, tools, path, version, build):
        self.tools, self.path, self.version, self.build = tools, path, version, build
        self.truth = judge.Truth(tools, path)
        self.expected = tools.expected.get(version) if build.arch == "amd64" else None
        self.no_table = build.no_table
        if build.arch not in tools.arches:
            self.no_table = "golin's table has (nothing for )?.*" + build.arch
        self.answer = judge.Answer(tools, path)

    def check_answer(self, case, answer, source):
        if source == "table" and self.no_table and answer.status:
            judge.check_refused(case, answer, self.no_table)
            return
        judge.check_source(case, answer, self.version, self.build.arch, source)
        judge.check_layout(case, answer, self.truth.layout,
                           partly=source == "table" and self.build.no_table)
        if self.expected and not self.build.no_table:
            judge.check_expected(case, answer, self.expected)

    def check_code(self, case, answer, path, own=None):
        """Functions, hook points, addresses; golin knows them on amd64. A shared library has no
        constant slot of g, and no probe is put into one."""
        if answer.status or self.build.arch != "amd64":
            return
        shared = self.build.name == "c-shared"
        judge.check_addresses(case, answer, self.truth, own, slot=not shared)
        judge.check_functions(case, self.tools, path, self.truth)
        if not shared:
            judge.check_hooks(case, answer, self.truth)
        case.that(answer.hooks == self.answer.hooks, "the hook points are others than unstripped",
                  judge.first_difference(answer.hooks, self.answer.hooks))

    def check(self, report):
        case = report.case(self.version, self.build.name, "as built")
        self.check_answer(case, self.answer, "dwarf")
        self.check_code(case, self.answer, self.path)
        table = judge.Answer(self.tools, self.path, "table")
        case = report.case(self.version, self.build.name, "as built, from the table")
        self.check_answer(case, table, "table")
        case.that(table.status or table.hooks == self.answer.hooks,
                  "the hook points differ from those with DWARF")

    def check_form(self, case, path, form):
        answer = judge.Answer(self.tools, path)
        self.check_answer(case, answer, "table" if form in FROM_TABLE else "dwarf")
        own = judge.Truth(self.tools, path, False) if form in LINKED_AGAIN else None
        self.check_code(case, answer, path, own)


def check_build(tools, version, build, report):
    try:
        base = Program(tools, tools.shop.build(version, build), version, build)
    except programs.NotBuilt as e:
        report.case(version, build.name, "as built").not_built(str(e))
        return
    base.check(report)
    for form in build.forms:
        case = report.case(version, build.name, form)
        try:
            base.check_form(case, tools.shop.form(version, build, base.path, form), form)
        except programs.NotBuilt as e:
            case.not_built(str(e))


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("--golin", required=True)
    args.add_argument("--facts", required=True)
    args.add_argument("--work", required=True)
    args.add_argument("--cache", help="GOCACHE; default: in WORK")
    args.add_argument("--builds", default="all")
    args.add_argument("--keep", action="store_true")
    args.add_argument("--program", help="an unstripped program instead of those built here")
    args.add_argument("--stripped", help="the same, built with -ldflags='-s -w'")
    args.add_argument("versions", nargs="+", metavar="VERSION")
    args = args.parse_args()
    names = list(programs.BUILDS) if args.builds == "all" else args.builds.split(",")
    shop = programs.Workshop(args.work, args.cache)
    report = judge.Report()
    try:
        tools = judge.Tools(args.golin, args.facts, shop)
    except programs.NotBuilt as e:
        report.skip(f"the independent reader cannot be built: {e}")
    if args.program:
        program = Program(tools, args.program, args.versions[0],
                          programs.Build(os.path.basename(args.program)))
        program.check(report)
        if args.stripped:
            program.check_form(report.case(args.versions[0], program.build.name, "-s -w"),
                               args.stripped, "-s -w")
        report.finish()
    for version in args.versions:
        for build in (programs.BUILDS[name] for name in names):
            if programs.minor(version) < build.since:
                continue
            check_build(tools, version, build, report)
            report.flush()
            if not args.keep:
                shop.drop(version, build)
    report.finish()


if __name__ == "__main__":
    main()
