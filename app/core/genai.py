"""Calls of language models, told of as OpenTelemetry's semantic conventions for GenAI say.

What is said to a model and what it says are never told: there is no way to hand them in.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from app.core import metrics, tracing
from app.core.tracing import Kind

Operation = Literal["chat", "embeddings"]


@dataclass(slots=True)
class ModelCall:
    """What is known of a call once it was answered."""

    input_tokens: int = 0
    output_tokens: int = 0


@contextmanager
def calling(operation: Operation, model: str, *, provider: str) -> Iterator[ModelCall]:
    """Tell of a call: set the tokens on what is yielded before it ends."""
    call, began = ModelCall(), time.perf_counter()
    labels = {"gen_ai.operation.name": operation, "gen_ai.request.model": model}
    outcome = "error"
    with tracing.span(f"{operation} {model}", Kind.CLIENT) as span:
        try:
            with metrics.calling("openai"):
                yield call
            outcome = "ok"
        finally:
            metrics.observe("gen_ai.client.operation.duration", labels, time.perf_counter() - began)
            _tokens(call, labels)
            if span is not None:
                span.attributes |= {
                    **labels,
                    "gen_ai.provider.name": provider,
                    "gen_ai.usage.input_tokens": call.input_tokens,
                    "gen_ai.usage.output_tokens": call.output_tokens,
                    "eva.dependency": "openai",
                    "eva.outcome": outcome,
                }


def _tokens(call: ModelCall, labels: dict[str, str]) -> None:
    for kind, amount in (("input", call.input_tokens), ("output", call.output_tokens)):
        if amount:
            typed = {**labels, "gen_ai.token.type": kind}
            metrics.observe("gen_ai.client.token.usage", typed, amount)
