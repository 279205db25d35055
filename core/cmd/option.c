/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "golin/record.h"

enum kind { FLAG, NFLAG, STR, U32, SIZE, DURATION, ENUM, GROUPS, WORDS, DIFF };

struct option_row {
	const char *name;
	char letter;
	enum kind kind;
	size_t off; /* of the member in struct cmd_config */
	const char *arg, *help;
};

static const struct option_row rows[] = {
#define OPT(id, lng, shrt, kind, member, arg, help)                                                \
	{lng, shrt, kind, offsetof(struct cmd_config, member), arg, help},
#include "options.def"
#undef OPT
};

static const struct {
	const char *name;
	uint32_t group;
} groups[] = {
	{"goroutines", GOLIN_GROUP_GOROUTINES},
	{"timers", GOLIN_GROUP_TIMERS},
	{"contexts", GOLIN_GROUP_CONTEXTS},
	{"panics", GOLIN_GROUP_PANICS},
	{"gc", GOLIN_GROUP_GC},
};

static const struct cmd *parsed_cmd;

static bool takes(const struct cmd *cmd, size_t i)
{
	return i == OPTION_HELP || (cmd->options & (1ull << i));
}

static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), row[64];

	if (lb >= 63 || la >= 63)
		return 99;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diag = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = diag + (a[i - 1] != b[j - 1]);

			diag = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

const char *option_closest(const char *word, const char *(*next)(size_t i))
{
	const char *best = NULL, *s;
	size_t best_d = 3; /* more than two edits away is another word */

	for (size_t i = 0; (s = next(i)); i++) {
		size_t d = *s ? distance(word, s) : 99;

		if (d < best_d && d < strlen(word)) {
			best_d = d;
			best = s;
		}
	}
	return best;
}

static const char *option_name_at(size_t i)
{
	if (i >= OPTION_MAX)
		return NULL;
	return takes(parsed_cmd, i) ? rows[i].name : "";
}

/* The number, from 1, of a word in "a|b|c"; 0 if it is none. */
static uint32_t word_number(const char *words, const char *s)
{
	size_t len = strlen(s);

	for (uint32_t n = 1; *words; n++) {
		size_t w = strcspn(words, "|");

		if (w == len && !memcmp(words, s, len))
			return n;
		words += w + (words[w] == '|');
	}
	return 0;
}

static int parse_groups(const char *s, uint32_t *ret, struct golin_err *err)
{
	*ret = 0;
	while (*s) {
		size_t len = strcspn(s, ","), i;

		for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
			if (strlen(groups[i].name) == len && !memcmp(groups[i].name, s, len))
				break;
		if (i == sizeof(groups) / sizeof(groups[0])) {
			golin_err_set(err, -EINVAL, "unknown probe group '%.*s'", (int)len, s);
			golin_err_hint(err, "the groups are: goroutines, timers, contexts, panics");
			return -EINVAL;
		}
		*ret |= groups[i].group;
		s += len + (s[len] == ',');
	}
	if (!*ret)
		return golin_err_set(err, -EINVAL, "--probes names no group");
	return 0;
}

static int add_word(struct cmd_words *w, const char *val, const char *name, struct golin_err *err)
{
	const size_t most = sizeof(w->v) / sizeof(w->v[0]);

	if (w->n == most)
		return golin_err_set(err, -EINVAL, "--%s more than %zu times", name, most);
	w->v[w->n++] = val;
	return 0;
}

static int set_option(const struct option_row *row, const char *val, struct cmd_config *cfg,
		      struct golin_err *err)
{
	void *at = (char *)cfg + row->off;
	unsigned long long n = 0;
	char *end;

	switch (row->kind) {
	case FLAG:
		*(bool *)at = true;
		return 0;
	case NFLAG:
		*(bool *)at = false;
		return 0;
	case STR:
		*(const char **)at = val;
		return 0;
	case U32:
		errno = 0;
		n = strtoull(val, &end, 10);
		if (!isdigit((unsigned char)*val) || *end || errno || n > UINT32_MAX)
			break;
		*(uint32_t *)at = n;
		return 0;
	case SIZE:
		if (!golin_text_parse_size(val, &n))
			break;
		*(uint64_t *)at = n;
		return 0;
	case DURATION:
		if (!golin_text_parse_duration(val, &n) || !n)
			break;
		*(uint64_t *)at = n;
		return 0;
	case ENUM:
		n = word_number(row->arg, val);
		if (!n)
			break;
		*(uint32_t *)at = n;
		return 0;
	case GROUPS:
		/* Asked for by name, timers are more than who armed which. */
		n = parse_groups(val, at, err);
		cfg->timer_events = cfg->groups & GOLIN_GROUP_TIMERS;
		return (int)n;
	case WORDS:
		return add_word(at, val, row->name, err);
	case DIFF:
		*(const char **)at = val;
		cfg->diff_at = cfg->nargs;
		return 0;
	}
	golin_err_set(err, -EINVAL, "bad value '%s' for --%s", val, row->name);
	golin_err_hint(err, "it takes %s: %s", row->arg, row->help);
	return -EINVAL;
}

