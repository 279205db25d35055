/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers as Go writes them: fmt's %v, and the runtime's print(). */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "memory/values_impl.h"

enum {
	MINOR_SHORTEST = 26, /* print() writes floats as %v does */
	PRINT_DIGITS = 7,
};

bool number_kind(uint8_t kind)
{
	return kind >= GO_KIND_BOOL && kind <= GO_KIND_COMPLEX128;
}

/* The fewest digits that mean the same, with an exponent where it is far off. */
static void shortest(double v, bool narrow, char *out)
{
	char raw[40], digits[24];
	int exp, n = 0;

	if (isnan(v) || isinf(v)) {
		strcpy(out, isnan(v) ? "NaN" : v < 0 ? "-Inf" : "+Inf");
		return;
	}
	for (int k = 0; k < 17; k++) {
		snprintf(raw, sizeof(raw), "%.*e", k, v);
		if (narrow ? strtof(raw, NULL) == (float)v : strtod(raw, NULL) == v)
			break;
	}
	/* What stands between the digits is the user's locale's. */
	for (const char *s = raw; *s != 'e'; s++)
		if (*s >= '0' && *s <= '9' && n < 20)
			digits[n++] = *s;
	exp = atoi(strchr(raw, 'e') + 1);
	if (*raw == '-')
		*out++ = '-';
	if (exp < -4 || exp >= 6) {
		sprintf(out, "%c%s%.*s%s", digits[0], n > 1 ? "." : "", n - 1, digits + 1,
			strchr(raw, 'e'));
		return;
	}
	for (int at = exp < 0 ? exp : 0; at <= exp || at < n; at++) {
		if (at == exp + 1)
			*out++ = '.';
		*out++ = at >= 0 && at < n ? digits[at] : '0';
	}
	*out = 0;
}

/* The runtime's own, up to Go 1.25: seven digits, with the errors of dividing by ten again. */
static void seven_digits(double v, char *out)
{
	double half = 5;
	int e = 0;

	if (isnan(v) || isinf(v)) {
		strcpy(out, isnan(v) ? "NaN" : v < 0 ? "-Inf" : "+Inf");
		return;
	}
	*out++ = signbit(v) ? '-' : '+';
	v = fabs(v);
	if (v != 0) {
		for (; v >= 10; e++)
			v /= 10;
		for (; v < 1; e--)
			v *= 10;
		for (int i = 0; i < PRINT_DIGITS; i++)
			half /= 10;
		v += half;
		if (v >= 10) {
			e++;
			v /= 10;
		}
	}
	for (int i = 0; i < PRINT_DIGITS; i++) {
		int digit = (int)v;

		*out++ = (char)('0' + digit);
		if (!i)
			*out++ = '.';
		v = (v - digit) * 10;
	}
	sprintf(out, "e%c%03d", e < 0 ? '-' : '+', abs(e));
}

static double float_at(const uint8_t *raw, bool narrow)
{
	double wide;
	float f;

	if (narrow) {
		memcpy(&f, raw, sizeof(f));
		return (double)f;
	}
	memcpy(&wide, raw, sizeof(wide));
	return wide;
}

static void integer(uint8_t kind, uint32_t size, const uint8_t *raw, char *ret)
{
	uint64_t v = 0;

	memcpy(&v, raw, size);
	if (kind >= GO_KIND_INT && kind <= GO_KIND_INT64) {
		if (size < 8 && v >> (8 * size - 1))
			v |= ~0ull << (8 * size);
		sprintf(ret, "%" PRId64, (int64_t)v);
		return;
	}
	sprintf(ret, "%" PRIu64, v);
}

/* A size that such a type has. */
static bool size_fits(uint8_t kind, uint32_t size)
{
	switch (kind) {
	case GO_KIND_BOOL:
		return size == 1;
	case GO_KIND_FLOAT32:
		return size == 4;
	case GO_KIND_FLOAT64:
	case GO_KIND_COMPLEX64:
		return size == 8;
	case GO_KIND_COMPLEX128:
		return size == 16;
	default:
		return kind >= GO_KIND_INT && kind <= GO_KIND_UINTPTR && size && size <= 8;
	}
}

static void complex_text(const char *re, const char *im, char *ret)
{
	snprintf(ret, VALUE_NUMBER, "(%s%s%si)", re, *im == '+' || *im == '-' ? "" : "+", im);
}

bool value_number(uint8_t kind, uint32_t size, const uint8_t raw[16], char ret[VALUE_NUMBER])
{
	char re[40], im[40];

	if (!size_fits(kind, size))
		return false;
	switch (kind) {
	case GO_KIND_BOOL:
		strcpy(ret, raw[0] ? "true" : "false");
		return true;
	case GO_KIND_FLOAT32:
	case GO_KIND_FLOAT64:
		shortest(float_at(raw, size == 4), size == 4, ret);
		return true;
	case GO_KIND_COMPLEX64:
	case GO_KIND_COMPLEX128:
		shortest(float_at(raw, size == 8), size == 8, re);
		shortest(float_at(raw + size / 2, size == 8), size == 8, im);
		complex_text(re, im, ret);
		return true;
	default:
		integer(kind, size, raw, ret);
		return true;
	}
}

bool number_printed(int minor, uint8_t kind, uint32_t size, const uint8_t raw[16],
		    char ret[VALUE_NUMBER])
{
	char re[40], im[40];

	if (minor >= MINOR_SHORTEST || kind < GO_KIND_FLOAT32)
		return value_number(kind, size, raw, ret);
	if (!size_fits(kind, size))
		return false;
	if (kind <= GO_KIND_FLOAT64) {
		seven_digits(float_at(raw, size == 4), ret);
		return true;
	}
	seven_digits(float_at(raw, size == 8), re);
	seven_digits(float_at(raw + size / 2, size == 8), im);
	complex_text(re, im, ret);
	return true;
}
