"""A short fingerprint of a story, by which re-runs of it are known. Pure.

    words        case-folded, without punctuation; headline, dateline and footer do not count
    shingles     every three words that stand in a row, as a set
    signature    MinHash of that set: 128 numbers of 16 bits, as base64 (344 characters)

The share of equal numbers in two signatures estimates the Jaccard similarity of their shingles (the
shared ones, of all there are in either), with a standard error of 0.04 where it is 0.5 (Broder, On
the resemblance and containment of documents, 1997).

Scripts that write no blanks between words (Chinese, Japanese, Thai, Lao, Burmese, Khmer) count each
character as a word. A story of fewer than 20 shingles gets no signature: such texts (flashes,
notices, what a paywall leaves) are alike without being re-runs. Of a book, the first 200,000
characters count.
"""

import re
import struct
import unicodedata
from base64 import b64encode
from typing import Final

from rensa import RMinHash

from services.enrich.text.cleaning import Parts
from shared.messages import Tool

_NUMBERS: Final = 128
_SEED: Final = 1
_FEWEST: Final = 20
_LONGEST: Final = 200_000  # characters: bounds the memory, 50 MB
_LOW_BITS: Final = 0xFFFF
_PACKED: Final = f"<{_NUMBERS}H"

# Thai, Lao; Burmese; Khmer; Kana; the ideographs, rare ones too.
_NO_BLANKS: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_WORD: Final = re.compile(rf"[{_NO_BLANKS}]|[^\W{_NO_BLANKS}]+")

# Signatures are comparable only when every part of this is the same. The library's algorithm has
# a version of its own: 0.5.0 made all numbers anew.
TOOL: Final = Tool(
    name="minhash",
    version=f"rensa.{RMinHash.ALGORITHM_VERSION}+seed.{_SEED}+{_NUMBERS}x16+words.3.1",
)


def signature_of(text: str, parts: Parts) -> str | None:
    """Return the signature of the story in `text`, or None when it is too short."""
    shingles = _shingles(_story(text, parts)[:_LONGEST])
    if len(shingles) < _FEWEST:
        return None
    sketch = RMinHash(num_perm=_NUMBERS, seed=_SEED)
    sketch.update(shingles)
    return b64encode(struct.pack(_PACKED, *(low & _LOW_BITS for low in sketch.digest()))).decode()


def _story(text: str, parts: Parts) -> str:
    """Return the story without its headline, the part that is changed most."""
    start = parts.headline.end if parts.headline else 0
    return "\n".join(text[max(part.start, start) : part.end] for part in parts.story)


def _shingles(story: str) -> list[str]:
    words = _WORD.findall(unicodedata.normalize("NFKC", story).casefold())
    return list({" ".join(three) for three in zip(words, words[1:], words[2:], strict=False)})
