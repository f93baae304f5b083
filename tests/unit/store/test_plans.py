"""What an explained query tells."""

from services.store.plans import Plan, plan

STATS = {"totalKeysExamined": 9, "totalDocsExamined": 8, "nReturned": 7, "executionTimeMillis": 1}


def test_an_index_is_found_however_deep() -> None:
    """Below a fetch, and below what newer servers wrap plans in."""
    below = {"stage": "FETCH", "inputStage": {"stage": "IXSCAN", "indexName": "time"}}
    explained = {
        "queryPlanner": {"winningPlan": {"queryPlan": {"stage": "LIMIT", "inputStage": below}}},
        "executionStats": STATS,
    }

    assert plan(explained) == Plan(
        ("time",), scans=False, sorts=False, keys=9, examined=8, returned=7, ms=1
    )


def test_a_collection_scan_and_a_sort_are_told() -> None:
    """No index, and the sort is in memory."""
    scan = {"stage": "SORT", "inputStage": {"stage": "COLLSCAN"}}

    found = plan({"queryPlanner": {"winningPlan": scan}, "executionStats": STATS})

    assert (found.indexes, found.scans, found.sorts) == ((), True, True)
