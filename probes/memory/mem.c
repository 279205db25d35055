/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <unistd.h>
#include "memory/mem.h"

/* User space on amd64 ends here, but for 5-level paging, which a process must ask for. */
static const uint64_t USER_END = 1ULL << 47;
enum { LOWEST = 4096 };

bool mem_range_ok(uint64_t addr, size_t len)
{
	return addr >= LOWEST && addr < USER_END && len <= USER_END - addr;
}

int mem_read(int fd, uint64_t addr, void *buf, size_t len)
{
	size_t done = 0;

	if (!mem_range_ok(addr, len))
		return -EFAULT;
	while (done < len) {
		ssize_t n = pread(fd, (char *)buf + done, len - done, (off_t)(addr + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EIO ? -EFAULT : errno == EACCES ? -EPERM : -errno;
		if (n == 0)
			return -ESRCH; /* the address space has no user any more */
		done += (size_t)n;
	}
	return 0;
}
