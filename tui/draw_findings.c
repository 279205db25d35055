// SPDX-License-Identifier: BSD-2-Clause
/* The findings, a line each. */
#include <stdio.h>
#include "base/text.h"
#include "draw.h"
#include "names.h"

struct columns {
	int severity, rule, count, age, func, at; /* x */
	int severity_w, rule_w, count_w, age_w, func_w, at_w;
};

static struct columns columns(int w)
{
	struct columns c = {.severity = 1, .severity_w = 7, .rule_w = 16, .count_w = 6, .age_w = 6};

	c.rule = c.severity + c.severity_w + 1;
	c.count = c.rule + c.rule_w + 1;
	c.age = c.count + c.count_w + 1;
	c.func = c.age + c.age_w + 2;
	c.func_w = w - c.func;
	draw_split(&c.func_w, &c.at_w);
	c.at = c.func + c.func_w + 1;
	return c;
}

static void draw_heads(struct canvas *c, const struct columns *k, int y, int w)
{
	canvas_blank(c, y, 0, w, ROLE_HEADER);
	canvas_put(c, y, k->severity, k->severity_w, ROLE_HEADER, "LEVEL");
	canvas_put(c, y, k->rule, k->rule_w, ROLE_HEADER, "RULE");
	canvas_put_right(c, y, k->count, k->count_w, ROLE_HEADER, "COUNT");
	canvas_put_right(c, y, k->age, k->age_w, ROLE_HEADER, "AGE");
	draw_func_heads(c, y, k->func, k->func_w, k->at_w);
}

static void draw_finding(struct canvas *c, const struct columns *k, const struct finding *f,
			 const struct search *s, uint64_t moment, int y)
{
	struct golin_frame at = {.func = f->f.func, .file = f->f.file, .line = f->f.line};
	enum role role = f->f.severity == GOLIN_SEV_ERROR     ? ROLE_BREAK
			 : f->f.severity == GOLIN_SEV_WARNING ? ROLE_ALERT
							      : ROLE_NORMAL;
	char text[512];

	draw_put_match(c, y, k->severity, k->severity_w, role, golin_severity_name(f->f.severity),
		       s);
	draw_put_match(c, y, k->rule, k->rule_w, role, f->rule, s);
	canvas_put_right(c, y, k->count, k->count_w, ROLE_NORMAL,
			 name_rate((double)f->f.count, text, sizeof(text)));
	canvas_put_right(c, y, k->age, k->age_w, ROLE_NORMAL,
			 draw_age(f->f.first, moment, 0, text, sizeof(text)));
	draw_put_match(c, y, k->func, k->func_w, ROLE_FUNC, name_func(f->f.func, k->func_w), s);
	if (k->at_w)
		draw_put_match(c, y, k->at, k->at_w, ROLE_PLACE,
			       name_tail(name_place(&at, text, sizeof(text)), k->at_w), s);
}

void draw_findings(struct canvas *c, const struct findings *v, const struct treeview *t,
		   const struct search *s, uint64_t moment, const char *empty, int y, int w, int h)
{
	struct columns k = columns(w);

	draw_heads(c, &k, y, w);
	for (int i = 1; i < h && t->top + (uint32_t)i - 1 < t->rows.len; i++) {
		uint32_t row = t->top + (uint32_t)i - 1;
		const struct finding *f = findings_row(v, &t->rows.v[row]);

		if (f)
			draw_finding(c, &k, f, s, moment, y + i);
		if (row == t->sel)
			draw_selected(c, y + i, w);
	}
	if (!t->rows.len)
		canvas_put(c, y + 1, 2, w - 3, ROLE_DIM, empty);
}
