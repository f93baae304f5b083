import pytest

from services.enrich.topics.tomllines import TomlLines

_TOML = '''# a comment, [not a section]
[sport]
id = "1"
phrases = """
match, [medal], name = x,
red card
"""

[ "sport" . event ]
phrases = "match"
'''


@pytest.mark.parametrize(
    ("section", "field", "text", "line"),
    [
        ("sport", "", "", 2),
        ("sport", "id", "", 3),
        ("sport", "phrases", "", 4),
        ("sport", "phrases", "match", 5),
        ("sport", "phrases", "red card", 6),
        ("sport", "phrases", "card", 6),
        ("sport", "phrases", "car", 4),
        ("sport", "name", "", 2),
        ("sport.event", "phrases", "match", 10),
        ("sport.event", "id", "", 9),
        ("sport.cup", "id", "", 2),
        ("crime", "", "", 1),
    ],
)
def test_line_is_that_of_the_text_else_the_field_else_the_section(
    section: str, field: str, text: str, line: int
) -> None:
    """What looks like a header or a key within a string is none."""
    assert TomlLines(_TOML).of(section, field, text) == line
