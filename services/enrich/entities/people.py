"""Who a short name means: `Okoro` is the Ada Okoro of the same story. Pure."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable


class People:
    """Persons that a text names in full; names are folded, places are offsets into the text.

    A name in full has two words or more. It may be the shorter form of a longer one: its end
    (`López Obrador`), its beginning (`Priyanka Gandhi`), its first and last word (`Donald Trump`).
    """

    def __init__(self, named: Iterable[tuple[int, str]]) -> None:
        """Take where each person is named, first to last; single words are passed over."""
        in_full = [(start, name) for start, name in named if " " in name]
        self._longer = _longer_forms({name for _, name in in_full})
        self._by_last_word: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._by_word: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for start, name in in_full:
            whole = self.whole(name)
            words = whole.split()
            self._by_last_word[words[-1]].append((start, whole))
            for word in words[:-1]:
                self._by_word[word].append((start, whole))

    def whole(self, name: str) -> str:
        """Return the longest form in which the text gives `name`."""
        while name in self._longer:
            name = self._longer[name]
        return name

    def meant_by(self, word: str, start: int) -> str | None:
        """Return whom the single `word` at `start` means: the last such person before, else after.

        A surname is tried first, then any part of a name.
        """
        return self.with_surname(word, start) or _nearest(self._by_word.get(word), start)

    def with_surname(self, word: str, start: int) -> str | None:
        """Return whom `word` at `start` means as a surname."""
        return _nearest(self._by_last_word.get(word), start)


def _nearest(named: list[tuple[int, str]] | None, start: int) -> str | None:
    if not named:
        return None
    before = bisect_left(named, (start, ""))
    return named[max(before - 1, 0)][1]


def _longer_forms(names: Iterable[str]) -> dict[str, str]:
    """Return for each name that is a form of a longer one that longer one."""
    ordered = sorted(names, key=lambda name: (len(name.split()), name))
    longer: dict[str, str] = {}
    forms: dict[str, str] = {}
    for name in reversed(ordered):
        if name in forms:
            longer[name] = forms[name]
        words = name.split()
        for form in _forms(words):
            forms.setdefault(form, name)
    return longer


def _forms(words: list[str]) -> Iterable[str]:
    """Return the shorter forms, of two words at least, that stand for the name of `words`."""
    cuts = range(1, len(words) - 1)
    ends = [" ".join(words[cut:]) for cut in cuts]
    beginnings = [" ".join(words[: cut + 1]) for cut in cuts]
    return {*ends, *beginnings, f"{words[0]} {words[-1]}"} - {" ".join(words)}
