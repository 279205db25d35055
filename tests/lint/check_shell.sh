#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every shell script passes shellcheck (warnings and errors).
set -u
cd "$1" || exit 1
command -v shellcheck >/dev/null || {
	echo "SKIP: no shellcheck here"
	exit 77
}
git grep -lE --cached '^#!.*/(env )?(ba)?sh' -- . | while read -r f; do
	head -n 1 "$f" | grep -qE '^#!.*(/|env )(ba)?sh' && printf '%s\n' "$f"
done | xargs -r shellcheck -x -P SCRIPTDIR -S warning
