"""Makes schema-org.json: the classes of schema.org that are exported, with their properties.

    npm pack schema-dts@2.1.0 && tar xzf schema-dts-2.1.0.tgz
    python -m tests.standards.vocabulary package/dist/schema.d.ts

schema-dts (Apache 2.0) holds schema.org's vocabulary (CC BY-SA 3.0) as types of TypeScript.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

VOCABULARY: Final = Path(__file__).parent / "schema-org.json"
SOURCE: Final = (
    "schema.org's vocabulary, CC BY-SA 3.0, by the types of npm's schema-dts 2.1.0; "
    "made by tests/standards/vocabulary.py"
)
_CLASSES: Final = (
    *("NewsArticle", "Person", "Organization", "Place", "Country", "AdministrativeArea", "Thing"),
    *("GeoCoordinates", "PostalAddress", "DefinedTerm", "PropertyValue"),
)
_PROPERTY: Final = re.compile(r'^    "(\w+)"\?: SchemaValue<(.+), "\w+">;$', re.MULTILINE)


def vocabulary(types: str) -> dict[str, Any]:
    """Return, by class, what it and those above it have: properties and what they may hold."""
    classes: dict[str, Any] = {}
    waiting = list(_CLASSES)
    while waiting:
        name = waiting.pop(0)
        if name in classes:
            continue
        found = re.search(
            rf"^(?:export )?interface {name}(?:Base|Leaf) extends ([^{{]+) \{{\n(.*?)^\}}$",
            types,
            re.MULTILINE | re.DOTALL,
        )
        if found is None:
            msg = f"no class {name}"
            raise LookupError(msg)
        above = re.findall(r"\b([A-Z]\w*)Base\b", found[1])
        held = {
            one: sorted({kind.strip() for kind in kinds.split("|")} - {"IdReference"})
            for one, kinds in _PROPERTY.findall(found[2])
        }
        classes[name] = {"above": above, "properties": held}
        waiting += above
    return {"source": SOURCE, "classes": dict(sorted(classes.items()))}


if __name__ == "__main__":
    made = vocabulary(Path(sys.argv[1]).read_text())
    VOCABULARY.write_text(json.dumps(made, indent=1) + "\n")
