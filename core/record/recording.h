/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recordings, format version 1 (docs/recording.md): a header, blocks of records, an index.
 * Every block is compressed (zstd) and checksummed (xxh64); a keyframe block holds the model's
 * whole state, so that reading may start there. A file without its end (a crash, a full disk, a
 * cut copy) is readable up to its last good block.
 */
#ifndef GOLIN_RECORD_RECORDING_H
#define GOLIN_RECORD_RECORDING_H

#include <stdbool.h>
#include <stdint.h>
#include "golin/model.h"
#include "golin/source.h"

struct golin_err;
struct golin_writer;

/*
 * Creates `path` (mode 0600, O_EXCL, O_NOFOLLOW; with force an existing regular file is replaced).
 * Under sudo the file belongs to SUDO_UID. `model` is fed by the caller with the same records,
 * each before it is put here, and serves for keyframes; it must outlive the writer.
 */
int golin_writer_open(const char *path, bool force, const struct golin_model *model,
		      struct golin_writer **ret, struct golin_err *err);
/* After a failure (disk full) it stays failed: what is in the file is a good recording. */
int golin_writer_put(struct golin_writer *w, const struct golin_rec *rec, struct golin_err *err);
/* Writes what is buffered, when that is older than a second: call it now and then. */
int golin_writer_flush(struct golin_writer *w, struct golin_err *err);
/* The statistics of the source, to be found again in the recording: call it now and then. */
void golin_writer_stats(struct golin_writer *w, const struct golin_source_stats *stats);
uint64_t golin_writer_bytes(const struct golin_writer *w);
/*
 * Writes the rest and the index, closes and frees (also after a failure, which it returns again).
 * All failures to write are -EPIPE.
 */
int golin_writer_close(struct golin_writer *w, struct golin_err *err);

/* True when the file behind fd starts as a recording does. */
bool golin_recording_probe(int fd);
/*
 * A recording as a source. -ENOEXEC no recording; -EOPNOTSUPP a newer format. Damage is no error:
 * GOLIN_REC_LOST (cut) is yielded where it is met, and stats.complete is false at the end.
 * GOLIN_CTL_SEEK works by the index, or by a scan of the blocks when there is none. After it, reset
 * the model and call service() once: that one yields, whatever its max, all up to (not with) the
 * first record of a later time; the next goes on from there.
 * stats() gives the numbers of what was recorded, as of the last record that was yielded.
 */
int golin_recording_open(const char *path, struct golin_source **ret, struct golin_err *err);
/* The same on a descriptor, which it owns from then on; `name` is for messages. */
int golin_recording_open_fd(int fd, const char *name, struct golin_source **ret,
			    struct golin_err *err);
/* First and last monotonic time in the file. */
void golin_recording_span(const struct golin_source *s, uint64_t *ret_first, uint64_t *ret_last);

#endif
