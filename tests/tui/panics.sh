#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# panics.sh GOLIN FALLING: the panics of a running program as they happen: their sites, what each
# says, one that is held, the ways to the goroutine, to the context and back, the fatal one; then
# the same from a recording. Needs the rights for eBPF: skipped without, a failure with
# GOLIN_REQUIRE_LIVE=1.
golin=$1
program=$2
. "$(dirname "$0")/lib.sh"

touch "$DIR/fatal"
"$golin" panics -- "$program" "$DIR" >"$DIR/out" 2>&1
if ! grep -q "nobody recovers this" "$DIR/out" || ! grep -q fatal "$DIR/out"; then
	cat "$DIR/out"
	[ "${GOLIN_REQUIRE_LIVE:-0}" = 1 ] && exit 1
	echo "SKIP: golin cannot watch panics here"
	exit 77
fi
rm "$DIR/fatal"

selected() {
	screen | grep -q "^›.*$1"
}

line() {
	screen | grep -q "$1"
}

start 140 60
run "$golin record -o $DIR/r.golin -- $program $DIR >$DIR/record.out 2>&1"
poll "a recording" test -s "$DIR/r.golin"
touch "$DIR/index" "$DIR/handle" "$DIR/slow" "$DIR/let-go"
poll "the last recovery" grep -q "slow recovered" "$DIR/record.out"
touch "$DIR/fatal"
wait_for "END 2"
rm "$DIR/index" "$DIR/handle" "$DIR/slow" "$DIR/let-go" "$DIR/fatal"
keys "clear" Enter

run "$golin run -- $program $DIR"
wait_for "main.worker"
keys 3
wait_for "no panic so far"

# it comes, with its site, and with what it says
touch "$DIR/index"
poll "the index's panic" line "runtime.boundsError *recovered *1 .*main.index"
keys Right Down
poll "its line" selected "index out of range \[5\] with length 3"
keys Enter
wait_for "raised    in main.index"
poll "who recovered" line "outcome *recovered after"
poll "by whom" line " main.guard"
poll "where it went on" line "resumed *in main.index"
poll "its goroutine" line "goroutine [0-9]* *main.worker"
poll "its trace" line "trace *[0-9a-f]\{16\}"

# one that replaces another and holds it; the selection stays where it is
touch "$DIR/handle"
poll "the query's panic" line "errors.errorString *.*main.query"
poll "the one that holds it" line "fmt.wrapError *recovered.*main.rethrow"
poll "the same selection" selected "index out of range"
keys / request Enter
poll "the repanic" selected "request failed: shard 7 is gone"
poll "what it repeats" line "repeats *#2"
keys u
poll "the first" selected "shard 7 is gone"
keys U
poll "and back up" selected "request failed"

# held: active, marked in the lineage, with the deferred call that runs
touch "$DIR/slow"
poll "an active one" line "string *active *1 .*main.slow"
keys / held Enter
poll "the held one" selected "held for a while"
poll "its deferred call" line "1\. main.linger"
poll "that it runs" line "runs for"
poll "g._panic as memory says" line "g._panic *0x.*held for a while"
keys P
wait_for "GOID"
poll "its goroutine" selected "!panic main.worker"
keys P
poll "and its panic" selected "held for a while"
keys c
wait_for "CONTEXT"
poll "its context" selected "main.worker"
keys b
poll "back at the panic" selected "held for a while"

# let go, it is recovered
touch "$DIR/let-go"
poll "its recovery" selected "recovered .*held for a while"

# and the last one ends the program
touch "$DIR/fatal"
wait_for "ended: exit code 2"
wait_for "panics 5  fatal 1"
keys / nobody Enter
poll "the fatal one" selected "fatal .*nobody recovers this"
keys q q
poll "the end" shows "END"

# the same from the recording
keys "clear" Enter
run "$golin replay $DIR/r.golin"
wait_for "REPLAY"
keys 3
wait_for "panics 5  fatal 1"
keys / request Enter
poll "the repanic" selected "request failed: shard 7 is gone"
keys Enter
poll "what it repeats" line "repeats *#2"
keys / nobody Enter
poll "the fatal one" selected "fatal .*nobody recovers this"
poll "what the program printed" line "printed *.*nobody recovers this"
keys q q
poll "the end" shows "END"
echo "1 passed, 0 failed, 0 skipped"
