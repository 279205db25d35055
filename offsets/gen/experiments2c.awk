# SPDX-License-Identifier: BSD-2-Clause
# Turns db/experiments.tsv into the data of layout_table.c:
# awk -f experiments2c.awk layout.def experiments.tsv
# Columns: go-from go-to experiment structs; these are |-separated, - for none.
BEGIN { FS = "\t"; bad = 0; n = 0 }

function error(msg) {
	printf "%s:%d: %s\n", FILENAME, FNR, msg > "/dev/stderr"
	bad = 1
}

/^GOLIN_STRUCT\(/ && FILENAME ~ /layout\.def$/ {
	id = $0
	sub(/^GOLIN_STRUCT\(/, "", id)
	sub(/,.*/, "", id)
	split($0, quoted, "\"")
	c_name[quoted[2]] = "GOLIN_S_" id
}

FILENAME ~ /layout\.def$/ || /^#/ || /^$/ { next }

NF != 4 || $3 !~ /^[a-z0-9]+$/ || length($3) > 31 {
	error("malformed row")
	next
}

function version(s,   part) {
	split(s, part, ".")
	if (s !~ /^1\.[0-9]+\.[0-9]+$/ || part[2] > 255 || part[3] > 255)
		error("malformed version '" s "'")
	return part[2] * 256 + part[3]
}

{
	count = 0
	first = n
	if ($4 != "-") {
		m = split($4, names, /[|]/)
		for (i = 1; i <= m; i++)
			if (names[i] in c_name) {
				structs[n++] = c_name[names[i]]
				count++
			}
	}
	rows[++nrows] = "{\"" $3 "\", " version($1) ", " version($2) ", " first ", " count "}"
}

END {
	print "static const uint16_t experiment_structs[] = {"
	for (i = 0; i < n; i++)
		print "\t" structs[i] ","
	print "\tGOLIN_S_MAX"
	print "};"
	print "static const struct experiment experiments[] = {"
	for (i = 1; i <= nrows; i++)
		print "\t" rows[i] ","
	print "};"
	exit bad
}
