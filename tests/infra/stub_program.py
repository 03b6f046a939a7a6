"""Stands for `pulumi` or `az` on PATH: notes how it is called, answers as it was told to.

Answers are found by the longest beginning of the command line. An answer is `{stdout, stderr,
code, events}`; events go to a file, as the Automation API asks of versions up to 3.205: starting
a client of gRPC for each call would take a second.
"""

import json
import os
import sys
from typing import Any


def main(name: str) -> int:
    """Answer one call to a program of this name."""
    folder = os.environ["STUB_FOLDER"]
    words = sys.argv[1:]
    called = [name, *(word for word in words if word != "--non-interactive")]
    with open(f"{folder}/calls", "a") as calls:  # noqa: PTH123 - starting has to be quick
        calls.write(json.dumps(called) + "\n")
    with open(f"{folder}/answers.json") as told:  # noqa: PTH123
        answers: dict[str, Any] = json.load(told)
    line = " ".join(called)
    fitting = [start for start in answers if line.startswith(start)]
    if not fitting:
        sys.stderr.write(f"the stub has no answer to: {line}\n")
        return 99
    answer = answers[max(fitting, key=len)]
    if "--event-log" in words:
        # Every operation ends with that event: who listens waits five seconds for it.
        events = [*answer.get("events", ()), {"cancelEvent": {}}]
        with open(words[words.index("--event-log") + 1], "a") as log:  # noqa: PTH123
            log.writelines(json.dumps(event) + "\n" for event in events)
    sys.stdout.write(answer.get("stdout", ""))
    sys.stderr.write(answer.get("stderr", ""))
    return int(answer.get("code", 0))
