"""Runs a program in a terminal of its own. SIGUSR1 closes the terminal; SIGTERM is passed on to the program.

The process ends with the exit code of the program; when the process is killed, the program is killed too.
"""
import ctypes
import os
import pty
import select
import signal
import sys

PR_SET_PDEATHSIG = 1

child, terminal = pty.fork()
if child == 0:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.execvp(sys.argv[1], sys.argv[1:])

is_open = True


def close(*_):
    global is_open
    is_open = False
    os.close(terminal)


signal.signal(signal.SIGUSR1, close)
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))

while True:
    try:
        if select.select([terminal] if is_open else [], [], [], 0.02)[0]:
            os.read(terminal, 65536)
    except OSError:
        pass
    ended, status = os.waitpid(child, os.WNOHANG)
    if ended != 0:
        sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
