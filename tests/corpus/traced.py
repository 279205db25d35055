# SPDX-License-Identifier: BSD-2-Clause
"""A program as a child, held still right before its end (or after a while) to be looked at."""

import ctypes
import os
import select
import signal
import struct
import time

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long
_libc.unshare.argtypes = [ctypes.c_int]

TRACEME, CONT, GETREGS, SETOPTIONS, GETEVENTMSG = 0, 7, 12, 0x4200, 0x4201
O_TRACEEXIT, O_EXITKILL, EVENT_EXIT = 0x40, 0x100000, 6
CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000
NOBODY = 65534


def _ptrace(what, pid, addr=0, data=0):
    if _libc.ptrace(what, pid, addr, data) == -1:
        raise OSError(ctypes.get_errno(), f"ptrace {what}")


def _become(argv, env, cwd):
    """In the child: nobody, without a network, in an empty folder; then the program."""
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    _libc.unshare(CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWUSER | CLONE_NEWNET)
    os.chdir(cwd)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    _ptrace(TRACEME, 0)
    os.execve(argv[0], argv, env)


class Traced:
    """with Traced(...) as t: the first thread stands still, and so does the rest."""

    def __init__(self, argv, cwd, seconds=2.0):
        self.ended = False
        env = {"PATH": "/usr/bin:/bin", "HOME": cwd, "TMPDIR": cwd, "GOMAXPROCS": "4"}
        self.pid = os.fork()
        if self.pid == 0:
            try:
                _become(argv, env, cwd)
            finally:
                os._exit(126)
        try:
            self._to_the_end(seconds)
        except BaseException:
            self.close()
            raise

    def _wait(self, deadline):
        """The next stop of the first thread; None: nothing until then."""
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return status
            if deadline and time.monotonic() > deadline:
                return None
            select.select([], [], [], 0.002)

    def _to_the_end(self, seconds):
        status = self._wait(time.monotonic() + 30)
        if status is None or not os.WIFSTOPPED(status):
            self.ended = status is not None
            raise OSError(0, "the program did not start")
        _ptrace(SETOPTIONS, self.pid, 0, O_TRACEEXIT | O_EXITKILL)
        deadline = time.monotonic() + seconds
        sig, asked = 0, False
        while True:
            _ptrace(CONT, self.pid, 0, sig)
            sig = 0
            status = self._wait(None if asked else deadline)
            if status is None:
                asked = True  # it runs on: all threads stop, this one is seen to do so
                os.kill(self.pid, signal.SIGSTOP)
                status = self._wait(time.monotonic() + 30)
            if status is None or not os.WIFSTOPPED(status):
                self.ended = status is not None
                raise OSError(0, "the program ended unseen")
            if status >> 16 == EVENT_EXIT:
                code = ctypes.c_ulong()
                _ptrace(GETEVENTMSG, self.pid, 0, ctypes.addressof(code))
                if code.value == 127 << 8:
                    raise OSError(0, "a shared library that it needs is not here")
                return
            sig = os.WSTOPSIG(status)
            if sig == signal.SIGSTOP and asked:
                # Handed on, it stops the whole process; this thread tells once more.
                _ptrace(CONT, self.pid, 0, sig)
                self._wait(time.monotonic() + 5)
                return

    def registers(self):
        """rsp, fs_base of the first thread."""
        buf = ctypes.create_string_buffer(27 * 8)
        _ptrace(GETREGS, self.pid, 0, ctypes.addressof(buf))
        regs = struct.unpack("27Q", buf.raw)
        return regs[19], regs[21]

    def base(self, path):
        """Where the file's first segment is mapped, and whether it is there at all."""
        real = os.path.realpath(path)
        with open(f"/proc/{self.pid}/maps", encoding="utf-8", errors="replace") as maps:
            for line in maps:
                part = line.split(None, 5)
                if len(part) == 6 and os.path.realpath(part[5].rstrip("\n")) == real:
                    return int(part[0].split("-")[0], 16) - int(part[2], 16)
        return None

    def close(self):
        if self.ended:
            return
        self.ended = True
        try:
            os.kill(self.pid, signal.SIGKILL)
            deadline = time.monotonic() + 10
            while True:
                status = self._wait(deadline)
                if status is None or not os.WIFSTOPPED(status):
                    return
                _ptrace(CONT, self.pid)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
