"""An interrupt is heard, also by a library that drops or renames every exception."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.e2e

PROGRAM = """
import signal, sys, time, click
from edgewright.cli import interrupts, main

@click.command()
def command():
    {meets}

interrupts._AGAIN_SECONDS = 0.5
signal.signal(signal.SIGINT, signal.default_int_handler)
main.cli.get_command = lambda ctx, name: command
sys.argv = ["edgewright", "doctor"]
main.main()
"""

DROPPED = """
    try:
        signal.raise_signal(signal.SIGINT)
    except BaseException:
        pass
    time.sleep(20)
"""

RENAMED = """
    try:
        signal.raise_signal(signal.SIGINT)
    except BaseException:
        raise ImportError("initialization failed")
"""


LEFT = """
    import atexit
    atexit.register(time.sleep, 2)
    signal.raise_signal(signal.SIGINT)
"""


@pytest.mark.parametrize("meets", [DROPPED, RENAMED, LEFT], ids=["dropped", "renamed", "left"])
def test_one_interrupt_is_enough(meets):
    program = PROGRAM.format(meets=meets.strip())
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=15, check=False
    )
    assert done.returncode == 130, done
    assert done.stderr.strip() == "edgewright: Interrupted. Run the same command to continue."


def test_where_interrupts_are_ignored_they_stay_so():
    program = (
        "import signal; from edgewright.cli import interrupts; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        "interrupts.listen(); signal.raise_signal(signal.SIGINT); print(interrupts.heard())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=15, check=True
    )
    assert done.stdout == "False\n"
