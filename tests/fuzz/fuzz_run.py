#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Builds the fuzz targets with clang under ASan and UBSan in a build folder of their own, and runs
each for a time (GOLIN_FUZZ_SECONDS, 60), two at once, from the committed seeds and what earlier runs
found. An input that crashes, hangs or bloats a target is kept.

fuzz_run.py SOURCE_DIR WORK_DIR TARGET=CORPUS...
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

SKIP = 77
AT_ONCE = 2


def skip(why):
    print(f"SKIP: {why}")
    sys.exit(1 if os.environ.get("GOLIN_REQUIRE_LIVE") else SKIP)


def check_compiler():
    clang = shutil.which("clang")
    if not clang:
        skip("no clang; ./setup --tests installs it")
    with tempfile.TemporaryDirectory() as tmp:
        source = os.path.join(tmp, "t.c")
        with open(source, "w", encoding="utf-8") as f:
            f.write("int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n);\n"
                    "int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n)\n"
                    "{ return p && n > 4 ? 0 : 0; }\n")
        r = subprocess.run([clang, "-fsanitize=fuzzer,address,undefined", source, "-o",
                            os.path.join(tmp, "t")], capture_output=True, text=True, check=False)
    if r.returncode:
        skip("clang has no libFuzzer (package libclang-rt-dev): " + r.stderr.strip()[-200:])
    return clang


def build(clang, source, work, targets):
    folder = os.path.join(work, "build")
    steps = [["cmake", "-S", source, "-B", folder, "-G", "Ninja", f"-DCMAKE_C_COMPILER={clang}",
              "-DGOLIN_FUZZ=ON", "-DGOLIN_TESTS=ON",
              "-DGOLIN_SANITIZE=address,undefined,fuzzer-no-link"],
             ["ninja", "-C", folder, *targets]]
    for step in steps:
        r = subprocess.run(step, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           check=False)
        if r.returncode:
            print(r.stdout[-4000:])
            print(f"FAIL: {' '.join(step)}: exit code {r.returncode}")
            sys.exit(1)
    return os.path.join(folder, "tests")


def fuzz(programs, source, work, target, corpus, seconds):
    """True when the target has run to its end; says how often it was called."""
    found, kept = os.path.join(work, "corpus", target), os.path.join(work, "findings", target)
    os.makedirs(found, exist_ok=True)
    os.makedirs(kept, exist_ok=True)
    args = [os.path.join(programs, target), f"-max_total_time={seconds}", "-timeout=5",
            "-rss_limit_mb=1024", "-max_len=16384", "-print_final_stats=1", "-reload=0",
            f"-artifact_prefix={kept}/", found, os.path.join(source, "tests", "fuzz", corpus)]
    words = os.path.join(source, "tests", "fuzz", target + ".dict")
    if os.path.exists(words):
        args.insert(1, f"-dict={words}")
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=1",
               UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1")
    r = subprocess.run(args, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env,
                       timeout=seconds + 300, check=False)
    log = r.stderr.decode("utf-8", "replace")
    n = re.search(r"stat::number_of_executed_units: *(\d+)", log)
    executions = int(n.group(1)) if n else 0
    good = r.returncode == 0 and executions > 0
    print(f"{'ok' if good else 'FAIL'}: {target}: {executions} executions in {seconds} s", flush=True)
    if not good:
        print(log[-3000:])
        for name in sorted(os.listdir(kept)):
            print(f"kept: {os.path.join(kept, name)}")
        print(f"exit code {r.returncode}; a fix comes with its input as a file in {corpus}")
    return good


def main():
    source, work = sys.argv[1:3]
    targets = [t.split("=") for t in sys.argv[3:]]
    seconds = int(os.environ.get("GOLIN_FUZZ_SECONDS", "60"))
    programs = build(check_compiler(), source, work, [t for t, _ in targets])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(lambda t: fuzz(programs, source, work, *t, seconds), targets))
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
