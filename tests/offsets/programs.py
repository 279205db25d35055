# SPDX-License-Identifier: BSD-2-Clause
"""Go programs of many versions and kinds of build, and the forms that tools make of them."""

import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAM = os.path.join(HERE, "program")
BUILD_SH = os.path.join(ROOT, "tests", "fixtures", "build.sh")
BUILD_ID = "0x0123456789abcdef0123456789abcdef01234567"


class NotBuilt(Exception):
    """A program that this toolchain, or this machine, cannot build; with the reason."""


class Build:
    """A kind of build: for which minors, with which flags; what it is expected to give."""

    def __init__(self, name, args=(), cgo=False, since=13, env=None, tags=(), arch="amd64",
                 forms=("strip", "-s -w"), no_table=None):
        self.name, self.args, self.cgo, self.since = name, list(args), cgo, since
        self.env, self.tags, self.arch, self.forms = env or {}, list(tags), arch, forms
        # What golin may say where its table does not serve, or not with all structs.
        self.no_table = no_table


def arch_build(arch, since=13):
    # strip(1) of the machine does not know other architectures.
    return Build(arch, env={"GOARCH": arch}, since=since, arch=arch, forms=("-s -w",))


BUILDS = {b.name: b for b in (
    # Everything that objcopy makes of a program is made of this one.
    Build("default", forms=("strip", "-s -w", "-w", "strip -g", "zlib", "zlib-gnu", "zstd", "split",
                            "split .debug", "wrong debug")),
    Build("full", tags=["full"]),
    Build("plaindwarf", ["-ldflags=-compressdwarf=false"]),
    Build("build-id", ["-ldflags=-B " + BUILD_ID], forms=("strip", "split", "wrong debug")),
    Build("no-id", ["-ldflags=-buildid="], forms=("split", "wrong debug")),
    Build("external", ["-ldflags=-linkmode=external"], cgo=True,
          forms=("strip", "-s -w", "zlib", "split")),
    Build("pie", ["-buildmode=pie"], forms=("strip", "-s -w", "zlib-gnu", "split")),
    Build("pie-external", ["-buildmode=pie", "-ldflags=-linkmode=external"], cgo=True,
          forms=("strip", "-s -w", "split")),
    Build("cgo", cgo=True, tags=["cgoprogram"]),
    Build("cgo-pie", ["-buildmode=pie"], cgo=True, tags=["cgoprogram"]),
    Build("race", ["-race"], cgo=True),
    Build("noopt", ["-gcflags=all=-N -l"]),
    Build("trimpath", ["-trimpath"]),
    Build("pgo", ["-pgo=PROFILE"], since=21),
    Build("nodwarf5", env={"GOEXPERIMENT": "nodwarf5"}, since=25),
    # It puts a rank into each mutex, and so moves what stands behind.
    Build("lockranking", env={"GOEXPERIMENT": "staticlockranking"}, since=21,
          no_table="lacks|GOEXPERIMENT 'staticlockranking'"),
    Build("c-shared", ["-buildmode=c-shared"], cgo=True, tags=["cgoprogram"]),
    arch_build("arm64"),
    arch_build("386"),
    arch_build("arm"),
    arch_build("riscv64", since=14),
    arch_build("s390x"),
    arch_build("ppc64le"),
    arch_build("mips"),
    arch_build("mips64le"),
    arch_build("loong64", since=19),
)}


def run(argv, cwd=None, env=None, timeout=900):
    return subprocess.run(argv, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=timeout, check=False)


def last_line(text):
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it says nothing"


def minor(version):
    return int(version.split(".")[1])


def goroot(version):
    done = run([BUILD_SH, "--goroot", version])
    if done.returncode:
        raise NotBuilt(last_line(done.stderr))
    return done.stdout.decode().strip()


