# SPDX-License-Identifier: BSD-2-Clause
# Merges the lines of golin-offsetgen for many Go releases into ranges: the columns of
# db/layouts.tsv. Runs behind arches.awk. Input in any order:
#
#	version arch struct field offset|absent size type
#
# A range reaches over all releases that were looked at and agree. Where two neighbouring ones of a minor
# differ, those between them get no row: nothing is known of them. That is said on stderr; the remedy is
# to add the two releases between which it changed to versions.txt, as far as they can be had.
BEGIN { FS = OFS = "\t"; bad = 0 }

function key_of(version,   part) {
	split(version, part, ".")
	return part[2] * 1000 + part[3]
}

function minor_of(key) { return int(key / 1000) }

function version_of(key) { return "1." minor_of(key) "." key % 1000 }

{
	v = key_of($1)
	item = $3 OFS $4
	if (!(($2, v) in looked_at)) {
		looked_at[$2, v] = 1
		versions[$2, ++nversions[$2]] = v
	}
	if (!(item in item_seen)) {
		item_seen[item] = 1
		items[++nitems] = item
	}
	if (!($2 in arch_seen)) {
		arch_seen[$2] = 1
		arches[++narches] = $2
	}
	if (!($2 in width_of)) {
		print "merge.awk: unknown architecture " $2 > "/dev/stderr"
		bad = 1
	}
	value[item, $2, v] = $5 OFS $6 OFS $7
}

function sort_versions(arch,   i, j, t) {
	for (i = 2; i <= nversions[arch]; i++) {
		t = versions[arch, i]
		for (j = i - 1; j > 0 && versions[arch, j] > t; j--)
			versions[arch, j + 1] = versions[arch, j]
		versions[arch, j + 1] = t
	}
}

function sort_strings(a, n,   i, j, t) {
	for (i = 2; i <= n; i++) {
		t = a[i]
		for (j = i - 1; j > 0 && (a[j] "") > (t ""); j--)
			a[j + 1] = a[j]
		a[j + 1] = t
	}
}

# ---- the ranges of one item ----

# Adds a range of one architecture to those of the item. One that starts with the first release of
# its architecture joins one of another architecture that starts earlier: a row says nothing of
# releases that an architecture does not have.
function add_range(arch, from, to, val,   i) {
	for (i = 1; i <= nranges; i++)
		if (range_to[i] == to && range_value[i] == val && (range_from[i] == from ||
		    (from == versions[arch, 1] && range_from[i] <= from))) {
			range_arches[i] = range_arches[i] " " arch
			return
		}
	nranges++
	range_from[nranges] = from
	range_to[nranges] = to
	range_value[nranges] = val
	range_arches[nranges] = arch
}

function ranges_of_arch(item, arch,   i, j, n, val) {
	n = nversions[arch]
	for (i = 1; i <= n; i = j) {
		val = value[item, arch, versions[arch, i]]
		for (j = i + 1; j <= n; j++)
			if (value[item, arch, versions[arch, j]] != val)
				break
		add_range(arch, versions[arch, i], versions[arch, j - 1], val)
		if (j <= n && minor_of(versions[arch, j]) == minor_of(versions[arch, j - 1]) &&
		    versions[arch, j] > versions[arch, j - 1] + 1) {
			printf "merge.awk: %s: %s changes between %s and %s\n", arch, item,
			       version_of(versions[arch, j - 1]), version_of(versions[arch, j]) > "/dev/stderr"
		}
	}
}

# "64bit" instead of "amd64 arm64 ..." where no 64-bit architecture that has any of the releases is
# left out; the rest by name.
function arch_column(set, from, to,   a, n, i, w, have, whole, out, count) {
	n = split(set, a, " ")
	for (i = 1; i <= n; i++)
		have[a[i]] = 1
	out = ""
	for (w = 64; w >= 32; w -= 32) {
		whole = 1
		count = 0
		for (i = 1; i <= narches; i++) {
			if (width_of[arches[i]] != w "bit")
				continue
			if (arches[i] in have)
				count++
			else if (versions[arches[i], 1] <= to && versions[arches[i], nversions[arches[i]]] >= from)
				whole = 0
		}
		if (!count)
			continue
		if (whole && count > 1) {
			out = out "," w "bit"
			continue
		}
		for (i = 1; i <= narches; i++)
			if (width_of[arches[i]] == w "bit" && arches[i] in have)
				out = out "," arches[i]
	}
	return out == ",64bit,32bit" ? "all" : substr(out, 2)
}

function print_item(item,   k, i, j, t, order) {
	nranges = 0
	for (k = 1; k <= narches; k++)
		ranges_of_arch(item, by_age[k])
	for (i = 1; i <= nranges; i++)
		order[i] = sprintf("%s %06d %06d %04d", width_of[substr(range_arches[i] " ", 1, index(range_arches[i] " ", " ") - 1)] == "64bit" ? "a" : "b",
				   range_from[i], range_to[i], i)
	sort_strings(order, nranges)
	for (i = 1; i <= nranges; i++) {
		split(order[i], t, " ")
		j = t[4] + 0
		print version_of(range_from[j]), version_of(range_to[j]),
		      arch_column(range_arches[j], range_from[j], range_to[j]), item, range_value[j]
	}
}

# ---- which patch releases of each minor are covered ----

function print_releases(   k, i, j, n, key, a, keys, nkeys, set) {
	for (k = 1; k <= narches; k++) {
		a = arches[k]
		n = nversions[a]
		for (i = 1; i <= n; i = j) {
			for (j = i; j <= n; j++)
				if (minor_of(versions[a, j]) != minor_of(versions[a, i]))
					break
			key = sprintf("%06d %06d", versions[a, i], versions[a, j - 1])
			if (!(key in set))
				keys[++nkeys] = key
			set[key] = set[key] (set[key] == "" ? "" : ",") a
		}
	}
	sort_strings(keys, nkeys)
	for (i = 1; i <= nkeys; i++)
		print version_of(substr(keys[i], 1, 6) + 0), version_of(substr(keys[i], 8) + 0),
		      set[keys[i]], "-", "-", "-", "-", "-"
}

END {
	sort_strings(items, nitems)
	sort_strings(arches, narches)
	# Those with the longest history first: the others join their ranges.
	for (k = 1; k <= narches; k++) {
		sort_versions(arches[k])
		first[k] = sprintf("%06d %s", versions[arches[k], 1], arches[k])
	}
	sort_strings(first, narches)
	for (k = 1; k <= narches; k++)
		by_age[k] = substr(first[k], 8)
	print "# Generated by offsets/gen/generate; do not edit."
	print "# go-from", "go-to", "arch", "struct", "field", "offset|absent", "size", "type"
	print_releases()
	for (k = 1; k <= nitems; k++)
		print_item(items[k])
	exit bad
}
