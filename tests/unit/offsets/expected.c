/* SPDX-License-Identifier: BSD-2-Clause */
#include "expected.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names have blanks in them ("struct {}"), so columns end at tabs alone. */
static bool parse_line(char *line, struct expected *ret)
{
	char *column[5], text[48];

	memset(ret, 0, sizeof(*ret));
	line[strcspn(line, "\n")] = '\0';
	for (int i = 0; i < 5; i++) {
		column[i] = strsep(&line, "\t");
		if (!column[i])
			return false;
	}
	snprintf(text, sizeof(text), "go%s", column[0]);
	ret->absent = !strcmp(column[3], "absent");
	ret->offset = strtoul(column[3], NULL, 10);
	ret->size = strtoul(column[4], NULL, 10);
	return !line && golin_go_version_parse(text, &ret->go) &&
	       (size_t)snprintf(ret->structure, sizeof(ret->structure), "%s", column[1]) <
		       sizeof(ret->structure) &&
	       (size_t)snprintf(ret->field, sizeof(ret->field), "%s", column[2]) <
		       sizeof(ret->field);
}

int expected_read(const char *path, struct expected *ret, int max)
{
	FILE *f = fopen(path, "r");
	char line[256];
	int n = 0;

	if (!f) {
		perror(path);
		return -1;
	}
	while (fgets(line, sizeof(line), f)) {
		if (*line == '#')
			continue;
		if (n == max || !parse_line(line, &ret[n])) {
			fprintf(stderr, "%s: malformed: %s", path, line);
			fclose(f);
			return -1;
		}
		n++;
	}
	fclose(f);
	return n;
}

static int compare_line(const struct expected *x, const struct golin_go_version *go,
			const struct golin_layout *l)
{
	bool whole = !strcmp(x->field, "-");
	unsigned int offset = 0, size = 0;
	bool absent = true;

	for (int s = 0; s < GOLIN_S_MAX; s++) {
		if (strcmp(golin_struct_name(s), x->structure))
			continue;
		if (whole && l->structs[s].source != GOLIN_FROM_NONE) {
			absent = false;
			size = l->structs[s].size;
		}
		for (int f = 0; f < GOLIN_F_MAX && !whole; f++) {
			if ((int)golin_field_struct(f) != s ||
			    strcmp(golin_field_name(f), x->field) ||
			    l->fields[f].source == GOLIN_FROM_NONE)
				continue;
			absent = false;
			offset = l->fields[f].offset;
			size = l->fields[f].size;
		}
	}
	if (absent == x->absent && offset == x->offset && size == x->size)
		return 0;
	fprintf(stderr, "%s: %s.%s: expected %s%u+%u, got %s%u+%u\n", go->text, x->structure,
		x->field, x->absent ? "absent " : "", x->offset, x->size, absent ? "absent " : "",
		offset, size);
	return 1;
}

int expected_compare(const struct expected *lines, int n, const struct golin_go_version *go,
		     const struct golin_layout *l)
{
	int differences = 0, compared = 0;

	for (int i = 0; i < n; i++) {
		if (lines[i].go.minor != go->minor || lines[i].go.patch != go->patch)
			continue;
		compared++;
		differences += compare_line(&lines[i], go, l);
	}
	return compared ? differences : -1;
}

int layout_differences(const struct golin_layout *a, const struct golin_layout *b)
{
	int differences = 0;

	for (int s = 0; s < GOLIN_S_MAX; s++) {
		const struct golin_struct *x = &a->structs[s], *y = &b->structs[s];

		if (!x->source == !y->source && (!x->source || x->size == y->size))
			continue;
		fprintf(stderr, "%s: size %u (%u), %u (%u)\n", golin_struct_name(s), x->size,
			x->source, y->size, y->source);
		differences++;
	}
	for (int f = 0; f < GOLIN_F_MAX; f++) {
		const struct golin_field *x = &a->fields[f], *y = &b->fields[f];

		if (!x->source == !y->source &&
		    (!x->source ||
		     (x->offset == y->offset && x->size == y->size && !strcmp(x->type, y->type))))
			continue;
		fprintf(stderr, "%s.%s: %u+%u %s (%u), %u+%u %s (%u)\n",
			golin_struct_name(golin_field_struct(f)), golin_field_name(f), x->offset,
			x->size, x->type, x->source, y->offset, y->size, y->type, y->source);
		differences++;
	}
	return differences;
}
