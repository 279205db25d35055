/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/ring.h"

#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/err.h"

int ring_open(struct ring *r, int fd, uint64_t size, struct golin_err *err)
{
	void *p;

	memset(r, 0, sizeof(*r));
	r->page = (size_t)sysconf(_SC_PAGESIZE);
	r->size = size;
	p = mmap(NULL, r->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return golin_err_set(err, -errno, "cannot map the ring: %s",
				     golin_errno_name(errno));
	r->consumer = p;
	p = mmap(NULL, r->page + 2 * size, PROT_READ, MAP_SHARED, fd, (off_t)r->page);
	if (p == MAP_FAILED) {
		int e = errno;

		ring_close(r);
		return golin_err_set(err, -e, "cannot map the ring: %s", golin_errno_name(e));
	}
	r->producer = p;
	r->data = (const uint8_t *)p + r->page;
	return 0;
}

void ring_close(struct ring *r)
{
	if (r->consumer)
		munmap(r->consumer, r->page);
	if (r->producer)
		munmap((void *)r->producer, r->page + 2 * r->size);
	memset(r, 0, sizeof(*r));
}

uint64_t ring_end(const struct ring *r)
{
	return r->consumer ? __atomic_load_n(r->producer, __ATOMIC_ACQUIRE) : 0;
}

uint64_t ring_start(const struct ring *r)
{
	return r->consumer ? __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE) : 0;
}

const struct wire_hdr *ring_next(const struct ring *r, uint64_t *pos)
{
	uint64_t end;

	if (!r->consumer)
		return NULL;
	end = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
	while (*pos < end) {
		const uint8_t *at = r->data + (*pos & (r->size - 1));
		uint32_t word = __atomic_load_n((const uint32_t *)at, __ATOMIC_ACQUIRE);
		uint32_t len = word & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		const struct wire_hdr *h = (const void *)(at + BPF_RINGBUF_HDR_SZ);

		if (word & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		*pos += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7ULL;
		if (!(word & BPF_RINGBUF_DISCARD_BIT) && len >= sizeof(*h) && h->size == len)
			return h;
	}
	return NULL;
}

void ring_release(struct ring *r, uint64_t pos)
{
	if (r->consumer)
		__atomic_store_n(r->consumer, pos, __ATOMIC_RELEASE);
}

uint64_t ring_used(const struct ring *r)
{
	return r->consumer ? __atomic_load_n(r->producer, __ATOMIC_ACQUIRE) - *r->consumer : 0;
}

int counters_open(struct counters *c, int fd, struct golin_err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int ncpu = libbpf_num_possible_cpus();
	void *p;

	memset(c, 0, sizeof(*c));
	if (ncpu < 1)
		return golin_err_set(err, -ENOSYS, "cannot tell how many CPUs there are");
	c->bytes = (ncpu * sizeof(struct wire_stats) + page - 1) & ~(page - 1);
	p = mmap(NULL, c->bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return golin_err_set(err, -errno, "cannot map the counters: %s",
				     golin_errno_name(errno));
	c->cpus = p;
	c->ncpu = ncpu;
	return 0;
}

void counters_close(struct counters *c)
{
	if (c->cpus)
		munmap((void *)c->cpus, c->bytes);
	memset(c, 0, sizeof(*c));
}

void counters_sum(const struct counters *c, struct wire_stats *ret)
{
	uint64_t *sum = (uint64_t *)ret;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < c->ncpu; i++) {
		const volatile uint64_t *v = (const volatile uint64_t *)&c->cpus[i];

		for (size_t j = 0; j < sizeof(*ret) / 8; j++)
			sum[j] += v[j];
	}
}

uint64_t counters_create_ip(const struct counters *c)
{
	for (size_t i = 0; i < c->ncpu; i++)
		if (c->cpus[i].create_ip)
			return c->cpus[i].create_ip;
	return 0;
}

void counters_events(const struct wire_stats *sum, uint64_t *ret_hits, uint64_t *ret_lost)
{
	*ret_hits = *ret_lost = 0;
	for (int i = 0; i < WIRE_TYPES; i++) {
		*ret_hits += sum->hits[i];
		*ret_lost += sum->lost[i];
	}
}
