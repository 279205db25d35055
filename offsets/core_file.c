/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a core file's headers, in a child under the image process's confinement. */
#include "core_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "elf_image.h"
#include "golin/offsets.h"
#include "image_wire.h"

enum {
	DEADLINE_S = 10,
	MAX_FILES = 1 << 20, /* entries of NT_FILE */
	MAX_PAGE = 1 << 16,  /* of the program's first bytes that are looked at */
	FIRST_PAGE = 4096,   /* Go's linker keeps it for headers and notes */
	NOTE_GO_BUILD_ID = 4,
	FD_SOCKET = 3,
	FD_CORE = 4,
};

struct core {
	Elf *elf;
	const uint8_t *map;
	size_t size;
	struct elf_image order; /* for the byte order alone */
	size_t nphdr, word;
	const uint8_t *files; /* NT_FILE */
	size_t files_len;
	uint64_t phdr, execfn; /* of the auxiliary vector; 0 none */
	struct golin_core_info *ret;
};

/* What goes through the socket. */
struct answer {
	struct golin_err err;
	struct golin_core_info info;
};

bool golin_core_probe(int fd)
{
	unsigned char head[EI_NIDENT + 4];
	struct elf_image e = {0};

	if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    memcmp(head, ELFMAG, SELFMAG) != 0)
		return false;
	e.big_endian = head[EI_DATA] == ELFDATA2MSB;
	return elf_u16(&e, head + EI_NIDENT) == ET_CORE;
}

/* ---- in the child ---- */

static uint64_t word_at(const struct core *c, const uint8_t *p)
{
	return c->word == 8 ? elf_u64(&c->order, p) : elf_u32(&c->order, p);
}

/* What the core has of the memory from addr on, at most *len bytes. */
static const uint8_t *memory(const struct core *c, uint64_t addr, size_t *len)
{
	for (size_t i = 0; i < c->nphdr; i++) {
		uint64_t skip, left;
		GElf_Phdr p;

		if (!gelf_getphdr(c->elf, (int)i, &p) || p.p_type != PT_LOAD || addr < p.p_vaddr ||
		    addr - p.p_vaddr >= p.p_filesz)
			continue;
		skip = addr - p.p_vaddr;
		left = p.p_filesz - skip;
		if (p.p_offset >= c->size || skip >= c->size - p.p_offset)
			return NULL; /* the core is cut */
		if (left > c->size - p.p_offset - skip)
			left = c->size - p.p_offset - skip;
		*len = left < *len ? (size_t)left : *len;
		return c->map + p.p_offset + skip;
	}
	return NULL;
}

static void read_prpsinfo(struct core *c, const uint8_t *d, size_t len)
{
	size_t pid, name;

	/* Two shapes are in use: of 64-bit machines, and of 386 and arm. */
	if (c->word == 8 && len == 136) {
		pid = 24;
		name = 40;
	} else if (c->word == 4 && len == 124) {
		pid = 12;
		name = 28;
	} else {
		return;
	}
	c->ret->pid = (int32_t)elf_u32(&c->order, d + pid);
	golin_text_clean(c->ret->comm, sizeof(c->ret->comm), d + name,
			 strnlen((const char *)d + name, 16));
}

static void read_auxv(struct core *c, const uint8_t *d, size_t len)
{
	for (; len >= 2 * c->word; d += 2 * c->word, len -= 2 * c->word) {
		uint64_t type = word_at(c, d), value = word_at(c, d + c->word);

		if (type == AT_NULL)
			return;
		if (type == AT_PHDR)
			c->phdr = value;
		else if (type == AT_EXECFN)
			c->execfn = value;
	}
}

static void core_note(struct core *c, uint32_t type, const char *name, size_t name_len,
		      const uint8_t *d, size_t len)
{
	if (name_len < 4 || memcmp(name, "CORE", 4) != 0)
		return;
	if (type == NT_PRPSINFO && !c->ret->pid)
		read_prpsinfo(c, d, len);
	else if (type == NT_AUXV && !c->phdr)
		read_auxv(c, d, len);
	else if (type == NT_FILE && !c->files) {
		c->files = d;
		c->files_len = len;
	}
}

