/* SPDX-License-Identifier: BSD-2-Clause */
/* A real Go program for tests: GOLIN_TEST_BINARY, or one built by the Go that is at hand. */
#ifndef GOLIN_TESTS_GO_BINARY_H
#define GOLIN_TESTS_GO_BINARY_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Its path, or NULL, with SKIP said, when there is no Go. */
static inline const char *go_binary(void)
{
	static char path[1024];
	const char *own = getenv("GOLIN_TEST_BINARY"), *go = getenv("GOLIN_GO");
	char cmd[16384];

	if (own && *own)
		return own;
	if (path[0])
		return path;
	snprintf(path, sizeof(path), "%s/hello", GO_BINARY_DIR);
	if (access(path, X_OK) == 0)
		return path;
	snprintf(cmd, sizeof(cmd),
		 "PATH=$PATH:/usr/local/go/bin:/usr/lib/go/bin; cd '%s/../../fixtures' && "
		 "GOFLAGS= GOTOOLCHAIN=local CGO_ENABLED=0 '%s' build -o '%s.%d' ./idle >/dev/null "
		 "2>&1 && mv '%s.%d' '%s'",
		 SOURCE_DIR, go && *go ? go : "go", path, (int)getpid(), path, (int)getpid(), path);
	if (system(cmd) == 0)
		return path;
	path[0] = '\0';
	printf("SKIP: no Go to build a program with\n");
	return NULL;
}

#endif
