# SPDX-License-Identifier: BSD-2-Clause
# Turns db/layouts.tsv into the data of layout_table.c: awk -f arches.awk -f tsv2c.awk layout.def
# layouts.tsv, under LC_ALL=C. Columns: go-from go-to arch struct field offset|absent size type
#
# The rows hold numbers only, so that the loader has nothing to relocate: the enumerators of
# layout.def for structs and fields, and where in one string a type's name begins.
BEGIN { FS = "\t"; bad = 0; nstrings = 0; pool_len = 1 }

function error(msg) {
	printf "%s:%d: %s\n", FILENAME, FNR, msg > "/dev/stderr"
	bad = 1
}

# ---- layout.def ----

/^GOLIN_(STRUCT|FIELD)\(/ && FILENAME ~ /layout\.def$/ {
	id = $0
	sub(/^[A-Z_]*\(/, "", id)
	split(id, ids, /, */)
	split($0, quoted, "\"")
	if (/^GOLIN_STRUCT/) {
		struct_of[ids[1]] = quoted[2]
		c_name[quoted[2] FS "-"] = "GOLIN_F_MAX + GOLIN_S_" ids[1]
	} else {
		c_name[struct_of[ids[1]] FS quoted[2]] = "GOLIN_F_" ids[1] "_" ids[2]
	}
}

FILENAME ~ /layout\.def$/ { next }

# ---- layouts.tsv ----

# "1.13.15" -> 13 * 256 + 15
function version(s,   part) {
	split(s, part, ".")
	if (s !~ /^1\.[0-9]+\.[0-9]+$/ || part[2] > 255 || part[3] > 255)
		error("malformed version '" s "'")
	return part[2] * 256 + part[3]
}

# The bits of the architectures in the column.
function arch_bits(s,   a, n, i, bits) {
	n = split(s, a, ",")
	bits = ""
	for (i = 1; i <= n; i++) {
		if (a[i] == "64bit" || a[i] == "32bit" || a[i] == "all")
			bits = bits "|ARCHES_" toupper(a[i])
		else if (a[i] in width_of)
			bits = bits "|1 << ARCH_" a[i]
		else
			error("unknown architecture '" a[i] "'")
	}
	return substr(bits, 2)
}

# Where the string begins in the pool.
function pooled(s) {
	if (s == "-" || s == "")
		return 0
	if (!(s in pool)) {
		pool[s] = pool_len
		pool_len += length(s) + 1
		strings[++nstrings] = s
	}
	return pool[s]
}

function quote(s) {
	gsub(/\\/, "\\\\", s)
	gsub(/"/, "\\\"", s)
	return "\"" s "\\0\""
}

/^#/ || /^$/ { next }

NF != 8 {
	error(NF " columns, not 8")
	next
}

# The releases come first.
$4 == "-" {
	n = split($3, a, ",")
	for (i = 1; i <= n; i++)
		if (!(a[i] in known_arch)) {
			known_arch[a[i]] = 1
			arches[++narches] = a[i]
		}
	releases[++nreleases] = "{" version($1) ", " version($2) ", " arch_bits($3) "}"
	next
}

{
	absent = $6 == "absent"
	offset = $5 != "-" && !absent ? $6 : 0
	size = $7 == "-" ? 0 : $7
	if (offset !~ /^[0-9]+$/ || size !~ /^[0-9]+$/)
		error("malformed number")
	# What layout.def does not want any more waits for the next generation of the table.
	if (!(($4 FS $5) in c_name))
		next
	rows[++nrows] = "{" c_name[$4 FS $5] ", " version($1) ", " version($2) ", " arch_bits($3) ", " \
			pooled($8) ", " (absent ? "ABSENT" : offset) ", " size "}"
}

function sort_strings(a, n,   i, j, t) {
	for (i = 2; i <= n; i++) {
		t = a[i]
		for (j = i - 1; j > 0 && (a[j] "") > (t ""); j--)
			a[j + 1] = a[j]
		a[j + 1] = t
	}
}

END {
	if (!nreleases || !nrows)
		error("no rows")
	sort_strings(arches, narches)
	print "enum {"
	for (i = 1; i <= narches; i++)
		print "\tARCH_" arches[i] ","
	print "\tNARCHES"
	print "};"
	for (w = 32; w <= 64; w += 32) {
		out = "0"
		for (i = 1; i <= narches; i++)
			if (width_of[arches[i]] == w "bit")
				out = out "|1 << ARCH_" arches[i]
		print "enum { ARCHES_" w "BIT = " out " };"
	}
	print "enum { ARCHES_ALL = ARCHES_32BIT | ARCHES_64BIT };"
	print "static const char arch_names[][16] = {"
	for (i = 1; i <= narches; i++)
		print "\t\"" arches[i] "\","
	print "};"
	print "static const char types[] = \"\\0\""
	for (i = 1; i <= nstrings; i++)
		print "\t" quote(strings[i])
	print ";"
	print "static const struct release releases[] = {"
	for (i = 1; i <= nreleases; i++)
		print "\t" releases[i] ","
	print "};"
	print "static const struct row rows[] = {"
	for (i = 1; i <= nrows; i++)
		print "\t" rows[i] ","
	print "};"
	exit bad
}