class Workshop:
    """Builds programs into a folder, each once; what is there and newer is taken."""

    def __init__(self, work, cache=None):
        self.work = os.path.abspath(work)
        self.cache = os.path.abspath(cache or os.path.join(work, "gocache"))
        self.roots = {}
        os.makedirs(self.work, exist_ok=True)

    def go(self, version, args, out, env=None, cgo=False, source=PROGRAM, module=False):
        """go build with exactly this version, without the user's settings; out is the program."""
        newest = max(os.path.getmtime(os.path.join(source, n)) for n in os.listdir(source))
        if os.path.exists(out) and os.path.getmtime(out) >= newest:
            return out
        if version not in self.roots:
            self.roots[version] = goroot(version)
        root = self.roots[version]
        full = {k: v for k, v in os.environ.items() if not k.startswith("GO") or
                k in ("GOPROXY", "GOSUMDB", "GONOSUMDB")}
        full.update({"GOENV": "off", "GOFLAGS": "", "GOTOOLCHAIN": "local", "GOROOT": root,
                     "GO111MODULE": "on" if module else "off", "CGO_ENABLED": "1" if cgo else "0",
                     "GOCACHE": self.cache})
        full.update(env or {})
        os.makedirs(os.path.dirname(out), exist_ok=True)
        new = f"{out}.{os.getpid()}"  # tests run side by side
        done = run([os.path.join(root, "bin", "go"), "build", "-o", new] + args + ["."],
                   cwd=source, env=full)
        if done.returncode or not os.path.exists(new):
            raise NotBuilt(last_line(done.stderr))
        os.rename(new, out)
        return out

    def tool(self, name, version="1.19.13"):
        """A Go program of these tests."""
        return self.go(version, [], os.path.join(self.work, name),
                       source=os.path.join(HERE, name), module=True)

    def profile(self):
        """A profile of the processor, from the program itself."""
        path = os.path.join(self.work, "default.pgo")
        if not os.path.exists(path):
            full = self.go("1.22.12", ["-tags=full"], os.path.join(self.work, "profiled"))
            new = f"{path}.{os.getpid()}"
            done = run([full, "profile", new])
            if done.returncode:
                raise NotBuilt("no profile: " + last_line(done.stdout))
            os.rename(new, path)
        return path

    def build(self, version, build, ldflags=""):
        """The program of a kind of build; ldflags come on top of its own."""
        args = []
        for a in build.args:
            if a.startswith("-ldflags="):
                ldflags = a[len("-ldflags="):] + " " + ldflags
            else:
                args.append(a.replace("PROFILE", self.profile()) if "PROFILE" in a else a)
        if ldflags.strip():
            args.append("-ldflags=" + ldflags.strip())
        if build.tags:
            args.append("-tags=" + " ".join(build.tags))
        name = "program" + re.sub(r"[^a-z]+", "-", ldflags[:40] if ldflags else "")
        out = os.path.join(self.work, f"{version}-{build.name}", name.rstrip("-"))
        return self.go(version, args, out, build.env, build.cgo)

    def drop(self, version, build):
        shutil.rmtree(os.path.join(self.work, f"{version}-{build.name}"), ignore_errors=True)

    # ---- forms ----

    def form(self, version, build, base, form):
        """The path of a form of the program `base`."""
        folder = os.path.join(self.work, f"{version}-{build.name}", form.replace(" ", "_"))
        if form in ("-s -w", "-w"):
            return self.build(version, build, form)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        out = os.path.join(folder, "program")
        debug = os.path.join(folder, "program.debug")
        if form == "strip":
            self.must(["strip", "-o", out, base])
        elif form == "strip -g":
            self.must(["strip", "-g", "-o", out, base])
        elif form in ("zlib", "zlib-gnu", "zstd"):
            # What is compressed already stays as it is: inflated first.
            self.must(["objcopy", "--decompress-debug-sections", base, out + ".plain"])
            self.must(["objcopy", "--compress-debug-sections=" + form, out + ".plain", out])
            os.unlink(out + ".plain")
        elif form in ("split", "split .debug", "wrong debug"):
            if form == "split .debug":
                os.mkdir(os.path.join(folder, ".debug"))
                debug = os.path.join(folder, ".debug", "program.debug")
            self.must(["objcopy", "--only-keep-debug", base, debug])
            self.must(["objcopy", "--strip-all", "--add-gnu-debuglink=" + debug, base, out])
            if form == "wrong debug":
                self.make_foreign(debug)
        else:
            raise ValueError(form)
        return out

    @staticmethod
    def make_foreign(debug):
        """Of the same name, but another program's: build ids differ, and so does the checksum."""
        with open(debug, "r+b") as f:
            data = bytearray(f.read())
            data[-1] ^= 0xff
            # The notes' owners, and how far from there the id is.
            for owner, skip in ((b"\4\0\0\0Go\0\0", 8), (b"\3\0\0\0GNU\0", 8)):
                at = data.find(owner)
                if at > 0:
                    data[at + skip] ^= 0xff
            f.seek(0)
            f.write(data)

    @staticmethod
    def must(argv):
        done = run(argv)
        if done.returncode:
            raise NotBuilt(f"{argv[0]}: {last_line(done.stderr)}")
