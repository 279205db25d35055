#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# signals.sh PROGRAM...: every way to be ended leaves a sane terminal; the program is one that
# prints nothing after the screen but what a shell adds.
. "$(dirname "$0")/lib.sh"

n=0
start 100 30

# pid of the program that the pane's shell runs
child() {
	pgrep -P "$(t display-message -p -t t '#{pane_pid}')"
}

# hit SIGNAL CODE
hit() {
	keys "clear" Enter
	run "$CMD"
	wait_for "GOID"
	kill "-$1" "$(child)" || fail "cannot send $1"
	ended "$2"
	echo "ok $1"
	n=$((n + 1))
}

CMD=$*
for sig in INT TERM HUP QUIT; do
	hit "$sig" 0
done
hit SEGV 139
hit ABRT 134
hit BUS 135
hit FPE 136
hit ILL 132

# stopped and let go on by somebody else
keys "clear" Enter
run "$CMD"
wait_for "GOID"
pid=$(child)
kill -STOP "$pid"
poll "stop" grep -q '^State:.T' "/proc/$pid/status"
kill -CONT "$pid"
# the terminal is still raw: a line ends with a line feed
keys fg C-j
wait_for "GOID"
kill -TERM "$pid"
poll "the shell's screen" sh -c "[ \"\$(tmux -L $SERVER display-message -p -t t '#{alternate_on}')\" = 0 ]"
echo "ok STOP, CONT"
n=$((n + 1))

# the terminal is closed: the program ends by itself
keys "clear" Enter
keys C-u
run "$CMD"
wait_for "GOID"
pid=$(child)
t kill-pane -t t
poll "end of the program on a closed terminal" sh -c "! kill -0 $pid"
echo "ok closed terminal"
n=$((n + 1))
echo "$n passed, 0 failed, 0 skipped"
