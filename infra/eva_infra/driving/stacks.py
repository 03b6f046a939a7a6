"""The Pulumi command line, driven through its Automation API."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation import errors

from eva_infra.driving.plan import SAME, Change, Plan
from eva_infra.settings.files import FOLDER

POLICIES = str(FOLDER / "policy")


class ToolError(Exception):
    """The command line is missing, or failed; the message is what it said."""


class Watched:
    """Collects what an operation tells while it runs."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.policies: list[str] = []

    def __call__(self, event: automation.EngineEvent) -> None:
        """Take one event."""
        if event.resource_pre_event and event.resource_pre_event.metadata.op not in SAME:
            step = event.resource_pre_event.metadata
            self.changes.append(
                Change(
                    op=str(getattr(step.op, "value", step.op)),
                    type=step.type,
                    urn=step.urn,
                    because=tuple(step.keys or step.diffs or ()),
                )
            )
        if event.policy_event:
            self.policies.append(f"{event.policy_event.policy_name}: {event.policy_event.message}")

    def plan(self, stack: str, counts: Mapping[Any, int]) -> Plan:
        """Return what was seen."""
        return Plan(
            stack=stack,
            changes=tuple(self.changes),
            counts={str(getattr(op, "value", op)): count for op, count in counts.items()},
            policies=tuple(self.policies),
        )


class DeployedStack:
    """One stack as it is deployed. ToolError where the command line fails."""

    def __init__(self, name: str, folder: Path = FOLDER) -> None:
        self._name = name
        try:
            self._stack = automation.select_stack(stack_name=name, work_dir=str(folder))
        except (OSError, errors.CommandError) as failed:
            raise ToolError(f"pulumi: {failed}") from failed

    def use_image(self, image: str) -> None:
        """Set which image the stack is to run."""
        self._stack.set_config("eva-api:image", automation.ConfigValue(image))

    def preview(self, plan: Path | None = None, target: list[str] | None = None) -> Plan:
        """Return what would change, with every policy asked; keep the plan in a file.

        Without a plan what is really there is looked at first, and the state is left as it is.
        """
        watched = Watched()
        try:
            found = self._stack.preview(
                on_event=watched,
                policy_packs=[POLICIES],
                plan=str(plan) if plan else None,
                target=target,
                refresh=plan is None,
                diff=True,
            )
        except errors.CommandError as failed:
            if watched.policies:  # a mandatory policy ends the preview
                return watched.plan(self._name, {})
            raise ToolError(str(failed)) from failed
        return watched.plan(self._name, found.change_summary)

    def up(self, plan: Path | None = None, target: list[str] | None = None) -> Plan:
        """Make the changes, those of the plan and no others."""
        watched = Watched()
        try:
            done = self._stack.up(
                on_event=watched,
                policy_packs=[POLICIES],
                plan=str(plan) if plan else None,
                target=target,
            )
        except errors.CommandError as failed:
            raise ToolError(str(failed)) from failed
        return watched.plan(self._name, done.summary.resource_changes or {})

    def refresh(self) -> Plan:
        """Take over what is really there into the stack's state."""
        watched = Watched()
        try:
            done = self._stack.refresh(on_event=watched)
        except errors.CommandError as failed:
            raise ToolError(str(failed)) from failed
        return watched.plan(self._name, done.summary.resource_changes or {})

    def drift(self) -> Plan:
        """Return how what is really there differs from what was deployed; changes nothing."""
        watched = Watched()
        try:
            found = self._stack.preview_refresh(on_event=watched)
        except errors.CommandError as failed:
            raise ToolError(str(failed)) from failed
        return watched.plan(self._name, found.change_summary)

    def outputs(self) -> Mapping[str, Any]:
        """Return what the stack tells; secrets as asterisks."""
        try:
            told = self._stack.outputs()
        except errors.CommandError as failed:
            raise ToolError(str(failed)) from failed
        return {name: "***" if one.secret else one.value for name, one in told.items()}
