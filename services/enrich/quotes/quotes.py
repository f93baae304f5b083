"""What somebody is quoted with: words within quotation marks, and who says them. Pure.

Only where the wording makes plain who speaks (speakers.py). It stands beside the quotation, or
beside the part of it in the paragraph before or after. A second quotation is the first one's
speaker's when nothing but `Okoro said.` stands between them, in the same paragraph or, if the
second is all of it, in the next. All others are left out, and so are words that are quoted for
their own sake.
"""

from collections.abc import Sequence
from typing import Final

from services.enrich.quotes.quotations import Quotation, quotations_of
from services.enrich.quotes.speakers import Said, Speakers, Wording
from services.enrich.text.cleaning import Parts
from services.enrich.text.footers import paragraphs_of
from shared.messages import Entity, Quote

_SEVERAL: Final = 3  # words, from which a quotation that begins in small letters says something
_MOST: Final = 1_000  # quotations of a text looked at; none of 1,787 articles has more than 44
_GOES_ON: Final = 160  # characters of `Okoro said` between two quotations of one person


def quotes_of(
    text: str, entities: Sequence[Entity], *, parts: Parts, wording: Wording
) -> tuple[Quote, ...]:
    """Return what the story quotes persons and organisations among `entities` with, in its order.

    Time grows with the length of the text, whatever marks are in it; so that the document does not
    grow likewise, the first thousand quotations are looked at.
    """
    begin = parts.headline.end if parts.headline else 0
    end = parts.story[-1].end if parts.story else 0
    paragraphs = [line for line in paragraphs_of(text) if begin <= line.start < end]
    quotations = quotations_of(text, paragraphs)[:_MOST]
    speakers = Speakers(text, entities, wording)
    said: list[Said | None] = []  # one for each quotation
    for at in range(len(quotations)):
        said.append(_who(text, quotations, at, said, speakers))
    for at in range(len(said) - 1, 0, -1):
        if quotations[at].is_more and not said[at - 1]:
            said[at - 1] = said[at]
    found = zip(quotations, said, strict=True)
    return tuple(_quote(text, quotation, one.entity) for quotation, one in found if one)


def _who(
    text: str,
    quotations: Sequence[Quotation],
    at: int,
    said: Sequence[Said | None],
    speakers: Speakers,
) -> Said | None:
    """Return whose words the quotation `at` is; those of the ones before are `said`."""
    this = quotations[at]
    before, after = quotations[at - 1 : at], quotations[at + 1 : at + 2]
    start = max([this.paragraph.start, *(one.outer_end for one in before)])
    stop = min([this.paragraph.end, *(one.start - 1 for one in after)])
    is_sentence = text[this.start].isupper()
    one = None
    if not this.goes_on:
        one = speakers.behind(this.end + 1, stop, opened=this.start - 1)
    if not one and (is_sentence or _words(text, this) >= _SEVERAL):
        one = speakers.before(start, this.start - 1, is_sentence=is_sentence)
    if one or not before or not (last := said[-1]):
        return one
    if this.is_more or _goes_on(text, last, before[0], this):
        return speakers.again(last.entity, this.start)
    return None


def _words(text: str, quotation: Quotation) -> int:
    return len(text[quotation.start : quotation.end].split(maxsplit=_SEVERAL))


def _goes_on(text: str, last: Said, before: Quotation, this: Quotation) -> bool:
    """Say whether nothing but `Okoro said.` stands between two quotations.

    The second one stands in the same paragraph, or is all of the next.
    """
    between = text[before.outer_end : this.start - 1]
    if (
        len(between) > _GOES_ON
        or last.end <= before.outer_end
        or text[last.end : this.start - 1].strip(" \t\n.,")
    ):
        return False
    if before.paragraph != this.paragraph:
        is_all = this.start - 1 == this.paragraph.start and this.outer_end == this.paragraph.end
        return is_all and text[this.start].isupper()
    end = between.rstrip()[-1:]
    return end == "," or (end in {".", ":"} and text[this.start].isupper())


def _quote(text: str, quotation: Quotation, speaker: Entity) -> Quote:
    words = text[quotation.start : quotation.end].rstrip(" \t,")
    end = quotation.start + len(words)
    return Quote(
        start=quotation.start,
        end=end,
        text=words,
        speaker=speaker.name,
        speaker_id=speaker.id or "",
    )
