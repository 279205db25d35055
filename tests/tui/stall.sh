#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# stall.sh TUI_PTY TUI_DRIVER: a terminal that takes nothing for 3 seconds costs frames, no
# events: at 20,000 goroutines a second nearly all are there when it comes back.
out=$("$1" stall 3 -- "$2" -n 1000 -r 20000) || { echo "FAIL: $out"; exit 1; }
events=$(echo "$out" | sed -n 's/.*tui_driver: \([0-9]*\) events.*/\1/p')
# 1000 at the start; in 3 s 60,000 starts and nearly as many ends
[ "${events:-0}" -gt 100000 ] || { echo "FAIL: $events events; $out"; exit 1; }
echo "1 passed, 0 failed, 0 skipped ($events events)"
