"""`newsflow`: parses what is typed, calls what does it, prints what came of it.

Exit codes: 0 done · 1 something failed or is not well, said on standard error · 2 wrong usage.
"""

import sys

import typer

from services.cli import (
    articles,
    dead,
    demo,
    export,
    files,
    partitions,
    query,
    reconcile,
    reenrich,
    replaying,
    status,
    tail,
    topics,
    trace,
    up,
)
from services.cli.terminal import Commands, failing_in_one_line

app = typer.Typer(
    cls=Commands,
    help="Drop news files into a folder or publish them to a Redis stream; query enriched "
    "documents in MongoDB.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback()(partitions.chosen)
app.command(epilog="Example: newsflow up --enrichers 2")(up.up)
app.command(epilog="Example: newsflow demo --keep ./demo")(demo.demo)
app.command(epilog='Examples: newsflow status --files; eval "$(newsflow status --env)"')(
    status.status
)
app.command(epilog="Example: newsflow receipt wire.jsonl")(files.receipt)
app.command(epilog="Examples: newsflow publish wire/*.json; cat story.txt | newsflow publish -")(
    articles.publish
)
app.command(
    epilog="Examples: newsflow query --entity Kabul --since 7d; "
    "newsflow query --topic sport --json | jq .headline; "
    "newsflow query --place Kabul --within 100km --fold; newsflow query --country AF --count; "
    "newsflow query --since 4w --histogram; newsflow query --top topics --by week; "
    "newsflow query --entity Kabul --explain",
)(query.query)
app.command(
    epilog="Examples: newsflow tail --topic conflict; "
    "newsflow tail --since 1h --json | jq .headline",
)(tail.tail)
app.command(
    epilog="Examples: newsflow export --format ninjs --since 7d > week.jsonl; "
    "newsflow export --format jsonld --topic sport --out sport.jsonl --resume; "
    "newsflow export --format jsonl --all --out all.jsonl",
)(export.export)
app.command(
    epilog="Examples: newsflow reenrich --dry-run --limit 20; newsflow reenrich --since 30d; "
    """newsflow reenrich --where '{"byline": "Amina Okoro"}' --all --yes""",
)(reenrich.reenrich)

app.command(
    epilog="Examples: newsflow reconcile; newsflow reconcile --quick --json | jq .holds; "
    "newsflow reconcile --accept 'test data, deleted by hand on Monday'",
)(reconcile.reconcile)

app.command(
    epilog="Examples: newsflow trace f7b8b3ddeb9be1510d3a7d63d9e53e93; newsflow trace wire.jsonl; "
    "newsflow trace 1795470694568-0; newsflow trace wire-4711 --json | jq '.articles[].now'",
)(trace.trace)

dead_app = typer.Typer(
    help="What could not go on: list it, look at it, send it again, delete it.",
    no_args_is_help=True,
)
dead_app.command(
    "list",
    epilog="Examples: newsflow dead list --cause invalid --since 1d; "
    "newsflow dead list --file 'ap-*' --json | jq .reason",
)(dead.list_)
dead_app.command(epilog="Example: newsflow dead reasons --since 1d")(dead.reasons)
dead_app.command(epilog="Example: newsflow dead show 1795470694568-0 --raw > mended.json")(
    dead.show
)
dead_app.command(
    epilog="Examples: newsflow dead replay 1795470694568-0 --data mended.json; "
    "newsflow dead replay --cause failed --dry-run; newsflow dead replay --reason 'no disk' --yes",
)(replaying.replay)
dead_app.command(
    epilog="Examples: newsflow dead purge --cause invalid --until 30d --to november.jsonl; "
    "newsflow dead purge --source 'Wire Test' --dry-run",
)(replaying.purge)
app.add_typer(dead_app, name="dead")

topics_app = typer.Typer(
    help="The phrases that tell topics: check them, and see why an article has its topics.",
    no_args_is_help=True,
)
topics_app.command(epilog="Examples: newsflow topics check; newsflow topics check desk.toml")(
    topics.check
)
topics_app.command(
    "explain",
    epilog="Examples: newsflow topics explain story.txt --topics desk.toml; "
    "cat story.txt | newsflow topics explain - --json | jq .topics",
)(topics.explain_)
app.add_typer(topics_app, name="topics")


def main() -> None:
    """Run the command that was typed."""
    with failing_in_one_line():
        partitions.over_all(app, sys.argv[1:])
