# SPDX-License-Identifier: BSD-2-Clause
"""Where the programs come from: Debian packages, Go modules, Go releases, this machine."""

import glob
import json
import os
import re
import shutil
import subprocess
import tempfile

DEBIAN_GO = "1.19"  # bookworm's
BUILD_SH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fixtures/build.sh")
GARBLE = {"1.26": "v0.16.0"}  # the one that knows this minor
HOW = {
    "stripped": ["-ldflags=-s -w"],
    "nodwarf": ["-ldflags=-w"],
    "pie": ["-buildmode=pie"],
    "race": ["-race"],
    "trimpath": ["-trimpath"],
    "cgo": [], "strip": [], "garble": [],
}


class Unavailable(Exception):
    """It cannot be had here; the reason."""


def command(argv, what, timeout=3600, **args):
    try:
        run = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             timeout=timeout, check=False, **args)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise Unavailable(f"{what}: {e}") from e
    text = run.stdout.decode(errors="replace")
    if run.returncode:
        said = re.findall(r'"Error": "(.*)"', text) or [l for l in text.splitlines() if l.strip()]
        raise Unavailable(f"{what}: {said[-1][-200:] if said else f'exit {run.returncode}'}")
    return text


def go_at_hand():
    """Any Go from 1.16 on can fetch the others."""
    for go in [os.environ.get("GOLIN_GO"), shutil.which("go"), "/usr/local/go/bin/go",
               "/usr/lib/go/bin/go"] + sorted(glob.glob("/usr/lib/go-*/bin/go")):
        if go and os.access(go, os.X_OK):
            return go
    raise Unavailable("no Go found: ./setup --tests installs one")


