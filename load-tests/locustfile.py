"""What Locust runs. The plan comes from `run.py`; what was seen goes back to it as a file.

Closed loop: so many users, each of whom does something, thinks, and does the next thing. Open
loop: arrivals at a constant rate whether or not earlier ones were answered, each timed from when
it was due, so that a server that stalls is charged for everybody who would have come meanwhile.
"""

import time
from pathlib import Path
from typing import Any

import gevent  # type: ignore[import-untyped]
from gevent.pool import Pool  # type: ignore[import-untyped]
from journeys import Journeys
from locust import events, task
from locust.contrib.fasthttp import FastHttpUser
from locust.env import Environment
from mix import deck
from plan import Step, read
from recording import Recording
from stepping import OVERLOAD, OVERLOAD_S, gives_way, knee

PLAN = read()
RECORDING = Recording()
CARDS = deck()
RUNNERS: list[Any] = []
_LAST_ANSWERS_S = 25  # for what is under way when no more is begun
_MOST_AT_ONCE = 3000


@events.request.add_listener  # type: ignore[untyped-decorator]
def answered(
    name: str, response_time: float, context: dict[str, Any], exception: object, **_: object
) -> None:
    """Take note of every answer."""
    RECORDING.add(name, response_time or 0.0, context, exception)
    most = PLAN.profile.most_requests
    if most and RECORDING.total == most and RUNNERS:
        gevent.spawn(RUNNERS[0].quit)


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def started(environment: Environment, **_: object) -> None:
    """Watch the generator itself."""
    if environment.runner is not None:
        RUNNERS.append(environment.runner)
    gevent.spawn(RECORDING.watch, lambda: sum(one.user_count for one in RUNNERS))


@events.quitting.add_listener  # type: ignore[untyped-decorator]
def quitting(environment: Environment, **_: object) -> None:
    """Leave what was seen; the verdict on it is not Locust's."""
    RECORDING.write(Path(PLAN.outcome))
    environment.process_exit_code = 0


if not PLAN.profile.steps:

    class Person(FastHttpUser):
        """Does something, thinks, does the next thing."""

        host = PLAN.url

        def wait_time(self) -> float:
            """Think."""
            least, most = PLAN.profile.think_time_s
            return least + (most - least) * (time.perf_counter_ns() % 1000) / 1000

        def on_start(self) -> None:
            """Come in; not all at the same moment of their thinking."""
            self.journeys = Journeys(self.client, PLAN.seeds, RECORDING)
            gevent.sleep(self.wait_time() * (time.perf_counter_ns() % 1000) / 1000)

        @task
        def next_thing(self) -> None:
            """Do what the next card says."""
            self.journeys.go(next(CARDS))

else:

    class Dispatcher(FastHttpUser):
        """Sends everybody in, one after the other, at the times that the rate says."""

        host = PLAN.url
        concurrency = _MOST_AT_ONCE
        fixed_count = 1

        def on_start(self) -> None:
            """Dispatch until the last step is over, or until one gives way; then end the run."""
            pool = Pool(_MOST_AT_ONCE)
            for number, step in enumerate(PLAN.profile.steps):
                RECORDING.step = number
                self._step(pool, number, step)
                gevent.sleep(1.0)
                if gives_way(PLAN.profile.steps, RECORDING.by_step, number):
                    self._overload(pool)
                    break
            pool.join(timeout=_LAST_ANSWERS_S)
            if self.environment.runner:
                self.environment.runner.quit()

        def _overload(self, pool: Pool) -> None:
            """Send twice what it carries, once it is calm again."""
            pool.join(timeout=_LAST_ANSWERS_S)
            found = knee(PLAN.profile.steps, RECORDING.by_step)
            RECORDING.step = OVERLOAD
            self._step(pool, OVERLOAD, Step(2 * found.rate, OVERLOAD_S))

        def _step(self, pool: Pool, number: int, step: Step) -> None:
            began = time.perf_counter()
            for turn in range(int(step.rate * step.seconds)):
                due = began + turn / step.rate
                gevent.sleep(max(0.0, due - time.perf_counter()))
                pool.spawn(self._one, next(CARDS), due, number)

        def _one(self, card: str, due: float, number: int) -> None:
            late_ms = 1000 * max(0.0, time.perf_counter() - due)
            Journeys(self.client, PLAN.seeds, RECORDING).go(card, late_ms=late_ms, step=number)

        @task
        def nothing(self) -> None:
            """Everything is done before."""
            gevent.sleep(1.0)
