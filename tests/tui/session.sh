#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# session.sh COMMAND...: a whole session: expand, search, filter, pause, detail, resize, stop, quit.
# The command shows a program whose main.main has children.
. "$(dirname "$0")/lib.sh"

start 100 30
run "$*"
wait_for "main.main"
[ "$(t display-message -p -t t '#{alternate_on}')" = 1 ] || fail "not on a screen of its own"

# the tree: closed to one line, opened again
keys -
wait_gone "├─"
keys '='
wait_for "├─"

# a click on the selected line opens it, another closes it (X10: press and
# release, column, row, each + 32)
keys - g
wait_gone "├─"
t send-keys -t t -H 1b 5b 4d 20 2a 24 1b 5b 4d 23 2a 24
wait_for "├─"
t send-keys -t t -H 1b 5b 4d 20 2a 24 1b 5b 4d 23 2a 24
wait_gone "├─"
keys '='
wait_for "├─"

# search finds the main goroutine
keys G / main.main Enter
wait_for "/main.main"
poll "the selection on main.main" sh -c "tmux -L $SERVER capture-pane -p -t t | grep -q '^›.*main\\.main'"

# detail, and away again
keys Enter
wait_for "goroutine 1"
wait_for "lineage   1"
keys q
wait_gone "Detail"

# a filter with an error, then without
keys f "age>x" Enter
wait_for "bad filter at column"
keys C-u "goid:1" Enter
wait_for "filter: goid:1"
keys f C-u Enter
wait_gone "filter:"

# the view is held and let go
keys p
wait_for "PAUSED"
keys 0
wait_gone "PAUSED"

# help
keys "?"
wait_for "the line above"
keys q
wait_gone "the line above"

# any size, and back
for size in "60 15" "200 60" "20 5" "1 1" "500 200" "80 24"; do
	# shellcheck disable=SC2086
	set -- $size
	t resize-window -t t -x "$1" -y "$2"
done
# a storm of sizes
i=0
while [ $i -lt 100 ]; do
	i=$((i + 1))
	t resize-window -t t -x $((1 + i * 37 % 300)) -y $((1 + i * 53 % 100))
done
t resize-window -t t -x 80 -y 24
wait_for "GOID"
[ "$(screen | wc -l)" = 24 ] || fail "not 24 lines"
t resize-window -t t -x 50 -y 10
wait_for "golin needs 60x15, has 50x10"
t resize-window -t t -x 100 -y 30
wait_for "main.main"

# to the shell and back
keys C-z
poll "the shell's screen" sh -c "[ \"\$(tmux -L $SERVER display-message -p -t t '#{alternate_on}')\" = 0 ]"
keys "stty -a >stopped; echo at''shell" Enter
wait_for "atshell"
cmp -s "$DIR/before" "$DIR/stopped" || fail "the terminal is not as it was while stopped"
keys "fg" Enter
wait_for "main.main"
keys q
# the stopped command line went on with what stood behind it
poll "the shell's screen" sh -c "[ \"\$(tmux -L $SERVER display-message -p -t t '#{alternate_on}')\" = 0 ]"
keys "stty -a >after; echo EN''D 0" Enter
ended 0
echo "1 passed, 0 failed, 0 skipped"
