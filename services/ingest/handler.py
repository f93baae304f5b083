"""What ingest does to a file, without the folder and without Redis."""

from datetime import datetime

from pydantic import ValidationError

from services.ingest import charset
from services.ingest.formats import format_of
from shared.errors import Unreadable
from shared.messages import FileOrigin, Provenance, RawArticle
from shared.wire import explain


def read(data: bytes, *, file: str, sha256: str, received_at: datetime) -> list[RawArticle]:
    """Return the articles in `data`, what `file` (its path within the inbox) holds.

    Raises Unreadable, with a reason for people, when it holds none that can be read.
    """
    if not data.strip():
        msg = "empty" if not data else "empty: nothing but white space"
        raise Unreadable(msg)
    text = charset.decode(data)
    articles = []
    for number, fields in enumerate(format_of(text).read(text), start=1):
        origin = FileOrigin(path=file, sha256=sha256, record=number, start=0, end=len(data))
        ours = {"received_at": received_at, "provenance": Provenance(file=origin)}
        try:
            articles.append(RawArticle.model_validate({**fields, **ours}))
        except ValidationError as error:
            raise Unreadable(explain(error)) from None
    return articles
