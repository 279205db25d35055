# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# End-to-end tests of the terminal views in tmux. Everything polls for a marker; nothing waits a
# fixed time. The server is this test's own and is the only one that is ended.

command -v tmux >/dev/null || { echo "SKIP: no tmux"; exit 77; }

SERVER="golin-test-$$"
DIR=$(mktemp -d)
LC_ALL=C.UTF-8
export LC_ALL
unset TMUX NO_COLOR

t() {
	tmux -L "$SERVER" -f /dev/null "$@"
}

cleanup() {
	t kill-server 2>/dev/null
	rm -rf "$DIR"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

screen() {
	t capture-pane -p -t t
}

fail() {
	echo "FAIL: $*"
	echo "the screen is:"
	screen
	exit 1
}

# poll WHAT COMMAND...: until it succeeds, 20 seconds at most
poll() {
	what=$1
	shift
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 400 ] || fail "no $what"
		sleep 0.05
	done
}

shows() {
	screen | grep -qF -e "$1"
}

hides() {
	! shows "$1"
}

wait_for() {
	poll "'$1' on the screen" shows "$1"
}

wait_gone() {
	poll "end of '$1' on the screen" hides "$1"
}

keys() {
	t send-keys -t t "$@"
}

# start WIDTH HEIGHT: a shell on a terminal of its own
start() {
	t new-session -d -s t -x "$1" -y "$2" "env PS1='$ ' ENV= sh -i"
	keys "cd $DIR; ulimit -c 0; stty -a >before; echo rea''dy" Enter
	wait_for ready
	keys "clear" Enter
}

# run COMMAND: types it; its end shows as "END code"
run() {
	keys "$1; echo EN''D \$?; stty -a >after" Enter
}

# ended CODE: it has ended so, and the terminal is as it was
ended() {
	wait_for "END $1"
	poll "stty after it" test -s "$DIR/after"
	poll "a whole stty" cmp -s "$DIR/before" "$DIR/after"
	[ "$(t display-message -p -t t '#{alternate_on}')" = 0 ] || fail "on the other screen"
	[ "$(t display-message -p -t t '#{cursor_flag}')" = 1 ] || fail "no cursor"
	[ "$(t display-message -p -t t '#{mouse_any_flag}')" = 0 ] || fail "mouse still on"
	rm -f "$DIR/after"
}
