/* SPDX-License-Identifier: BSD-2-Clause */
#include "code.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "image.h"
#include "mheap.h"
#include "symtab.h"
#include "timer_heaps.h"

/* Code that is compiled in an unknown way may not give it away; a symbol does. */
static uint64_t allgs_symbol(struct golin_image *img)
{
	struct symtab_sym sym;
	struct symtab t;

	if (!symtab_open(&img->elf, &t) || !symtab_find(&t, "runtime.allgs", STT_OBJECT, &sym))
		return 0;
	return moduledata_is_data(&img->elf, sym.value, 24) ? sym.value : 0;
}

/* The functions that are asked below: looked for at once, in a table of megabytes. */
static const char *const asked[] = {
	"runtime.allgadd",	 "runtime.load_g",	   "runtime.mallocinit",
	"runtime.(*mheap).init", "runtime.timeSleepUntil", "context.(*emptyCtx).String",
};

int image_code_open(struct golin_image *img, struct golin_err *err)
{
	enum { MAX_TABLES = 8 };
	struct image_code *code = calloc(1, sizeof(*code));
	uint16_t minor = img->info.go.minor;
	struct golin_err later;
	int r;

	if (!code)
		return golin_err_set(err, -ENOMEM, "out of memory");
	r = pclntab_open(&img->elf, minor, &code->tab, err);
	if (!r)
		r = moduledata_find(&img->elf, &code->tab, minor, &code->module, err);
	/* What looks like a table may be the data of a program that reads such tables. */
	for (int i = 1; r == -ENODATA && i < MAX_TABLES && pclntab_next(&code->tab); i++)
		r = moduledata_find(&img->elf, &code->tab, minor, &code->module, &later);
	if (r) {
		image_code_close(code);
		return r;
	}
	pclntab_set_module(&code->tab, code->module.text, code->module.etext, code->module.gofunc);
	img->code = code;
	img->info.text = code->module.text;
	img->info.etext = code->module.etext;
	img->info.pclntab = code->tab.vaddr;
	img->info.moduledata = code->module.vaddr;
	if (moduledata_is_mapped(&img->elf, code->module.types, code->module.etypes)) {
		img->info.types = code->module.types;
		img->info.etypes = code->module.etypes;
	}
	if (img->elf.machine == EM_X86_64) {
		pclntab_expect(&code->tab, asked, sizeof(asked) / sizeof(asked[0]));
		img->info.allgs = moduledata_allgs(&img->elf, &code->tab);
		img->info.tls_g = moduledata_tls_g(&img->elf, &code->tab, minor);
		img->info.mheap = mheap_find(&img->elf, &code->tab);
		if (minor <= 20)
			moduledata_empty_contexts(&img->elf, &code->tab, img->info.empty_contexts);
	}
	if (!img->info.allgs)
		img->info.allgs = allgs_symbol(img);
	if (!img->info.mheap)
		img->info.mheap = mheap_symbol(&img->elf);
	if (img->elf.machine == EM_X86_64)
		img->info.timer_heaps = timer_heaps_find(&img->elf, &code->tab, minor);
	if (!img->info.timer_heaps)
		img->info.timer_heaps = timer_heaps_symbol(&img->elf, minor);
	return 0;
}

void image_code_expect(struct golin_image *img, const struct golin_site_want *wants, size_t n)
{
	const char **names = img->code ? calloc(2 * n, sizeof(*names)) : NULL;
	size_t k = 0;

	if (!names)
		return;
	for (size_t i = 0; i < n; i++) {
		names[k++] = wants[i].func;
		if (*wants[i].target)
			names[k++] = wants[i].target;
	}
	pclntab_expect(&img->code->tab, names, k);
	free(names);
}

void image_code_close(struct image_code *code)
{
	if (!code)
		return;
	pclntab_done(&code->tab);
	free(code->inlined);
	free(code);
}

int golin_image_func(struct golin_image *img, const char *name, uint64_t *ret_lo, uint64_t *ret_hi,
		     struct golin_err *err)
{
	struct pcln_func f;
	char clean[128];

	if (!img->code) {
		if (err)
			*err = img->code_err;
		return img->code_err.code ? img->code_err.code : -ENODATA;
	}
	if (!pclntab_find_name(&img->code->tab, name, &f)) {
		golin_text_clean(clean, sizeof(clean), name, strlen(name));
		return golin_err_set(err, -ENOENT, "no function '%s' in the binary", clean);
	}
	*ret_lo = f.lo;
	*ret_hi = f.hi;
	return 0;
}
