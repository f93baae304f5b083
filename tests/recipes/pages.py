"""The blocks of docs/recipes.md, and programs made of them: one a language, a result a recipe."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any, Final

from bson import json_util

PAGE: Final = Path(__file__).parents[2] / "docs" / "recipes.md"
PRELUDE: Final = "Connect"

_SECTION: Final = re.compile(r"^## (?:\d+\. )?(.+)$", re.MULTILINE)
_BLOCK: Final = re.compile(r"^```\w+ (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Blocks = dict[str, str]  # by the recipe's heading, in the order of the page


def blocks(language: str) -> Blocks:
    """Return the blocks of `mongosh`, `motor`, `node` or `reading`."""
    _, *parts = _SECTION.split(PAGE.read_text())
    return {
        heading: code
        for heading, text in zip(parts[::2], parts[1::2], strict=True)
        for said, code in _BLOCK.findall(text)
        if said == language
    }


def for_mongosh(code: Blocks, article_id: str) -> str:
    """Return a script that prints a line of JSON a recipe: what its last expression is."""
    return _program(
        code, f"id = '{article_id}';", _assigned, "found.toArray ? found.toArray() : found"
    )


def for_node(code: Blocks, article_id: str) -> str:
    """Return a module that prints a line of JSON a recipe: its `found`."""
    first = f"import {{ BSON }} from 'mongodb';\nconst EJSON = BSON.EJSON, id = '{article_id}';"
    print_ = "const print = line => console.log(line);"
    ended = "\nawait client.close();\n"
    return _program(code, f"{first}\n{print_}", str.strip, "found") + ended


async def of_python(code: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run a block as a notebook does, `await` included; return its names with those given."""
    compiled = compile(code, PAGE.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    ended = eval(compiled, names)  # noqa: S307 (our own page)
    if inspect.isawaitable(ended):
        await ended
    return names


def plain(found: object) -> Any:
    """Return a result of Python as the JSON that the other languages print."""
    return json_util.loads(_dumped(found), json_options=json_util.JSONOptions(tz_aware=True))


def printed(lines: str) -> list[Any]:
    options = json_util.JSONOptions(tz_aware=True)
    return [json_util.loads(line, json_options=options) for line in lines.splitlines()]


def _dumped(found: object) -> str:
    return json_util.dumps(found, json_options=json_util.RELAXED_JSON_OPTIONS)


def _program(code: Blocks, first: str, body: Any, found: str) -> str:
    line = f"print(EJSON.stringify({found}, {{relaxed: true}}))"
    recipes = [f"{{\n{body(block)}\n{line}\n}}" for name, block in code.items() if name != PRELUDE]
    return "\n".join([first, code[PRELUDE], *recipes])


def _assigned(block: str) -> str:
    """Return the block with its last statement's value as `found`: what the shell would print."""
    lines = block.rstrip().splitlines()
    last = max(at for at, line in enumerate(lines) if re.match(r"(?!const )\w", line))
    return "\n".join([*lines[:last], f"found = {lines[last]}", *lines[last + 1 :]])
