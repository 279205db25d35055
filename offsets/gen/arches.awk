# SPDX-License-Identifier: BSD-2-Clause
# The architectures of db/layouts.tsv and the groups by which its rows name many of them: 64bit, 32bit, all.
# A group stands for those of its members that the table has in the release in question.
BEGIN {
	split("amd64 arm64 loong64 mips64 mips64le ppc64 ppc64le riscv64 s390x", list64, " ")
	split("386 arm mips mipsle", list32, " ")
	for (i in list64)
		width_of[list64[i]] = "64bit"
	for (i in list32)
		width_of[list32[i]] = "32bit"
}