static const struct option_row *find_long(const char *name, size_t len)
{
	for (size_t i = 0; i < OPTION_MAX; i++)
		if (takes(parsed_cmd, i) && strlen(rows[i].name) == len &&
		    !memcmp(rows[i].name, name, len))
			return &rows[i];
	return NULL;
}

static int unknown_option(const char *given, const char *name, struct golin_err *err)
{
	const char *near = option_closest(name, option_name_at);

	golin_err_set(err, -EINVAL, "unknown option '%s' for 'golin %s'", given, parsed_cmd->name);
	if (near)
		golin_err_hint(err, "did you mean --%s?", near);
	else
		golin_err_hint(err, "'golin %s --help' lists them", parsed_cmd->name);
	return -EINVAL;
}

static int parse_long(char **argv, int argc, int *i, struct cmd_config *cfg, struct golin_err *err)
{
	const char *name = argv[*i] + 2, *eq = strchr(name, '='), *val = NULL;
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	const struct option_row *row = find_long(name, len);
	char word[64];

	if (!row) {
		snprintf(word, sizeof(word), "%.*s", (int)(len < 63 ? len : 63), name);
		return unknown_option(argv[*i], word, err);
	}
	if (eq && !row->arg)
		return golin_err_set(err, -EINVAL, "--%s takes no value", row->name);
	if (row->arg) {
		if (!eq && *i + 1 >= argc)
			return golin_err_set(err, -EINVAL, "--%s needs a value: %s", row->name,
					     row->arg);
		val = eq ? eq + 1 : argv[++*i];
	}
	return set_option(row, val, cfg, err);
}

static int parse_short(char **argv, int argc, int *i, struct cmd_config *cfg, struct golin_err *err)
{
	for (const char *p = argv[*i] + 1; *p; p++) {
		const struct option_row *row = NULL;
		int ret;

		for (size_t k = 0; k < OPTION_MAX; k++)
			if (takes(parsed_cmd, k) && rows[k].letter == *p)
				row = &rows[k];
		if (!row)
			return unknown_option(argv[*i], argv[*i] + 1, err);
		if (row->arg) {
			const char *val = p[1] ? p + 1 : *i + 1 < argc ? argv[++*i] : NULL;

			if (!val)
				return golin_err_set(err, -EINVAL, "-%c needs a value: %s", *p,
						     row->arg);
			return set_option(row, val, cfg, err);
		}
		ret = set_option(row, NULL, cfg, err);
		if (ret)
			return ret;
	}
	return 0;
}

int option_parse(const struct cmd *cmd, int argc, char **argv, struct cmd_config *cfg,
		 struct golin_err *err)
{
	parsed_cmd = cmd;
	cfg->args = argv;
	for (int i = 0; i < argc; i++) {
		char *a = argv[i];
		int ret = 0;

		if (!strcmp(a, "--")) {
			if (i + 1 < argc)
				cfg->child = &argv[i + 1];
			else
				return golin_err_set(err, -EINVAL, "no program behind '--'");
			break;
		}
		if (!strncmp(a, "--", 2))
			ret = parse_long(argv, argc, &i, cfg, err);
		else if (a[0] == '-' && a[1])
			ret = parse_short(argv, argc, &i, cfg, err);
		else
			cfg->args[cfg->nargs++] = a; /* overwrites only what was read already */
		if (ret)
			return ret;
	}
	return 0;
}

void option_help(const struct cmd *cmd, struct strbuf *out)
{
	strbuf_addf(out, "golin%s%s%s%s - %s\n", *cmd->name ? " " : "", cmd->name,
		    *cmd->usage ? " " : "", cmd->usage, cmd->summary);
	if (cmd->details)
		strbuf_addf(out, "\n%s", cmd->details);
	strbuf_adds(out, "\nOptions:\n");
	for (size_t i = 0; i < OPTION_MAX; i++) {
		char left[64];

		if (!takes(cmd, i))
			continue;
		snprintf(left, sizeof(left), "%c%c%c --%s%s%s", rows[i].letter ? '-' : ' ',
			 rows[i].letter ? rows[i].letter : ' ', rows[i].letter ? ',' : ' ',
			 rows[i].name, rows[i].arg ? " " : "", rows[i].arg ? rows[i].arg : "");
		strbuf_addf(out, "  %-31s %s\n", left, rows[i].help);
	}
}

void option_overview(struct strbuf *out)
{
	strbuf_adds(out, "golin - who started this goroutine? Looks into running Go programs from "
			 "outside.\n\nUsage: golin COMMAND [OPTIONS] ...\n\n");
	for (size_t i = 0; i < ncmds; i++) {
		char left[64];

		snprintf(left, sizeof(left), "golin%s%s %s", *cmds[i].name ? " " : "", cmds[i].name,
			 cmds[i].usage);
		strbuf_addf(out, "  %-36s %s\n", left, cmds[i].summary);
	}
	strbuf_adds(
		out,
		"  golin --version\n\n"
		"SOURCE is a PID, a program's NAME, a recording, or `-- CMD ARGS...`, which golin "
		"starts.\n"
		"'golin help COMMAND' tells more. Exit codes: 0 ok, 1 findings or a difference,\n"
		"2 usage, 3 target unusable, 4 permission or kernel, 5 incomplete, 6 output "
		"failed.\n");
}
