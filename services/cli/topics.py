"""`newsflow topics check` and `newsflow topics explain`."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from services.cli.articles import opened, records
from services.cli.names import topic_file, topic_rules
from services.cli.terminal import AsJson, err, fail, line
from services.enrich import tables
from services.enrich.topics.explaining import Explanation, Reason, explain
from services.enrich.topics.lexicon import LexiconError
from shared.messages import RawArticle

_PHRASES: Final = 8  # shown of a topic; --json has all


def check(
    file: Annotated[
        Path | None, typer.Argument(help="A topic lexicon; by default the one that enrich reads.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with a topic lexicon, by file and line; exit code 1 if anything is."""
    topics = file or topic_file()
    try:
        lexicon = tables.lexicon(topics)
    except LexiconError as error:
        if as_json:
            line({"problems": [problem._asdict() for problem in error.problems]})
        else:
            err.print(str(error), markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except OSError as error:
        fail(f"could not read {topics}: {error.strerror}")
    counts = {"topics": len(lexicon.topics), "phrases": len(lexicon.phrases)}
    if as_json:
        line({"problems": [], **counts, "version": lexicon.version})
    else:
        name = topics or "the lexicon that is shipped"
        line(f"{name}: {counts['topics']} topics, {counts['phrases']} phrases, nothing wrong")


def explain_(
    file: Annotated[Path, typer.Argument(help="Articles in any format of the inbox, or -.")],
    topics: Annotated[
        Path | None, typer.Option(help="A lexicon to try; by default the one that enrich reads.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show why each article of a file gets its topics, and which it nearly got."""
    rules = topic_rules(topics or topic_file())
    names, wire = tables.gazetteer(), tables.wire_words()
    bureaus, closings = tables.bureaus(names, wire), tables.closings(wire)
    refused = 0
    for number, article in _articles(file):
        if isinstance(article, str):
            refused += 1
            err.print(f"could not read {file}, record {number}: {article}", markup=False)
            continue
        told = explain(article, rules=rules, bureaus=bureaus, closings=closings)
        if as_json:
            where = {"file": file.as_posix(), "record": number, "article_id": article.article_id}
            version = rules.tool.model_dump()
            threshold = {"assigned_from": rules.calibration.assigned, "tool": version}
            line({**where, **_as_json(told), **threshold})
        else:
            for row in _lines(told):
                line(row)
    raise typer.Exit(1 if refused else 0)


def _articles(file: Path) -> Iterator[tuple[int, RawArticle | str]]:
    """Yield each record's number and the article, or why it is none."""
    try:
        with opened(file) as stream:
            for one in records(file, stream):
                if one.article:
                    yield one.number, RawArticle.model_validate_json(one.article)
                elif one.reason:
                    yield one.number, one.reason
    except OSError as error:
        fail(f"could not read {file}: {error.strerror}")


def _lines(told: Explanation) -> Iterator[str]:
    yield told.headline or "(no headline)"
    if not told.is_read:
        yield f"  in {told.language or 'no language that is known'}: topics are told of English"
    elif not told.assigned:
        yield "  no topic"
    for reason in told.assigned:
        yield from _reason(reason)
    if told.nearly:
        yield "  nearly"
    for reason in told.nearly:
        yield from _reason(reason)
    yield ""


def _reason(reason: Reason) -> Iterator[str]:
    topic, above = reason.topic, reason.topic.above
    whole = f"the evidence for {above.name}" if above else "all evidence"
    yield f"  {reason.confidence:.2f}  {topic.name}  {topic.id}  {reason.share:.0%} of {whole}"
    for sign in reason.signs[:_PHRASES]:
        yield f"        {sign.evidence:5.2f}  {sign.text}  ({_places(sign.places)})"
    if more := reason.signs[_PHRASES:]:
        yield f"        {sum(sign.evidence for sign in more):5.2f}  {len(more)} more"


def _places(places: Iterable[str]) -> str:
    """Return `headline, body 3 times`."""
    counts = Counter(places)
    return ", ".join(
        f"{place} {count} times" if count > 1 else place for place, count in counts.items()
    )


def _as_json(told: Explanation) -> dict[str, Any]:
    return {
        "headline": told.headline,
        "language": told.language,
        "topics": [_reason_as_json(reason) for reason in told.assigned],
        "nearly": [_reason_as_json(reason) for reason in told.nearly],
    }


def _reason_as_json(reason: Reason) -> dict[str, Any]:
    topic = reason.topic
    return {
        "id": topic.id,
        "name": topic.name,
        "broader": topic.above.id if topic.above else None,
        "confidence": round(reason.confidence, 3),
        "evidence": round(reason.evidence, 2),
        "share": round(reason.share, 3),
        "phrases": [
            {
                "text": sign.text,
                "places": Counter(sign.places),
                "evidence": round(sign.evidence, 2),
            }
            for sign in reason.signs
        ],
    }
