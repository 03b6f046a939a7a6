"""What the gate gives as its reasons."""

import ast
from pathlib import Path

from pipelines import readiness
from pipelines.readiness.reasons import REASONS


def test_every_reason_is_said_in_both_languages_with_the_same_values() -> None:
    for code, text in REASONS.items():
        assert _names(text.en) == _names(text.fr), code
        assert text.en != text.fr


def test_every_reason_that_the_judge_can_give_has_words() -> None:
    given = set[str]()
    for path in Path(readiness.__file__).parent.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                place = {"Reason": 0, "_about": 1}.get(call.func.id, 99)
                codes = [
                    one for one in call.args[place : place + 1] if isinstance(one, ast.Constant)
                ]
                given.update(str(code.value) for code in codes)
    assert len(given) > 10
    assert given <= set(REASONS)


def _names(template: str) -> set[str]:
    return {part.split("}")[0] for part in template.split("{")[1:]}
