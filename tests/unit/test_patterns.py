"""What every regular expression of ours keeps to."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

_ROOT: Final = Path(__file__).parent.parent.parent
_POSSESSIVE: Final = re.compile(r"(?<!\\)[*+?}]\+|\(\?>")


def _raw_strings(source: str) -> Iterator[str]:
    """Yield the raw literals of a module, which is what its patterns are written as."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant | ast.JoinedStr):
            literal = ast.get_source_segment(source, node) or ""
            if literal.lower().startswith(("r", "fr")):
                yield literal


@pytest.mark.parametrize(
    "module",
    sorted(path for top in ("services", "shared") for path in (_ROOT / top).rglob("*.py")),
    ids=lambda path: str(path.relative_to(_ROOT)),
)
def test_no_possessive_quantifier_which_python_3_11_2_matches_wrongly(module: Path) -> None:
    assert [s for s in _raw_strings(module.read_text()) if _POSSESSIVE.search(s)] == []


def test_the_check_sees_them() -> None:
    source = r"""a = r"x*+"; b = rf"{a}(?>y)"; c = r"\++[+]"; d = "1*+2" """
    found = {literal for literal in _raw_strings(source) if _POSSESSIVE.search(literal)}
    assert found == {'r"x*+"', 'rf"{a}(?>y)"'}
