"""`python -m chaos`: the experiments, on peers of their own where those can run.

Where they can't, what needs them is told as not run (exit code 2), and the rest is carried out.
"""

import os
import sys

from chaos.stage import FAULTS
from tests.peers import node
from tests.peers.redis import PROGRAM as REDIS


def main() -> None:
    """Become the program that runs them."""
    command = [sys.executable, "-m", "chaos.run", *sys.argv[1:]]
    why = node.missing() or ("" if REDIS else "redis-server is absent")
    if why:
        print(f"!! {why}. Experiments on Azure's peers are NOT RUN.", flush=True)
    elif FAULTS not in os.environ:
        command = [sys.executable, "-m", "tests.peers", *command]
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
