"""What Chaos Toolkit does not do by itself: a failed action fails the experiment.

Before anything is done, an environment that nobody allowed is refused.
"""

from typing import Any

from chaoslib.exceptions import InterruptExecution

_failed: list[str] = []


def before_experiment_control(
    context: dict[str, Any], configuration: dict[str, Any] | None = None, **_: object
) -> None:
    """Forget earlier experiments; refuse Azure without a word of permission."""
    _failed.clear()
    given = configuration or {}
    if given.get("fault_driver") == "azure" and given.get("allow") != "yes":
        raise InterruptExecution(f"{context['title']}: Azure needs EVA_CHAOS_ALLOW=yes")


def after_activity_control(
    context: dict[str, Any], state: dict[str, Any] | None = None, **_: object
) -> None:
    """Remember an action that failed, and go no further with this method."""
    if context["type"] == "action" and state and state["status"] != "succeeded":
        _failed.append(context["name"])


def after_method_control(context: dict[str, Any], **_: object) -> None:
    """End the experiment if an action of its method failed."""
    _judge(context)


def after_rollback_control(context: dict[str, Any], **_: object) -> None:
    """End it if the way back failed: the next experiment would begin with this one's fault."""
    _judge(context)


def _judge(context: dict[str, Any]) -> None:
    if _failed:
        title = context.get("title", "experiment")
        raise InterruptExecution(f"{title}: failed actions: {', '.join(_failed)}")
