/* SPDX-License-Identifier: BSD-2-Clause */
/* Durations and sizes as people write them. */
#include "base/text.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NS_US 1000ULL
#define NS_MS (1000 * NS_US)
#define NS_S (1000 * NS_MS)
#define NS_M (60 * NS_S)
#define NS_H (60 * NS_M)
#define NS_D (24 * NS_H)

/* One decimal below ten, unless it is 0; truncated, so that 999.9us never shows as 1000us. */
static void one_unit(char *buf, size_t cap, unsigned long long v, unsigned long long unit,
		     const char *name)
{
	unsigned long long whole = v / unit, tenth = v % unit * 10 / unit;

	if (whole < 10 && tenth)
		snprintf(buf, cap, "%llu.%llu%s", whole, tenth, name);
	else
		snprintf(buf, cap, "%llu%s", whole, name);
}

static void two_units(char *buf, size_t cap, unsigned long long v, unsigned long long unit,
		      char name, unsigned long long small_unit, char small_name)
{
	unsigned long long whole = v / unit, rest = v % unit / small_unit;

	if (rest && whole < 1000)
		snprintf(buf, cap, "%llu%c%llu%c", whole, name, rest, small_name);
	else
		snprintf(buf, cap, "%llu%c", whole, name);
}

const char *golin_text_duration(char *buf, size_t cap, unsigned long long ns)
{
	if (ns < NS_US)
		snprintf(buf, cap, "%lluns", ns);
	else if (ns < NS_MS)
		one_unit(buf, cap, ns, NS_US, "us");
	else if (ns < NS_S)
		one_unit(buf, cap, ns, NS_MS, "ms");
	else if (ns < NS_M)
		one_unit(buf, cap, ns, NS_S, "s");
	else if (ns < NS_H)
		two_units(buf, cap, ns, NS_M, 'm', NS_S, 's');
	else if (ns < NS_D)
		two_units(buf, cap, ns, NS_H, 'h', NS_M, 'm');
	else
		two_units(buf, cap, ns, NS_D, 'd', NS_H, 'h');
	return buf;
}

struct decimal {
	unsigned long long whole;
	unsigned long long frac, frac_unit; /* frac / frac_unit; frac_unit is a power of ten */
};

/* "12" or "1.5"; moves *s behind it. */
static bool parse_decimal(const char **s, struct decimal *ret)
{
	const char *p = *s;

	*ret = (struct decimal){.frac_unit = 1};
	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(ret->whole, 10ULL, &ret->whole) ||
		    __builtin_add_overflow(ret->whole, (unsigned long long)(*p - '0'), &ret->whole))
			return false;
	}
	if (*p == '.') {
		p++;
		if (*p < '0' || *p > '9')
			return false;
		for (; *p >= '0' && *p <= '9'; p++) {
			if (ret->frac_unit == 1000000000ULL)
				continue; /* finer than we measure */
			ret->frac = ret->frac * 10 + (unsigned long long)(*p - '0');
			ret->frac_unit *= 10;
		}
	}
	*s = p;
	return true;
}

static bool add_scaled(unsigned long long *sum, const struct decimal *d, unsigned long long unit)
{
	unsigned long long v;

	if (__builtin_mul_overflow(d->whole, unit, &v) || __builtin_add_overflow(*sum, v, sum))
		return false;
	v = (unsigned long long)((unsigned __int128)d->frac * unit / d->frac_unit);
	return !__builtin_add_overflow(*sum, v, sum);
}

bool golin_text_parse_duration(const char *s, unsigned long long *ret_ns)
{
	static const struct {
		const char *name;
		unsigned long long ns;
	} units[] = {{"ns", 1},	  {"us", NS_US}, {"ms", NS_MS}, {"s", NS_S},
		     {"m", NS_M}, {"h", NS_H},	 {"d", NS_D}};
	unsigned long long sum = 0;
	const char *begin = s;

	do {
		struct decimal d;
		size_t len, i;

		if (!parse_decimal(&s, &d))
			return false;
		len = strspn(s, "abcdefghijklmnopqrstuvwxyz");
		if (!len && !*s && !strpbrk(begin, "smhd")) {
			if (!add_scaled(&sum, &d, NS_S))
				return false;
			break;
		}
		for (i = 0; i < sizeof(units) / sizeof(*units); i++)
			if (strlen(units[i].name) == len && !memcmp(units[i].name, s, len))
				break;
		if (i == sizeof(units) / sizeof(*units) || !add_scaled(&sum, &d, units[i].ns))
			return false;
		s += len;
	} while (*s);
	*ret_ns = sum;
	return true;
}

bool golin_text_parse_size(const char *s, unsigned long long *ret)
{
	static const char units[] = "kmgt";
	unsigned long long unit = 1, sum = 0;
	struct decimal d;
	const char *u;

	if (!parse_decimal(&s, &d))
		return false;
	u = *s ? strchr(units, *s | 0x20) : NULL;
	if (u) {
		unit <<= 10 * (u - units + 1);
		s++;
		if (*s == 'i' && s[1] == 'B')
			s++;
	} else if (d.frac) {
		return false; /* half a byte */
	}
	if (*s == 'B')
		s++;
	if (*s || !add_scaled(&sum, &d, unit))
		return false;
	*ret = sum;
	return true;
}
