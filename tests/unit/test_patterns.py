"""What every regular expression of ours keeps to."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

_ROOT: Final = Path(__file__).parent.parent.parent
_CLASS: Final = re.compile(r"\\.|\[(?:\\.|[^\]])+\]")  # where signs stand for themselves
_POSSESSIVE: Final = re.compile(r"[*+?}]\+|\(\?>")


def _raw_strings(source: str) -> Iterator[str]:
    """Yield the raw literals of a module, which is what its patterns are written as."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.STRING and token.string.lower().startswith(("r", "fr")):
            yield token.string


def _is_possessive(literal: str) -> bool:
    return bool(_POSSESSIVE.search(_CLASS.sub(".", literal)))


@pytest.mark.parametrize(
    "module",
    sorted(path for top in ("services", "shared") for path in (_ROOT / top).rglob("*.py")),
    ids=lambda path: str(path.relative_to(_ROOT)),
)
def test_no_possessive_quantifier_which_python_3_11_2_matches_wrongly(module: Path) -> None:
    assert [s for s in _raw_strings(module.read_text()) if _is_possessive(s)] == []


def test_the_check_sees_them() -> None:
    source = r"""a = r"x*+"; b = rf"{a}(?>y)"; c = r"\++[-*+]+[+]"; d = "1*+2"
"""
    found = {literal for literal in _raw_strings(source) if _is_possessive(literal)}
    assert found == {'r"x*+"', 'rf"{a}(?>y)"'}
