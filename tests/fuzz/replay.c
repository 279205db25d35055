/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a fuzz target on the files and directories that are given. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int files;

static int replay_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size + 1);
	FILE *f = fopen(path, "re");
	size_t n;

	if (!data || !f) {
		fprintf(stderr, "cannot read '%s'\n", path);
		free(data);
		return 1;
	}
	n = fread(data, 1, size, f);
	fclose(f);
	/* An own block of exactly this size: sanitizers see every byte behind it. */
	data = realloc(data, n ? n : 1);
	LLVMFuzzerTestOneInput(data, n);
	free(data);
	files++;
	return 0;
}

static int replay(const char *path)
{
	struct dirent *e;
	struct stat st;
	int rc = 0;
	DIR *d;

	if (stat(path, &st)) {
		fprintf(stderr, "cannot read '%s'\n", path);
		return 1;
	}
	if (!S_ISDIR(st.st_mode))
		return replay_file(path, (size_t)st.st_size);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		char sub[4096];

		if (e->d_name[0] == '.')
			continue;
		snprintf(sub, sizeof(sub), "%s/%s", path, e->d_name);
		rc |= replay(sub);
	}
	if (d)
		closedir(d);
	return rc;
}

int main(int argc, char **argv)
{
	int rc = 0;

	for (int i = 1; i < argc; i++)
		rc |= replay(argv[i]);
	printf("%d files\n", files);
	/* An empty corpus would pass for ever. */
	return rc || !files;
}