static void core_notes(struct core *c)
{
	for (size_t i = 0; i < c->nphdr; i++) {
		size_t at = 0, next, name, desc;
		GElf_Nhdr n;
		GElf_Phdr p;
		Elf_Data *d;

		if (!gelf_getphdr(c->elf, (int)i, &p) || p.p_type != PT_NOTE ||
		    p.p_offset >= c->size)
			continue;
		if (p.p_filesz > c->size - p.p_offset)
			p.p_filesz = c->size - p.p_offset;
		d = elf_getdata_rawchunk(c->elf, (int64_t)p.p_offset, p.p_filesz, ELF_T_NHDR);
		while (d && at < d->d_size && (next = gelf_getnote(d, at, &n, &name, &desc)) > at) {
			core_note(c, n.n_type, (const char *)d->d_buf + name, n.n_namesz,
				  (const uint8_t *)d->d_buf + desc, n.n_descsz);
			at = next;
		}
	}
}

/* NT_FILE: count, page size, {start, end, page} each, then the names. */
static void path_from_files(struct core *c)
{
	size_t word = c->word, left = c->files_len;
	const uint8_t *p = c->files, *names, *end;
	uint64_t count;

	if (!p || left < 2 * word)
		return;
	count = word_at(c, p);
	p += 2 * word;
	left -= 2 * word;
	if (count > MAX_FILES || count > left / (3 * word))
		return;
	names = p + count * 3 * word;
	end = c->files + c->files_len;
	for (uint64_t i = 0; i < count && names < end; i++, p += 3 * word) {
		size_t len = strnlen((const char *)names, (size_t)(end - names));

		if (c->phdr >= word_at(c, p) && c->phdr < word_at(c, p + word) &&
		    len < sizeof(c->ret->path)) {
			memcpy(c->ret->path, names, len);
			return;
		}
		names += len + 1;
	}
}

static void path_from_execfn(struct core *c)
{
	size_t len = sizeof(c->ret->path);
	const uint8_t *p = c->execfn ? memory(c, c->execfn, &len) : NULL;

	if (p && strnlen((const char *)p, len) < len)
		strcpy(c->ret->path, (const char *)p);
}

/* ---- the program's first page ---- */

static void id_note(struct golin_core_info *r, const GElf_Nhdr *n, const char *name,
		    const uint8_t *d)
{
	size_t len = n->n_descsz;

	if (n->n_type == NT_GNU_BUILD_ID && n->n_namesz == 4 && !memcmp(name, "GNU", 4) &&
	    !*r->build_id && len * 2 < sizeof(r->build_id)) {
		for (size_t i = 0; i < len; i++) {
			r->build_id[2 * i] = "0123456789abcdef"[d[i] >> 4];
			r->build_id[2 * i + 1] = "0123456789abcdef"[d[i] & 15];
		}
	} else if (n->n_type == NOTE_GO_BUILD_ID && n->n_namesz >= 3 && !memcmp(name, "Go", 3) &&
		   !*r->go_id) {
		golin_text_clean(r->go_id, sizeof(r->go_id), d, len);
	}
}

static void page_notes(struct golin_core_info *r, Elf *elf, const GElf_Phdr *p, size_t size)
{
	size_t at = 0, next, name, desc;
	Elf_Data *d = NULL;
	GElf_Nhdr n;

	if (p->p_offset < size && p->p_filesz <= size - p->p_offset)
		d = elf_getdata_rawchunk(elf, (int64_t)p->p_offset, p->p_filesz, ELF_T_NHDR);
	while (d && at < d->d_size && (next = gelf_getnote(d, at, &n, &name, &desc)) > at) {
		id_note(r, &n, (const char *)d->d_buf + name, (const uint8_t *)d->d_buf + desc);
		at = next;
	}
}

/*
 * From 1.24 on Go's linker writes a GNU build id right behind its own, but not into the note
 * segment: without section headers its bytes have to be looked for.
 */
