#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# contexts.sh GOLIN CASCADE: the contexts of a running program: the tree, a cancellation that
# reaches it, who did it, from there to the goroutine and back, what is found. Needs the rights for
# eBPF: skipped without, a failure with GOLIN_REQUIRE_LIVE=1.
golin=$1
program=$2
. "$(dirname "$0")/lib.sh"

"$golin" contexts --for 1s -- "$program" "$DIR/never" >"$DIR/out" 2>&1
if ! grep -q main.fetch "$DIR/out"; then
	cat "$DIR/out"
	[ "${GOLIN_REQUIRE_LIVE:-0}" = 1 ] && exit 1
	echo "SKIP: golin cannot watch contexts here"
	exit 77
fi

selected() {
	screen | grep -q "^›.*$1"
}

start 120 40
run "$golin run --probes goroutines,timers,contexts -- $program $DIR/off"
wait_for "main.fetch"

# the tree: a request, what fetch made of its context
keys 2
wait_for "CONTEXT"
poll "the request's context" sh -c "tmux -L $SERVER capture-pane -p -t t | grep -q 'WithCancel *active.*main.request'"
poll "a deadline below it" sh -c "tmux -L $SERVER capture-pane -p -t t | grep -q '─.WithTimeout *[0-9hms]* left.*main.fetch'"
shows "go 1 " || fail "goroutine 1 made the request"

# it is cancelled: both fade, the second by its parent
touch "$DIR/off"
poll "the cancellation" sh -c "tmux -L $SERVER capture-pane -p -t t | grep -q 'WithCancel *cancelled [0-9].*main.request'"
poll "what it reached" sh -c "tmux -L $SERVER capture-pane -p -t t | grep -q 'WithTimeout *parent [0-9].*main.fetch'"

# who was it?
keys x / main.fetch Enter
poll "the selection on main.fetch" selected "main.fetch"
keys w
wait_for "Who cancelled this?"
wait_for "main.giveUp called cancel."
shows "began    explicit  WithCancel  main.request" || fail "no origin"
screen | grep -q "this .*[+][0-9.]*[mnu]s *parent  *WithTimeout  main.fetch" || fail "no cascade"

# to the goroutine that did it, and back
keys c
wait_for "GOID"
poll "the selection on main.giveUp" selected "main.giveUp"
keys BSpace
wait_for "CONTEXT"
poll "the selection on main.fetch" selected "main.fetch"

# what the goroutine that does not hear of it works under
keys 1 / main.fetch Enter
poll "the goroutine" selected "main.fetch"
keys c
wait_for "CONTEXT"
poll "its newest context" selected "WithValue.*main.fetch"
wait_for "context 1 of 3 of goroutine"
keys C
poll "the next of its contexts" selected "WithTimeout.*main.fetch"

# it is found, and leads to the broken edge
keys 4
wait_for "LEVEL"
wait_for "ignored-cancel"
keys Enter
wait_for "CONTEXT"
wait_for "!ignored-cancel"
wait_for "╌"

keys q
poll "the end" shows "END"
echo "1 passed, 0 failed, 0 skipped"
