"""Runs a command that ends when its parent process ends: ``python die_with_parent.py COMMAND...``, by path, in a group of its own.

The starter holds our standard input open; its end is the starter's end, however that came. Standard library only.
"""

import os
import signal
import subprocess
import sys
import threading


def main() -> int:
    """The command's exit status, as a shell gives it."""
    threading.Thread(target=_watch, daemon=True).start()
    status = subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL)
    return 128 - status if status < 0 else status


def _watch() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    if sys.platform == "win32":
        subprocess.call(["taskkill", "/F", "/T", "/PID", str(os.getpid())])
    elif os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
