"""Types into a program in a terminal of its own, and prints what the terminal has shown.

typed-terminal.py COLUMNS STEPS PROGRAM [ARGUMENT ...]: STEPS is a JSON list of pairs: what has to be on the screen, and
what is typed then. The process ends with the exit code of the program. What is not shown within a minute ends it with 99.
"""
import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

PATIENCE_SECONDS = 60

columns = int(sys.argv[1])
steps = json.loads(sys.argv[2])
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[3], sys.argv[3:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

shown = b""


def read(seconds):
    global shown
    if not select.select([terminal], [], [], seconds)[0]:
        return True
    try:
        data = os.read(terminal, 65536)
    except OSError:
        return False
    shown += data
    return data != b""


def fail(awaited):
    sys.stdout.buffer.write(shown)
    sys.stderr.write("not shown: %r\n" % awaited)
    os.kill(child, 9)
    sys.exit(99)


at = 0
for awaited, typed in steps:
    until = time.monotonic() + PATIENCE_SECONDS
    wanted = awaited.encode()
    while wanted not in shown[at:]:
        if time.monotonic() > until or not read(0.1):
            fail(awaited)
    at += shown[at:].index(wanted) + len(wanted)
    os.write(terminal, typed.encode())

until = time.monotonic() + PATIENCE_SECONDS
while read(0.1):
    if time.monotonic() > until:
        fail("the end")
sys.stdout.buffer.write(shown)
sys.stdout.flush()
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