class Fetcher:
    """Everything that is fetched stays in `work`; what is there already is not fetched again."""

    def __init__(self, work, offline=False, for_good=False):
        """for_good: Go releases go where the other tests have theirs, and stay."""
        self.work, self.offline = os.path.abspath(work), offline
        self.for_good = for_good
        self.programs = os.path.join(self.work, "programs")
        self.toolchains = {}
        self.fetched = []
        os.makedirs(self.programs, exist_ok=True)

    def need_network(self, what):
        if self.offline:
            raise Unavailable(f"{what} is not there, and nothing is to be fetched")

    # ---- Go ----

    def own_environment(self):
        """Of a Go command that leaves no trace outside of `work`."""
        env = {k: v for k, v in os.environ.items()
               if k not in ("GOROOT", "GOEXPERIMENT", "GODEBUG", "GOFLAGS", "GOBIN", "GOWORK")}
        env.update(GOENV="off", GOTOOLCHAIN="local", GO111MODULE="on", GOFLAGS="-modcacherw",
                   GOPATH=os.path.join(self.work, "go"),
                   GOMODCACHE=os.path.join(self.work, "go/pkg/mod"),
                   GOCACHE=os.path.join(self.work, "gocache"))
        return env

    def go_environment(self, version):
        root = self.goroot(version)
        env = self.own_environment()
        env["GOROOT"] = root
        env["PATH"] = root + "/bin:" + env["PATH"]
        if int(version.split(".")[1]) < 14:
            del env["GOFLAGS"]  # -modcacherw came with 1.14
        return env

    def goroot(self, version):
        """The GOROOT of a release: in the module cache, or fetched into `work`."""
        if version in self.toolchains:
            return self.toolchains[version]
        go = go_at_hand()
        name = f"golang.org/toolchain@v0.0.1-go{version}.linux-amd64"
        shared = command([go, "env", "GOMODCACHE"], "go env", cwd="/").strip()
        root = None
        for cache in (shared, os.path.join(self.work, "go/pkg/mod")):
            if cache and os.path.isfile(os.path.join(cache, name, "bin/go")):
                root = os.path.join(cache, name)
        if not root and self.for_good and not self.offline and not self.debian_goroot(version):
            command([BUILD_SH, "--fetch", version], f"Go {version}", timeout=1200)
            root = os.path.join(shared, name)
        if not root and command([go, "env", "GOVERSION"], "go env", cwd="/").strip() == \
                f"go{version}":
            root = command([go, "env", "GOROOT"], "go env", cwd="/").strip()
        if not root:
            root = self.debian_goroot(version)
        if not root:
            self.need_network(f"Go {version}")
            out = command([go, "mod", "download", "-json", name], f"Go {version}", cwd="/",
                          env=self.own_environment(), timeout=1200)
            root = json.loads(out[out.index("{"):])["Dir"]
            self.fetched.append((version, root))
        for pattern in ("bin/*", "pkg/tool/*/*"):
            for path in glob.glob(os.path.join(root, pattern)):
                if not os.access(path, os.X_OK):  # the module cache keeps no x bits
                    os.chmod(path, 0o755)
        self.toolchains[version] = root
        return root

    def debian_goroot(self, version):
        """Of Debian's packages, which built the programs of Debian; None when it is another."""
        minor = ".".join(version.split(".")[:2])
        if minor != DEBIAN_GO:
            return None
        root = f"/usr/lib/go-{minor}"
        if not os.path.isfile(root + "/bin/go"):
            tree = os.path.join(self.work, f"debian-go{minor}")
            if not os.path.isdir(tree):
                if self.offline or not shutil.which("apt-get"):
                    return None
                with tempfile.TemporaryDirectory(dir=self.work) as tmp:
                    if os.geteuid() == 0:
                        os.chmod(tmp, 0o777)
                    try:
                        command(["apt-get", "download", "-q=2", f"golang-{minor}-go",
                                 f"golang-{minor}-src"], f"Debian's Go {minor}", cwd=tmp,
                                timeout=900)
                    except Unavailable:
                        return None
                    for deb in glob.glob(tmp + "/*.deb"):
                        command(["dpkg", "-x", deb, tmp + "/x"], deb)
                    os.rename(tmp + "/x", tree)
            root = os.path.join(tree, "usr/lib", f"go-{minor}")
        env = dict(self.own_environment(), GOROOT=root)
        there = command([root + "/bin/go", "env", "GOVERSION"], "go env", cwd="/", env=env).strip()
        return root if there == f"go{version}" else None

    def neighbours(self, version):
        """The nearest releases of the same minor, before and behind, that this machine has."""
        minor, patch = int(version.split(".")[1]), int((version + ".0").split(".")[2])
        shared = command([go_at_hand(), "env", "GOMODCACHE"], "go env", cwd="/").strip()
        there = {}
        for cache in (shared, os.path.join(self.work, "go/pkg/mod")):
            for path in glob.glob(f"{cache}/golang.org/toolchain@v0.0.1-go1.{minor}.*linux-amd64"):
                m = re.search(r"-go(1\.\d+(?:\.(\d+))?)\.linux", path)
                if m:
                    there[int(m.group(2) or 0)] = m.group(1)
        before = [p for p in there if p < patch]
        behind = [p for p in there if p > patch]
        if not before or not behind:
            raise Unavailable(f"no Go on both sides of {version}")
        return there[max(before)], there[min(behind)]

    def done_with_toolchains(self):
        """Takes up 250 MB each: what was fetched for this run goes again."""
        for version, root in self.fetched:
            self.toolchains.pop(version, None)
            subprocess.run(["chmod", "-R", "u+w", root], check=False)
            shutil.rmtree(root, ignore_errors=True)
        self.fetched.clear()

    # ---- the kinds of origin ----

    def deb(self, package, path):
        self.need_network(f"the package {package}")
        with tempfile.TemporaryDirectory(dir=self.work) as tmp:
            if os.geteuid() == 0:
                os.chmod(tmp, 0o777)  # apt fetches as a user of its own
            command(["apt-get", "download", "-q=2", package], f"package {package}", cwd=tmp,
                    timeout=900)
            debs = glob.glob(tmp + "/*.deb")
            if not debs:
                raise Unavailable(f"package {package}: nothing was fetched")
            # A package may hold several programs of the list: dpkg is the slow part.
            command(["dpkg", "-x", debs[0], tmp + "/x"], f"package {package}", timeout=900)
            src = os.path.join(tmp, "x", path)
            if not os.path.isfile(src):
                raise Unavailable(f"package {package} has no {path}")
            return shutil.copy(src, os.path.join(self.work, f"fetched.{os.getpid()}"))

    def mod(self, package_at, version, *how):
        self.need_network(f"the module of {package_at}")
        env = self.go_environment(version)
        env["CGO_ENABLED"] = "1" if {"cgo", "race"} & set(how) else "0"
        go = os.path.join(env["GOROOT"], "bin/go")
        package, at = package_at.split("@")
        out = os.path.join(self.work, f"fetched.{os.getpid()}")
        flags = [flag for h in how for flag in HOW[h]]
        with tempfile.TemporaryDirectory(dir=self.work) as tmp:
            minor = ".".join(version.split(".")[:2])
            with open(tmp + "/go.mod", "w", encoding="utf-8") as f:
                f.write(f"module golin.test/corpus\n\ngo {minor}\n")
            get = [go, "get"] + (["-d"] if int(minor.split(".")[1]) < 18 else [])
            command(get + [f"{package}@{at}"], package_at, cwd=tmp, env=env, timeout=1200)
            build = [go, "build"]
            if "garble" in how:
                env["GOBIN"] = os.path.join(self.work, "go/bin")
                command([go, "install", f"mvdan.cc/garble@{GARBLE[minor]}"], "garble", cwd="/",
                        env=env, timeout=1200)
                build = [os.path.join(env["GOBIN"], "garble"), "build"]
            command(build + flags + ["-o", out, package], package_at, cwd=tmp, env=env)
        if "strip" in how:
            command(["strip", out], "strip")
        return out

    def tool(self, version, path):
        src = os.path.join(self.goroot(version), path)
        if not os.path.isfile(src):
            raise Unavailable(f"Go {version} has no {path}")
        return shutil.copy(src, os.path.join(self.work, f"fetched.{os.getpid()}"))

    def get(self, name, where):
        """The path of a program of the list."""
        kind, *args = where.split()
        if kind == "host":
            if not os.path.isfile(args[0]):
                raise Unavailable(f"this machine has no {args[0]}")
            return args[0]
        out = os.path.join(self.programs, name)
        origin = out + ".origin"  # what it was made from: a changed list fetches it again
        try:
            with open(origin, encoding="utf-8") as f:
                if f.read() == where and os.path.isfile(out):
                    return out
        except OSError:
            pass
        tmp = {"deb": self.deb, "mod": self.mod, "tool": self.tool}[kind](*args)
        os.replace(tmp, out)
        os.chmod(out, 0o755)
        with open(origin, "w", encoding="utf-8") as f:
            f.write(where)
        return out
