# SPDX-License-Identifier: BSD-2-Clause
# Turns db/layouts.tsv into the rows of layout_table.c.
# Columns: go-from go-to arch struct field offset|absent size type
BEGIN { FS = "\t"; bad = 0 }

function quote(s) {
	gsub(/\\/, "\\\\", s)
	gsub(/"/, "\\\"", s)
	return "\"" s "\""
}

# "1.13.15" -> "13, 15"
function version(s,   part) {
	if (s !~ /^1\.[0-9]+\.[0-9]+$/) {
		printf "%s:%d: malformed version '%s'\n", FILENAME, FNR, s > "/dev/stderr"
		bad = 1
	}
	split(s, part, ".")
	return part[2] ", " part[3]
}

/^#/ || /^$/ { next }

NF != 8 {
	printf "%s:%d: %d columns, not 8\n", FILENAME, FNR, NF > "/dev/stderr"
	bad = 1
	next
}

# Ranges of one item follow each other and do not overlap.
{
	split($1, from, ".")
	split($2, to, ".")
	item = $3 FS $4 FS $5
	if (item == last_item && from[2] * 1000 + from[3] <= last_to) {
		printf "%s:%d: the range overlaps the one before\n", FILENAME, FNR > "/dev/stderr"
		bad = 1
	}
	last_item = item
	last_to = to[2] * 1000 + to[3]
}

{
	absent = $6 == "absent" ? "true" : "false"
	kind = $4 == "-" ? "ROW_VERSION" : $5 == "-" ? "ROW_STRUCT" : "ROW_FIELD"
	offset = kind == "ROW_FIELD" && absent == "false" ? $6 : 0
	size = $7 == "-" ? 0 : $7
	if (offset !~ /^[0-9]+$/ || size !~ /^[0-9]+$/) {
		printf "%s:%d: malformed number\n", FILENAME, FNR > "/dev/stderr"
		bad = 1
	}
	printf "{%s, %s, %s, %s, %s, %s, %s, %s, %s, %s},\n", kind, absent, version($1), version($2),
	       quote($3), quote($4), quote($5), offset, size, quote($8 == "-" ? "" : $8)
}

END { exit bad }
