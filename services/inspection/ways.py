"""One article's way: what was found of it, its steps in time, and where it is now. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, NamedTuple

from services.ingest.ledger import Life
from services.store.documents import Document
from shared.entries.accounts import Owner
from shared.letters.deadletters import DeadLetter

_ORDER: Final = ("file", "entry", "enrich", "store", "receipt", "dead")  # of one moment


class Sought(NamedTuple):
    """What is looked for: one of these, and what it turned out to be besides."""

    article_ids: frozenset[str] = frozenset()
    entry_ids: frozenset[str] = frozenset()
    message_id: str = ""
    path: str = ""

    def fits(self, owner: Owner, article_id: str, entry_id: str = "") -> bool:
        """Say whether an entry is looked for."""
        return bool(
            (article_id and article_id in self.article_ids)
            or {owner.entry_id, entry_id} & self.entry_ids
            or (self.message_id and owner.message_id == self.message_id)
            or (self.path and owner.path == self.path)
        )


class Standing(NamedTuple):
    """An entry that is on a stream: unread, pending with a consumer, or ended and not yet cut."""

    stream: str
    entry_id: str
    state: str
    owner: Owner
    article_id: str
    consumer: str = ""
    deliveries: int = 0
    idle_ms: int = 0


@dataclass
class Way:
    """All that was found of what is looked for."""

    sought: Sought
    standing: list[Standing] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    told: list[Mapping[str, str]] = field(default_factory=list)  # receipts for publishers
    revisions: list[Document] = field(default_factory=list)
    heads: dict[str, Document] = field(default_factory=dict)
    life: Life | None = None
    receipt: str = ""  # of the file
    unscanned: list[str] = field(default_factory=list)  # why not all were looked at

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found anywhere."""
        found = (self.standing, self.letters, self.told, self.revisions, self.life, self.receipt)
        return not any(found)


class Step(NamedTuple):
    """Something that happened to an article: when, in which stage, and what."""

    at: datetime
    stage: str
    what: str


class Journey(NamedTuple):
    """One article's way: `now` says where it is."""

    article_id: str
    headline: str
    now: str
    steps: Sequence[Step]


def ways(way: Way) -> list[Journey]:
    """Return the way of each article that was found, and last of entries that are no article."""
    told = [_told(article_id, _of(way, article_id)) for article_id in _article_ids(way)]
    nameless = _of(way, "")
    has_any = nameless.standing or nameless.letters or nameless.told
    return [*told, _told("", nameless)] if has_any else told


def file(life: Life, receipt: str) -> str:
    """Return where a file is, in one line."""
    counts = f"{life.published:,} published, {life.duplicate:,} duplicate, {life.failed:,} failed"
    where = f", receipt {receipt}" if receipt else ""
    why = f" ({life.reason})" if life.reason else ""
    return f"{life.path} is {life.state}; {life.records:,} records, {counts}{why}{where}"


def _told(article_id: str, way: Way) -> Journey:
    head = way.heads.get(article_id, {})
    headline = head.get("headline") or next(
        (one["headline"] for one in way.revisions if one.get("headline")), ""
    )
    steps = sorted(_steps(way), key=lambda step: (step.at, _ORDER.index(step.stage)))
    return Journey(article_id, headline, _now(article_id, way), steps)


def _steps(way: Way) -> Iterable[Step]:
    for one in way.revisions:
        yield from _of_revision(one)
    known = {one.get("provenance", {}).get("entry", {}).get("entry_id") for one in way.revisions}
    for standing in way.standing:
        if standing.entry_id not in known:
            what = f"{standing.stream} {standing.entry_id} by {standing.owner.producer}"
            yield Step(moment(standing.entry_id), "entry", what)
    for letter in way.letters:
        what = f"{letter.letter_id}, {letter.cause} in {letter.stage}: {letter.reason}"
        tried = f" (entry {letter.entry_id} of {letter.stream}, delivery {letter.deliveries})"
        yield Step(letter.died_at, "dead", what + tried)
    for told in way.told:
        named = " ".join(told[name] for name in ("status", "revision", "reason") if name in told)
        at = datetime.fromisoformat(told["at"])
        yield Step(at, "receipt", f"{named} for message {told['message_id']}")


def _of_revision(revision: Document) -> Iterable[Step]:
    provenance = revision.get("provenance", {})
    if origin := provenance.get("file"):
        member = f"{origin['member']}, " if origin.get("member") else ""
        place = f"{member}record {origin['record']}, bytes {origin['start']}-{origin['end']}"
        yield Step(revision["received_at"], "file", f"{origin['path']}, {place}")
    if entry := provenance.get("entry"):
        named = f", message {entry['message_id']}" if entry.get("message_id") else ""
        by = f" by {entry['producer']}" if entry.get("producer") else ""
        what = f"{entry['stream']} {entry['entry_id']}{by}{named}"
        yield Step(moment(entry["entry_id"]), "entry", what)
    if enriched_at := revision.get("enriched_at"):
        yield Step(enriched_at, "enrich", f"read: {revision['_id']}")
    if stored_at := revision.get("stored_at"):
        version = f"version of {revision['version_created']:%Y-%m-%d %H:%M:%S}"
        yield Step(stored_at, "store", f"{version} written: {revision['_id']}")


def _now(article_id: str, way: Way) -> str:
    """Return where an article is: every place, for a version may wait while another is stored."""
    places = [_place(one) for one in way.standing if one.state != "ended"]
    places += [
        f"among the dead letters ({letter.letter_id}): {letter.reason}" for letter in way.letters
    ]
    if head := way.heads.get(article_id):
        made_of = f"{article_id}:{head['content_hash'][:16]}"
        count = len(way.revisions)
        versions = f"{count:,} versions" if count != 1 else "1 version"
        places.append(f"stored as {head['pub_status']}, {versions}; readers see {made_of}")
    elif way.revisions:
        places.append("deleted in MongoDB, or not yet there: a revision without its article")
    return "; ".join(places) or "not in MongoDB, on no stream and not among the dead letters"


def _place(one: Standing) -> str:
    if one.state == "unread":
        return f"unread on {one.stream} ({one.entry_id})"
    return (
        f"pending on {one.stream} ({one.entry_id}) with {one.consumer}, delivery "
        f"{one.deliveries}, for {one.idle_ms / 1000:.1f} s"
    )


def moment(entry_id: str) -> datetime:
    """Return when Redis took an entry, by its own clock."""
    return datetime.fromtimestamp(order(entry_id)[0] / 1000, UTC)


def order(entry_id: str) -> tuple[int, int]:
    """Return what sorts the ids of entries."""
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)


def _of(way: Way, article_id: str) -> Way:
    """Return the part of a way that is one article's, or no article's."""
    return replace(
        way,
        standing=[one for one in way.standing if one.article_id == article_id],
        letters=[one for one in way.letters if (one.article_id or "") == article_id],
        told=[one for one in way.told if one.get("article_id", "") == article_id],
        revisions=[one for one in way.revisions if one["article_id"] == article_id],
    )


def _article_ids(way: Way) -> Sequence[str]:
    """Return the articles of a way, those that are stored first."""
    found = [one["article_id"] for one in way.revisions]
    found += [one.article_id for one in way.standing]
    found += [one.article_id or "" for one in way.letters]
    found += [one.get("article_id", "") for one in way.told]
    return [one for one in dict.fromkeys(found) if one]
