"""NITF 3.x, the news agencies' XML for one story: with its namespace or, as most send it, without.

https://iptc.org/standards/nitf/; the fields are in docs/formats/nitf.md.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from services.ingest.formats.xml_based import hardened_xml
from services.ingest.formats.xml_based.hardened_xml import (
    XML_LANG,
    Element,
    attribute,
    children,
    every,
    first,
    spaced,
    texts,
    words,
)
from services.ingest.formats.xml_based.xml_bodies import body_of_nitf
from services.ingest.formats.xml_based.xml_metadata import (
    distinct,
    filled,
    identity,
    moment,
    quoted,
    subject,
    urgency,
    web_address,
)
from services.ingest.formats.xml_based.xml_records import read_each
from services.ingest.records import Document, Record
from shared.errors import Unreadable

NAME: Final = "NITF"
RESUMES: Final = False
ROOT: Final = "nitf"

_INSIDE: Final = re.compile(r"<(?:[\w.-]+:)?nitf[\s>]")
_OTHERS: Final = frozenset({"newsItem", "newsMessage", "NewsML", "rss", "feed", "RDF", "html"})
_BY: Final = re.compile(r"\Aby\s+(?=\S)", re.IGNORECASE)
_SUBJECT_CODE: Final = re.compile(r"[0-9]{8}", re.ASCII)
_STATUS: Final = {
    "": "usable",
    "usable": "usable",
    "embargoed": "usable",  # until its date.release
    "withheld": "withheld",
    "canceled": "canceled",
    "cancelled": "canceled",
}
_MATTERS: Final = ("tobject.subject.detail", "tobject.subject.matter", "tobject.subject.type")


def recognises(document: Document) -> bool:
    """Say so of a `nitf` element, and of several within another root."""
    root = hardened_xml.root_of(document)
    if root is None or root.name in _OTHERS:
        return False
    return root.name == ROOT or bool(_INSIDE.search(hardened_xml.beginning(document), root.start))


def read(document: Document) -> Iterator[Record]:
    """Yield an article for each `nitf` element."""
    return read_each(document, frozenset({ROOT}), article)


def article(nitf: Element) -> dict[str, Any]:
    """Return the fields of one `nitf`; raises Unreadable when it holds no story."""
    return filled(
        {
            **_identity(nitf),
            **_status(nitf),
            **_dates(nitf),
            **text(nitf),
            "language": attribute(nitf, XML_LANG, "lang")
            or attribute(first(nitf, "body"), XML_LANG, "lang"),
            "urgency": urgency(attribute(first(nitf, "head/docdata/urgency"), "ed-urg")),
            "subjects": _subjects(nitf),
        }
    )


def text(nitf: Element) -> dict[str, Any]:
    """Return what readers see: headline, byline, place, summary and body."""
    head = "body/body.head"
    lines = texts(every(nitf, f"{head}/hedline/hl1")) or texts(every(nitf, "head/title"))
    second = texts(every(nitf, f"{head}/hedline/hl2"))
    headline = next(iter(lines or second), "")
    summary = words(first(nitf, f"{head}/abstract"))
    return filled(
        {
            "headline": headline,
            "byline": _byline(nitf),
            "located": spaced(first(nitf, f"{head}/dateline/location"))
            or words(first(nitf, f"{head}/dateline")),
            "summary": summary or next((line for line in second if line != headline), ""),
            **_body(nitf),
        }
    )


def _body(nitf: Element) -> dict[str, str]:
    contents = every(nitf, "body/body.content")
    body = next((body for content in contents if (body := body_of_nitf(content))), {})
    if not contents and _status(nitf)["pub_status"] != "canceled":
        msg = "NITF without a body: body/body.content is missing"
        raise Unreadable(msg)
    return body


def _identity(nitf: Element) -> dict[str, Any]:
    docdata = "head/docdata"
    doc_id = first(nitf, f"{docdata}/doc-id")
    sources = (
        attribute(doc_id, "regsrc"),
        words(first(nitf, "body/body.head/distributor")),
        attribute(first(nitf, f"{docdata}/doc.copyright"), "holder"),
        attribute(first(nitf, f"{docdata}/del-list/from-src"), "src-name"),
    )
    du_key = first(nitf, f"{docdata}/du-key")
    return {
        **identity(attribute(doc_id, "id-string")),
        "url": web_address(attribute(first(nitf, "head/pubdata"), "ex-ref")),
        "version": attribute(du_key, "version"),
        "source": next(filter(None, sources), ""),
        "alt_ids": filled({"du-key": attribute(du_key, "key"), "uno": attribute(nitf, "uno")}),
    }


def _status(nitf: Element) -> dict[str, Any]:
    docdata = first(nitf, "head/docdata")
    said = attribute(docdata, "management-status")
    status = _STATUS.get(said.lower())
    if status is None:
        msg = f'docdata/@management-status is none of NITF: "{quoted(said)}"'
        raise Unreadable(msg)
    until = _date(nitf, "head/docdata/date.release")
    if said.lower() == "embargoed" and until is None:
        status = "withheld"  # until somebody says otherwise
    return {"pub_status": status, "embargoed_until": until}


def _dates(nitf: Element) -> dict[str, Any]:
    issued = _date(nitf, "head/docdata/date.issue")
    revisions = [
        found
        for revision in every(nitf, "head/revision-history")
        if (found := moment(attribute(revision, "norm"), "revision-history/@norm"))
    ]
    published = _date(nitf, "head/pubdata", "date.publication")
    return {
        "published_at": issued or published or _date(nitf, "body/body.head/dateline/story.date"),
        "updated_at": max([*revisions, *([issued] if issued else [])], default=None),
    }


def _date(nitf: Element, path: str, name: str = "norm") -> Any:  # noqa: ANN401 (datetime or None)
    return moment(attribute(first(nitf, path), name), f"{path.rpartition('/')[2]}/@{name}")


def _byline(nitf: Element) -> str:
    bylines = every(nitf, "body/body.head/byline")
    people = [person for byline in bylines for person in children(byline, "person", "bytag")]
    said = filter(None, map(spaced, people or bylines or every(nitf, "body/body.head/bytag")))
    return ", ".join(_BY.sub("", line, count=1) for line in said)


def _subjects(nitf: Element) -> list[dict[str, str]]:
    classifiers = every(nitf, "head/docdata/identified-content/classifier")
    keywords = every(nitf, "head/docdata/key-list/keyword")
    return distinct(
        [
            *(_topic(each) for each in every(nitf, "head/tobject/tobject.subject")),
            *(subject(name=attribute(each, "value") or words(each)) for each in classifiers),
            *(subject(name=attribute(each, "key") or words(each)) for each in keywords),
        ]
    )


def _topic(element: Element) -> dict[str, str]:
    code = attribute(element, "tobject.subject.refnum", "tobject.subject.code")
    concept = f"subj:{code}" if _SUBJECT_CODE.fullmatch(code) else code
    return subject(concept, attribute(element, *_MATTERS))
