/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "golin/offsets.h"

/* A decimal number below 1000; false when there is none. */
static bool parse_number(const char **s, uint16_t *ret)
{
	unsigned int n = 0;
	const char *p = *s;

	if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (*p - '0');
		if (n > 999)
			return false;
	}
	*ret = n;
	*s = p;
	return true;
}

/*
 * "go1.26.8", "go1.26", "go1.25.1 X:nodwarf5", since Go 1.26 "go1.26.8-X:nodwarf5", "go1.21.3 (Red
 * Hat 1.21.3-1.el9)" are releases: what a distributor adds stands behind a blank. "go1.27rc1",
 * "go1.22-20240109-RC01", "go1.25.0-custom" and "devel go1.28-0a1b2c3 ..." are not, whatever their
 * layouts may be.
 */
bool golin_go_version_parse(const char *s, struct golin_go_version *ret)
{
	struct golin_go_version v = {0};
	const char *start, *p = s;

	if (!strncmp(p, "devel ", 6)) {
		v.devel = true;
		p += 6;
	}
	start = p;
	if (strncmp(p, "go1.", 4))
		return false;
	p += 4;
	if (!parse_number(&p, &v.minor))
		return false;
	if (*p == '.') {
		p++;
		if (!parse_number(&p, &v.patch))
			return false;
	}
	if (*p && *p != ' ' && strncmp(p, "-X:", 3) != 0) {
		v.devel = true;
		p += strcspn(p, " ");
	}
	golin_text_clean(v.short_, sizeof(v.short_), start, p - start);
	golin_text_clean(v.text, sizeof(v.text), s, strlen(s));
	*ret = v;
	return true;
}
