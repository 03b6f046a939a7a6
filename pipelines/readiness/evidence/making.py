"""Making what is stale: side by side where the machine allows it, with progress as it goes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from pipelines.readiness.evidence.planning import State, Step
from pipelines.readiness.evidence.progress import EVERY, Progress
from pipelines.readiness.evidence.recording import Workshop, make
from pipelines.readiness.model import Record

LOGS = "logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """How evidence is made: where, by how many at once, who is told, and how often.

    `last` is how long each kind took when it was made before.
    """

    workshop: Workshop
    jobs: int
    console: Console
    last: Mapping[str, timedelta] = field(default_factory=dict)
    every: timedelta = EVERY

    def log(self, name: str) -> Path:
        """Return the file that keeps a tool's own output."""
        return self.workshop.evidence / LOGS / f"{self.workshop.environment}-{name}.log"


def make_all(steps: Sequence[Step], crew: Crew) -> list[Record]:
    """Carry out every step that is to be made; the others are told with their reason.

    An interrupt ends the tools that run; what was finished is kept, and need not be made again.
    """
    for step in steps:
        if step.state is not State.MAKE:
            crew.console.print(
                f"[dim]{step.source.id:<24} {_why(step)}[/]", highlight=False, soft_wrap=True
            )
    todo = [step for step in steps if step.state is State.MAKE]
    crew.log("").parent.mkdir(parents=True, exist_ok=True)
    made: list[Record] = []
    groups = list(waves(todo))
    kinds = [step.source.id for group in groups for step in group]
    progress = Progress(kinds, crew.last, crew.every)
    with progress.told(crew.console):
        for group in groups:
            _together(group, crew, progress, lambda record: _tell(record, crew, made, len(todo)))
    return made


def waves(todo: Sequence[Step]) -> Iterator[list[Step]]:
    """Yield the steps that may run at the same time, one group after the other.

    What wants the machine to itself is a group of its own; what reads evidence follows it.
    """
    left = list(todo)
    while left:
        names = {step.source.id for step in left}
        ready = [s for s in left if not names.intersection(s.source.after) - {s.source.id}] or left
        side_by_side = [step for step in ready if not step.source.alone]
        groups = [side_by_side] if side_by_side else []
        groups += [[step] for step in ready if step.source.alone]
        yield from groups
        left = [step for step in left if step not in ready]


def _together(
    group: Sequence[Step], crew: Crew, progress: Progress, tell: Callable[[Record], None]
) -> None:
    with ThreadPoolExecutor(max_workers=crew.jobs) as pool:
        started = [pool.submit(_one, step, crew, progress) for step in group]
        try:
            for future in as_completed(started):
                tell(future.result())
        except BaseException:
            crew.workshop.tools.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _one(step: Step, crew: Crew, progress: Progress) -> Record:
    with progress.under_way(step.source.id):
        return make(step.source, crew.workshop, log=crew.log(step.source.id))


def _why(step: Step) -> str:
    match step.state:
        case State.ELSEWHERE:
            return f"not run here: {step.source.elsewhere.en if step.source.elsewhere else ''}"
        case State.NOT_BUILT:
            return f"nothing to run yet: {', '.join(step.source.needs)}"
        case _:
            return str(step.state)


def _tell(record: Record, crew: Crew, made: list[Record], many: int) -> None:
    made.append(record)
    seconds = (record.finished - record.started).total_seconds()
    proof = record.coverage
    said = (
        f"[yellow]not run: {record.not_run}[/]"
        if record.not_run
        else f"{proof.seen} of {proof.expected} looked at, code {record.exit_code}"
    )
    line = f"{record.id:<24} {seconds:6.1f} s  {len(made):>3}/{many}  {said}"
    crew.console.print(line, highlight=False, soft_wrap=True)
