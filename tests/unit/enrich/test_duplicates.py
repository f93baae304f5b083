"""Re-runs are found and unlike stories kept apart, on the set written for it."""

import asyncio

from services.enrich.tools import Tools
from tests.benchmarks.duplicates import by_kind, clustered, runs, scored
from tests.builders import seeded


def test_re_runs_of_a_story_share_a_cluster_and_other_stories_do_not(tools: Tools) -> None:
    """492 articles of 41 stories, among them follow-ups and routine reports; F1 is 0.954."""
    told = runs()

    clusters = asyncio.run(clustered([run.article for run in told], tools))

    score = scored(told, clusters)
    assert score.precision == 1.0
    assert score.f1 > 0.95
    found = by_kind(told, clusters)
    assert (
        found["headline changed"] == found["dateline changed"] == found["footer added"] == (41, 41)
    )
    assert found["figure corrected"] == found["paragraph added"] == (41, 41)


def test_clusters_do_not_depend_on_the_order(tools: Tools) -> None:
    """The same articles stand together, whichever came first."""
    told = runs()
    shuffled = seeded(7).sample(told, len(told))

    scores = [
        scored(order, asyncio.run(clustered([run.article for run in order], tools)))
        for order in (told, shuffled)
    ]

    assert scores[0] == scores[1]
