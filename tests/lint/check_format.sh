#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every C file is as clang-format leaves it. Versions of clang-format differ: 14 is the one.
set -u
cd "$1" || exit 1
format=
for f in clang-format-14 clang-format; do
	case $("$f" --version 2>/dev/null) in
	*'version 14.'*)
		format=$f
		break
		;;
	esac
done
if [ -z "$format" ]; then
	echo "SKIP: no clang-format 14 here"
	exit 77
fi
# not the X-macro lists, whose columns say something
git ls-files -z --cached --others --exclude-standard '*.c' '*.h' |
	xargs -0 -r "$format" --dry-run -Werror