static void find_gnu_note(struct golin_core_info *r, const struct core *c, const uint8_t *p,
			  size_t len)
{
	enum { HEADER = 12, NAME = 4 };

	for (size_t at = 0; at + HEADER + NAME <= len && !*r->build_id; at += 4) {
		GElf_Nhdr n = {
			.n_namesz = elf_u32(&c->order, p + at),
			.n_descsz = elf_u32(&c->order, p + at + 4),
			.n_type = elf_u32(&c->order, p + at + 8),
		};

		if (n.n_namesz == NAME && n.n_descsz >= 8 && n.n_descsz <= len - at - HEADER - NAME)
			id_note(r, &n, (const char *)p + at + HEADER, p + at + HEADER + NAME);
	}
}

static void read_page(struct core *c)
{
	struct golin_core_info *r = c->ret;
	const size_t most = sizeof(r->segments) / sizeof(r->segments[0]);
	size_t len = MAX_PAGE, n = 0;
	const uint8_t *p = c->phdr ? memory(c, c->phdr & ~0xfffull, &len) : NULL;
	char *copy;
	Elf *elf;

	if (!p || len < sizeof(Elf32_Ehdr) || memcmp(p, ELFMAG, SELFMAG) != 0)
		return;
	copy = malloc(len); /* aligned, and libelf may write to it */
	if (!copy)
		return;
	memcpy(copy, p, len);
	elf = elf_memory(copy, len);
	if (elf && !elf_getphdrnum(elf, &n)) {
		GElf_Ehdr e;

		r->has_page = n > 0 && gelf_getehdr(elf, &e);
		if (r->has_page) {
			r->machine = e.e_machine;
			r->is64 = e.e_ident[EI_CLASS] == ELFCLASS64;
		}
		for (size_t i = 0; i < n; i++) {
			GElf_Phdr ph;

			if (!gelf_getphdr(elf, (int)i, &ph))
				break;
			if (ph.p_type == PT_NOTE)
				page_notes(r, elf, &ph, len);
			if (ph.p_type != PT_LOAD || r->nsegments == most)
				continue;
			r->segments[r->nsegments].vaddr = ph.p_vaddr;
			r->segments[r->nsegments++].mem_size = ph.p_memsz;
		}
	}
	elf_end(elf);
	if (r->has_page && *r->go_id)
		find_gnu_note(r, c, p, len < FIRST_PAGE ? len : FIRST_PAGE);
	free(copy);
}

static void parse(int fd, struct answer *a)
{
	struct core c = {.ret = &a->info};
	GElf_Ehdr e;

	elf_version(EV_CURRENT);
	c.elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!c.elf || elf_kind(c.elf) != ELF_K_ELF || !gelf_getehdr(c.elf, &e) ||
	    elf_getphdrnum(c.elf, &c.nphdr)) {
		golin_err_set(&a->err, -EBADMSG, "a damaged core file: %s", elf_errmsg(-1));
		return;
	}
	c.map = (const uint8_t *)elf_rawfile(c.elf, &c.size);
	if (!c.map || !c.nphdr) {
		golin_err_set(&a->err, -EBADMSG, "a damaged core file: no program headers");
		return;
	}
	c.word = e.e_ident[EI_CLASS] == ELFCLASS64 ? 8 : 4;
	c.order.big_endian = e.e_ident[EI_DATA] == ELFDATA2MSB;
	core_notes(&c);
	path_from_files(&c);
	if (!*c.ret->path)
		path_from_execfn(&c);
	read_page(&c);
}

static void child(int fd, int sock, pid_t parent) __attribute__((noreturn));

static void child(int fd, int sock, pid_t parent)
{
	static struct answer a;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		_exit(2);
	(void)prctl(PR_SET_NAME, "golin-core", 0, 0, 0);
	/* Above the places where they go. */
	fd = fcntl(fd, F_DUPFD, 64);
	sock = fcntl(sock, F_DUPFD, 64);
	if (fd < 0 || sock < 0 || dup2(sock, FD_SOCKET) < 0 || dup2(fd, FD_CORE) < 0)
		_exit(2);
	if (close_range(FD_CORE + 1, ~0U, 0) < 0)
		for (int i = FD_CORE + 1; i < 65536; i++)
			close(i);
	if (image_confine(FD_CORE))
		_exit(2);
	parse(FD_CORE, &a);
	_exit(wire_write(FD_SOCKET, &a, sizeof(a), 0) ? 2 : 0);
}

