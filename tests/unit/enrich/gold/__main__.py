"""Write the known misses of every story anew; `git diff` shows what got better or worse."""

from services.enrich.tools import load_tools
from tests.unit.enrich.gold import differences, stories

if __name__ == "__main__":
    tools = load_tools()
    for story in stories():
        misses = differences(story.expected, story.found(tools))
        story.file.write_text(story.written(misses), encoding="utf-8")
        print(f"{story.file.name}: {len(misses)} misses", *misses, sep="\n  ")  # noqa: T201 (prints)
