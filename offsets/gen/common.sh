# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# Sourced by the scripts here, which set $here (this folder), $work (what is built goes there) and $go
# (go_at_hand).
: "${here:?}" "${work:?}"

# The Go at hand: any from 1.16 on can fetch the others.
go_at_hand() {
	for go in "${GOLIN_GO:-}" "$(command -v go || true)" /usr/local/go/bin/go /usr/lib/go/bin/go \
		/usr/lib/go-*/bin/go; do
		if [ -n "$go" ] && [ -x "$go" ]; then
			echo "$go"
			return
		fi
	done
	echo "no Go found: ./setup --tests installs one" >&2
	return 1
}

# toolchain VERSION: the directory of that release, downloaded as a Go module if it is not there.
toolchain() {
	root=$("$go" env GOMODCACHE)/golang.org/toolchain@v0.0.1-go$1.linux-amd64
	if [ ! -f "$root/bin/go" ]; then
		echo "fetching Go $1" >&2
		(cd / && GOFLAGS=-mod=mod GOTOOLCHAIN=local GO111MODULE=on "$go" mod download \
			"golang.org/toolchain@v0.0.1-go$1.linux-amd64" >&2) || return 1
	fi
	# Modules carry no executable bits.
	if [ ! -x "$root/bin/go" ] || [ ! -x "$root/pkg/tool/linux_amd64/compile" ]; then
		chmod +x "$root"/bin/* "$root"/pkg/tool/*/* || return 1
	fi
	echo "$root"
}

# run_go ROOT ARGUMENTS...: the go command of that release, alone with itself.
run_go() {
	root=$1
	shift
	env -u GOEXPERIMENT -u GODEBUG GOENV=off GOFLAGS='' GOTOOLCHAIN=local GOROOT="$root" \
		GO111MODULE=off CGO_ENABLED=0 GOCACHE="${GOLIN_GOCACHE:-$work/gocache}" \
		"$root/bin/go" "$@"
}

# Every release of versions.txt; the newest is the last.
versions() {
	sed '/^#/d; s/ .*//' "$here/versions.txt"
}

# is_source_only VERSION: its probe is not built.
is_source_only() {
	grep -qx "$1 source" "$here/versions.txt"
}

# build_probe VERSION ARCH: the probe, built unless it is there; says where.
build_probe() {
	out=$work/probe-$1-$2
	if [ ! -s "$out" ]; then
		root=$(toolchain "$1") || return 1
		echo "building the probe with Go $1 for $2" >&2
		(cd "$here/probe" && GOARCH=$2 run_go "$root" build -o "$out.new" .) || return 1
		mv "$out.new" "$out"
	fi
	echo "$out"
}

# build_sizes: the program in sizes/, by the newest release: an older go/types does not know the
# language of a newer Go.
build_sizes() {
	root=$(toolchain "$(versions | tail -n 1)") || return 1
	(cd "$here/sizes" && run_go "$root" build -o "$work/sizes" .)
}

# arches VERSION: the architectures that the table has of that release, amd64 first.
arches() {
	minor=${1#1.}
	minor=${minor%%.*}
	echo amd64 386 arm arm64 mips mips64 mips64le mipsle ppc64 ppc64le s390x
	[ "$minor" -lt 14 ] || echo riscv64
	[ "$minor" -lt 19 ] || echo loong64
}

# run_sizes VERSION ARCH...: what sizes says of the source of that release; after build_sizes.
run_sizes() {
	root=$(toolchain "$1") || return 1
	shift
	GOCACHE="${GOLIN_GOCACHE:-$work/gocache}" "$work/sizes" "$root" \
		"$here/../include/golin/layout.def" "$here/probe" "$@"
}

# run_experiments VERSION ARCH...: what its GOEXPERIMENTs change.
run_experiments() {
	root=$(toolchain "$1") || return 1
	shift
	GOCACHE="${GOLIN_GOCACHE:-$work/gocache}" "$work/sizes" -x "$root" \
		"$here/../include/golin/layout.def" "$here/probe" "$@"
}
