"""Small news stories made of what moves offsets: emoji, accents, directions, line ends."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final

PLACES: Final = ("Kabul", "Nairobi", "Port-au-Prince", "São Paulo", "Sa\u0303o Paulo", "İstanbul")
NAMES: Final = (
    *("Ada Okoro", "Vladimir Putin", "Angela Merkel", "Seán O\u2019Brien", "Sea\u0301n O'Brien"),
    *("Zoë Nuñez", "Zoe\u0308 Nun\u0303ez", "Nguyễn Văn An", "İbrahim Şahin", "Łukasz Żak"),
    *("Владимир Ковалёв", "Ελένη Παππά", "李小明", "محمد الأمين", "דוד לוי", "अनिल शर्मा", "김민준"),
    *("Kenya", "the United States", "U.S.", "Türkiye", "Tu\u0308rkiye", "Afghanistan", "Kenyan"),
    *("World Food Programme (WFP)", "Reuters", "Islamic State", "Straße AG", "ﬁrst Ǆemal Bank"),
)
# What stands for nothing, for more than one code point, or for more than one UTF-16 unit.
MARKS: Final = (
    *(
        "😀",
        "👩\u200d👩\u200d👧\u200d👦",
        "🏳️\u200d🌈",
        "🇰🇪",
        "👍🏽",
        "👨\u200d🚀",
        "𝔎𝔞𝔟𝔲𝔩",
        "𐐀",
        "\U000e0041",
    ),
    *("\u200e", "\u200f", "\u202eabc\u202c", "\u2066x\u2069", "\u061c", "e\u0301\u0323", "\u0345"),
    *("\u00a0", "\u2009", "\u2028", "\u2029", "\u200b", "\u2060", "\ufeff", "\u00ad", "\x85", "\t"),
    *("ﷺ", "½", "ŉ", "ß", "ẞ", "İ", "ΐ", "ﬃ", "Ⅷ", "…", "\u3000", "\ufffd", "\x1c", "\x0b", "\x0c"),
)
WORDS: Final = (
    *("the ceasefire", "an election", "peace talks", "a football match", "inflation", "the court"),
    *("a wildfire near the harbour", "the hospital", "farmers", "a trade agreement", "the army"),
)
SENTENCES: Final = (
    "{name} met {name} in {place} on Monday to talk about {words}.",
    "{name} and {name} said {words} would begin in {place}, {name} reported.",
    "In {place}, {words} weighed on {words} for the third day, officials said.",
    '"{words} in {place} may begin on Monday," {name} said. "We hope so."',
    "\u201c{words} is not what {name} wants,\u201d said {name}.",
    'President {name} told AFP: "{words} must end, {mark} and soon."',
    "{name}\u2019s {words}{mark}pro-{place}{mark}{name}",
)
DATELINES: Final = (
    "{place}, March 3 (Reuters/AFP) - ",
    "NAIROBI (AFP) {mark}- ",
    "KABUL, 3 Mar{mark} (Xinhua) \u2014 ",
    "MOSCOW: ",
)
FOOTERS: Final = (
    "Support our journalism {mark}\u2014 {name}",
    "(Reporting by {name}; editing by {name}{mark})",
    "{name} {mark}is a reporter of the Harbour Post, which its readers keep going every day.",
)
LINE_ENDS: Final = ("\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\n\r\n", " \n\t", "\u00a0\r\n")


def document(number: int) -> Mapping[str, Any]:
    """Return the fields of article `number`, the same every time; some come as HTML."""
    random = Random(number)  # noqa: S311 (made up the same way every time)
    lines = [_written(random, random.choice(SENTENCES)) for _ in range(random.randint(1, 4))]
    if random.random() < 0.5:
        lines[0] = _written(random, random.choice(DATELINES)) + lines[0]
    if random.random() < 0.5:
        lines.append(_written(random, random.choice(FOOTERS)))
    fields: dict[str, Any] = {"uri": f"urn:offsets:{number}", "language": "en", "source": "Post"}
    headline = _written(random, random.choice(SENTENCES[:3])).rstrip(".")
    if random.random() < 0.5:
        fields["headline"] = headline
    if random.random() < 0.5:
        lines.insert(0, headline)
    end = random.choice(LINE_ENDS)
    if random.random() < 0.2:
        return fields | {"body_html": "".join(f"<p>{line}</p>{end}" for line in lines)}
    return fields | {"body": end.join(lines)}


def _written(random: Random, template: str) -> str:
    """Return a line by a template, with marks between its words and within them."""
    filled = template.replace("{mark}", "{}").split("{")
    parts = [filled[0]]
    for part in filled[1:]:
        kind, _, rest = part.partition("}")
        parts += [_word(random, kind), rest]
    line = "".join(parts)
    for _ in range(random.choice((0, 0, 1, 2, 5))):
        at = random.choice([at for at, char in enumerate(line) if char == " "] or [0])
        if random.random() < 0.3:
            at = random.randrange(len(line))
        line = line[:at] + _word(random, "") + line[at:]
    return line


def _word(random: Random, kind: str) -> str:
    choices: Mapping[str, Sequence[str]] = {"name": NAMES, "place": PLACES, "words": WORDS}
    return random.choice(choices.get(kind, MARKS))
