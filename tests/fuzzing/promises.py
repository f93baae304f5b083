"""What the pipeline promises, as a small model: what was accepted, and what must come of it. Pure.

accepted entry  ->  a revision of its article, or one dead letter
head            =   the largest of (is a kill, version time, content hash)
revisions       =   one for each content
first seen      =   the earliest receipt, last seen the latest
"""

from dataclasses import dataclass, field
from datetime import datetime

from shared.messages import RawArticle


@dataclass
class Promises:
    """Everything that was accepted, by the id of its article or of its entry."""

    articles: dict[str, list[RawArticle]] = field(default_factory=dict)
    poison: set[str] = field(default_factory=set)

    def accept(self, article: RawArticle) -> None:
        """Remember an article that Redis returned an entry id for."""
        self.articles.setdefault(article.article_id, []).append(article)

    def heads(self) -> dict[str, tuple[str, str, datetime, datetime]]:
        """Return what must stand of each article: content hash, status, first and last seen."""
        return {id_: _head(versions) for id_, versions in self.articles.items()}

    def revisions(self) -> set[tuple[str, str]]:
        """Return which contents must stand of each article."""
        return {
            (id_, version.content_hash)
            for id_, versions in self.articles.items()
            for version in versions
        }


def _head(versions: list[RawArticle]) -> tuple[str, str, datetime, datetime]:
    newest = max(versions, key=_order)
    received = [version.received_at for version in versions]
    return newest.content_hash, newest.pub_status, min(received), max(received)


def _order(version: RawArticle) -> tuple[bool, datetime, str]:
    return version.pub_status == "canceled", version.version_created, version.content_hash
