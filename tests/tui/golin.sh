#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# golin.sh GOLIN PROGRAM: the terminal views of golin itself on a Go program: live, then on a
# recording of it. Needs the rights for eBPF: skipped without, a failure with GOLIN_REQUIRE_LIVE=1.
golin=$1
program=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$golin" record --for 2s -o "$dir/r.golin" -- "$program" >"$dir/out" 2>&1
if [ ! -s "$dir/r.golin" ]; then
	cat "$dir/out"
	[ "${GOLIN_REQUIRE_LIVE:-0}" = 1 ] && exit 1
	echo "SKIP: golin cannot record here"
	exit 77
fi
here=$(dirname "$0")
"$here/session.sh" "$golin" replay "$dir/r.golin" || exit 1
"$here/signals.sh" "$golin" replay "$dir/r.golin" || exit 1
"$here/session.sh" "$golin" run -- "$program" || exit 1
