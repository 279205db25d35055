// SPDX-License-Identifier: BSD-2-Clause
/* The terminal views on a made-up target: for end-to-end tests and measurements. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/err.h"
#include "golin/model.h"
#include "golin/tui.h"
#include "synth.h"

int main(int argc, char **argv)
{
	struct synth_opts so = {.goroutines = 3000, .live = true};
	struct golin_tui_opts to = {.title = "orders-api pid 4213 go1.26.8", .log_fd = -1};
	struct golin_err err = {0};
	struct golin_model_counts counts;
	struct golin_model *model;
	struct golin_source *src;
	int opt, ret;

	while ((opt = getopt(argc, argv, "n:r:c:p:e:s:f:l:Ram")) != -1) {
		switch (opt) {
		case 'n':
			so.goroutines = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'r':
			so.rate = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'c':
			so.contexts = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'p':
			so.panics = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'e':
			so.end_ms = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 's':
			to.script = optarg;
			break;
		case 'f':
			to.filter = optarg;
			break;
		case 'l':
			to.log_fd = open(optarg, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
			break;
		case 'R':
			so.live = false;
			break;
		case 'a':
			to.ascii = true;
			break;
		case 'm':
			to.no_mouse = true;
			break;
		default:
			fprintf(stderr, "usage: tui_driver [-n goroutines] [-r rate] [-c contexts] "
					"[-p panics] [-e end ms] [-s script] [-f filter] [-l log] "
					"[-R] [-a] [-m]\n");
			return 2;
		}
	}
	src = synth_open(&so);
	if (!src || golin_model_new(NULL, &model))
		return 70;
	ret = golin_tui_run(src, model, &to, &err);
	golin_model_counts(model, &counts);
	fprintf(stderr, "tui_driver: %llu events\n", (unsigned long long)counts.events);
	golin_source_close(src);
	golin_model_free(model);
	if (ret) {
		fprintf(stderr, "tui_driver: %s\n", err.msg);
		return golin_err_exit(&err);
	}
	return 0;
}