/* ---- in golin ---- */

static bool is_text(const char *s, size_t cap)
{
	size_t len = strnlen(s, cap);

	return len < cap && golin_text_is_clean(s, len);
}

/* What the child says may have been dictated by the file. */
static bool is_possible(const struct answer *a)
{
	const struct golin_core_info *i = &a->info;

	return is_text(a->err.msg, sizeof(a->err.msg)) &&
	       is_text(a->err.hint, sizeof(a->err.hint)) &&
	       (a->err.code == 0 || a->err.code == -EBADMSG) &&
	       memchr(i->path, '\0', sizeof(i->path)) && is_text(i->comm, sizeof(i->comm)) &&
	       is_text(i->build_id, sizeof(i->build_id)) && is_text(i->go_id, sizeof(i->go_id)) &&
	       i->nsegments <= sizeof(i->segments) / sizeof(i->segments[0]);
}

static int ask(pid_t pid, int sock, struct answer *a)
{
	int r = wire_read(sock, a, sizeof(*a), wire_now_ns() + DEADLINE_S * 1000000000ULL);

	if (r)
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

int golin_core_read(int fd, const char *label, struct golin_core_info *ret, struct golin_err *err)
{
	_cleanup_free_ struct answer *a = malloc(sizeof(*a));
	pid_t parent = getpid(), pid;
	int pair[2], r;

	if (!a)
		return golin_err_set(err, -ENOMEM, "out of memory");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return golin_err_set(err, -errno, "socketpair: %s", golin_errno_name(errno));
	pid = fork();
	if (!pid)
		child(fd, pair[1], parent);
	r = pid < 0 ? -errno : 0;
	close(pair[1]);
	if (!r)
		r = ask(pid, pair[0], a);
	close(pair[0]);
	if (pid < 0)
		return golin_err_set(err, r, "fork: %s", golin_errno_name(r));
	if (r)
		return golin_err_set(err, -EBADMSG, "'%s': the process that reads the core file %s",
				     label,
				     r == -ETIME ? "gave no answer in time" : "ended over it");
	if (!is_possible(a))
		return golin_err_set(err, -EBADMSG,
				     "'%s': the process that reads the core file gave an answer "
				     "that cannot be",
				     label);
	if (a->err.code) {
		if (err)
			*err = a->err;
		golin_err_ctx(err, "'%s'", label);
		return a->err.code;
	}
	*ret = a->info;
	return 0;
}

static int differs(struct golin_err *err, const char *what, const char *there, const char *here)
{
	return golin_err_set(err, -EBADMSG,
			     "it is not the program of the core file: %s '%s' there, '%s' here",
			     what, there, here);
}

int golin_core_matches(const struct golin_core_info *core, const struct golin_image_info *info,
		       bool *ret_sure, struct golin_err *err)
{
	bool gnu = info->flags & GOLIN_IMAGE_GNU_BUILD_ID;

	*ret_sure = false;
	if (!core->has_page)
		return 0;
	/* An id that only one of them tells says nothing. */
	if (gnu && *core->build_id) {
		if (strcmp(core->build_id, info->build_id))
			return differs(err, "build id", core->build_id, info->build_id);
		*ret_sure = true;
		return 0;
	}
	if (!gnu && *core->go_id && *info->build_id) {
		if (strcmp(core->go_id, info->build_id))
			return differs(err, "Go build id", core->go_id, info->build_id);
		*ret_sure = true;
		return 0;
	}
	/* No proof, but a hint. Not with an id: objcopy may lay segments out anew. */
	if (core->nsegments != info->nsegments)
		return golin_err_set(err, -EBADMSG,
				     "it is not the program of the core file: %u segments there, "
				     "%u here",
				     core->nsegments, info->nsegments);
	for (uint32_t i = 0; i < core->nsegments; i++)
		if (core->segments[i].vaddr != info->segments[i].vaddr ||
		    core->segments[i].mem_size != info->segments[i].mem_size)
			return golin_err_set(err, -EBADMSG,
					     "it is not the program of the core file: segment %u "
					     "lies elsewhere",
					     i);
	return 0;
}
