"""Follows the stored articles with nothing but PyMongo.

    python docs/examples/follow.py MONGO_URL TOKEN_FILE

Prints a line for every new article and every new version. The resume token is kept in TOKEN_FILE
after each: killed and started again, it goes on where it was. It misses nothing, and repeats at
most the one article that it had printed and not yet noted.
"""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pymongo
from bson import json_util
from pymongo.collection import Collection
from pymongo.errors import ConnectionFailure, PyMongoError

Document = dict[str, Any]

NEW_VERSIONS = [
    {
        "$match": {
            "$or": [
                {"operationType": {"$in": ["insert", "replace"]}},
                {"updateDescription.updatedFields.content_hash": {"$exists": True}},
                {"updateDescription.updatedFields.pub_status": {"$exists": True}},  # a kill
            ]
        }
    }
]


def handle(article: Document) -> None:
    """Do whatever you follow for; twice for one article must do no harm."""
    print(article["_id"], article["headline"], flush=True)


def read(file: Path) -> Document | None:
    return json_util.loads(file.read_text()) if file.exists() else None


def note(file: Path, token: Mapping[str, Any] | None) -> None:
    """Keep the token: whole, or as it was before."""
    new = file.with_suffix(".new")
    with new.open("w") as stream:
        stream.write(json_util.dumps(token))
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)


def follow(articles: Collection[Document], file: Path) -> None:
    with articles.watch(
        NEW_VERSIONS, full_document="updateLookup", resume_after=read(file)
    ) as changes:
        note(file, changes.resume_token)  # before the first article: a kill now loses nothing
        while changes.alive:
            change = changes.try_next()  # waits a second at most
            if change and change["fullDocument"]:  # none when it was deleted meanwhile
                handle(change["fullDocument"])
            note(file, changes.resume_token)


def main(url: str, file: Path) -> None:
    client = pymongo.MongoClient[Document](url)
    while True:
        try:
            follow(client.newsflow.articles, file)
        except PyMongoError as error:
            if not (isinstance(error, ConnectionFailure) or error.timeout):
                raise  # the token is too old, or no replica set: waiting would not help
            print(f"waiting for MongoDB: {error}", file=sys.stderr)
            time.sleep(1)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
