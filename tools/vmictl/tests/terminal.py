#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run a command at a terminal that pyte emulates, and use it as standard input says.

usage: terminal.py COMMAND [WORD...]

Each line of standard input is a step:

    see PATTERN             wait until a line of the screen matches
    gone PATTERN            wait until none does
    order PATTERN           wait until the whole screen matches, with its line ends
    wrote TEXT              wait until the command has written this
    end STATUS              wait for the end of the command
    press KEYS              press keys
    resize LINES COLUMNS    change the size of the terminal
    signal NUMBER           send a signal

After the end, the modes of the terminal must be as they were before. A step may take 30
seconds, or as many as TERMINAL_PATIENCE says.
"""

import os
import select
import signal
import subprocess
import sys
import termios
from fnmatch import fnmatchcase

import pyte

QUIET_SECONDS = 0.02

screen = pyte.Screen(80, 24)
stream = pyte.ByteStream(screen)
written = bytearray()
master, slave = os.openpty()


def fail(what):
    for text in f"failed: {what}", *(f"|{line}|" for line in screen.display):
        print("terminal:", text, file=sys.stderr)
    child.kill()
    sys.exit(1)


def prepare():
    """Take the terminal, and the signals that the parent may ignore."""
    os.login_tty(slave)
    for number in signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM:
        signal.signal(number, signal.SIG_DFL)


def take():
    """Read what the command writes, until it writes nothing for a moment."""
    while select.select([master], [], [], QUIET_SECONDS)[0]:
        output = os.read(master, 4096)
        written.extend(output)
        stream.feed(output)


def has_ended(status):
    if child.poll() is None:
        return False
    take()
    return child.returncode == int(status) or fail(f"ended with {child.returncode}")


def resize(size):
    screen.resize(*size)
    # The command draws all of it again.
    screen.reset()
    termios.tcsetwinsize(master, size)


# Each is false as long as there is something to wait for.
STEPS = {
    "see": lambda pattern: any(fnmatchcase(line, pattern) for line in screen.display),
    "gone": lambda pattern: not STEPS["see"](pattern),
    "order": lambda pattern: fnmatchcase("\n".join([*screen.display, ""]), pattern),
    "wrote": lambda text: text.encode() in written,
    "end": has_ended,
    "press": lambda keys: os.write(master, keys.encode()),
    "resize": lambda size: resize([int(number) for number in size.split()]),
    "signal": lambda number: child.send_signal(int(number)),
}

termios.tcsetwinsize(slave, (24, 80))
before = termios.tcgetattr(slave)
child = subprocess.Popen(sys.argv[1:], preexec_fn=prepare)
signal.signal(signal.SIGALRM, lambda *_: fail(step))
for step in open(0, newline="\n", encoding="ascii"):
    step = step.removesuffix("\n")
    word, _, argument = step.partition(" ")
    signal.alarm(int(os.environ.get("TERMINAL_PATIENCE", 30)))
    take()
    while STEPS[word](argument) is False:
        take()
    signal.alarm(0)
if child.returncode is None:
    fail("it has not ended")
if termios.tcgetattr(slave) != before:
    fail("the terminal is not as it was")
