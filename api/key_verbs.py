"""`offtake keys` and `offtake audit`: who may use the service, and who did what. They work on the store itself, while servers use it or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.exit_codes import ExitCode, UsageProblem
from api.options import AsJson, option
from api.printing import print_json, show, tell
from api.sources import print_whole
from api.store_verbs import Place, place_of

if TYPE_CHECKING:
    from rich.console import Console

    from api.access import ApiKey, AuditEntry
    from api.database.connection import Database

app = typer.Typer(no_args_is_help=True, help="Make, list, disable and delete the keys of the HTTP service.")
KeyId = Annotated[str, typer.Argument(metavar="KEY_ID", help="The key's id, as `offtake keys list` shows it.")]
LONGEST_DAYS = 3_650
COMMAND_LINE = "command line"


class KeyScope(StrEnum):
    """What a key may do."""

    read = "read"
    solve = "solve"
    admin = "admin"


@contextmanager
def _opened(store: str | None, *, make: bool = False) -> Iterator[Database]:
    """The store's database. Raises UsageProblem, StoreUnusable."""
    from pathlib import Path

    from api.database.connection import address_of
    from api.database.opening import open_database

    place = place_of(store)
    address = address_of(place)
    if not make and address.get_backend_name() == "sqlite" and not Path(str(address.database)).is_file():
        raise UsageProblem(f"There is no store at {address.database}. Name it with --store or OFFTAKE_STORE; `offtake keys add` makes one.")
    database = open_database(place)
    try:
        yield database
    finally:
        database.close()


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What or whom the key is for.")],
    scope: Annotated[KeyScope, option("--scope", text="read: look at own runs; solve: start and stop them too (default); admin: everything.")] = KeyScope.solve,
    owner: Annotated[str | None, option("--owner", metavar="OWNER", text="Whose runs it reaches; several keys may have one owner (default: NAME).")] = None,
    days: Annotated[int, option("--days", metavar="NUMBER", min=1, max=LONGEST_DAYS, text="How long it works (default: 365).")] = 365,
    store: Place = None,
    as_json: AsJson = False,
) -> ExitCode:
    """Make a key and print it, this once: the store keeps a hash of it only."""
    from datetime import timedelta

    from api.access import now
    from api.database.audit import Audit
    from api.database.keys import Keys

    name, owner = _named(name, "NAME"), _named(name if owner is None else owner, "--owner")
    with _opened(store, make=True) as database:
        key, secret = Keys(database).add(name, owner, scope.value, now() + timedelta(days=days))
        Audit(database).record("keys add", origin=COMMAND_LINE, detail=f"key {key.id}, owner {owner}, scope {scope.value}")
    if as_json:
        print_json({**_document(key), "key": secret})
    else:
        print_whole(f"{secret}\n")
        tell(f"Key {key.id} of '{owner}' may {scope.value}, until {key.expires:%Y-%m-%d}. It is shown this once: keep it as you keep passwords.")
    return ExitCode.OPTIMAL


@app.command("list")
def list_keys(store: Place = None, as_json: AsJson = False) -> ExitCode:
    """List the keys, without what is secret of them."""
    from api.database.keys import Keys

    with _opened(store) as database:
        found = Keys(database).all()
    if as_json:
        print_json({"keys": [_document(key) for key in found]})
    else:
        show(lambda console: _print_keys(found, console))
    return ExitCode.OPTIMAL


@app.command()
def disable(key_id: KeyId, store: Place = None) -> ExitCode:
    """End a key: nobody gets in with it any more, sessions that were opened with it included."""
    from api.database.audit import Audit
    from api.database.keys import Keys

    with _opened(store) as database:
        key = Keys(database).disable(key_id)
        if key is None:
            raise _unknown(key_id)
        Audit(database).record("keys disable", origin=COMMAND_LINE, detail=f"key {key.id}, owner {key.owner}")
    tell(f"Key {key.id} ('{key.name}') is disabled; servers know within seconds. Share links and runs of '{key.owner}' stay.")
    return ExitCode.OPTIMAL


@app.command()
def delete(key_id: KeyId, store: Place = None) -> ExitCode:
    """Forget a key that is disabled. What it did stays in the audit log, under its id."""
    from api.database.audit import Audit
    from api.database.keys import Keys

    with _opened(store) as database:
        keys = Keys(database)
        if not keys.delete(key_id):
            if any(key.id == key_id for key in keys.all()):
                raise UsageProblem(f"The key '{key_id}' is in use. Disable it first (`offtake keys disable {key_id}`), and see that nobody misses it.")
            raise _unknown(key_id)
        Audit(database).record("keys delete", origin=COMMAND_LINE, detail=f"key {key_id}")
    tell(f"Key {key_id} is deleted.")
    return ExitCode.OPTIMAL


def audit(
    limit: Annotated[int, option("--limit", metavar="NUMBER", min=1, max=100_000, text="How many lines at most (default: 50).")] = 50,
    before: Annotated[int | None, option("--before", metavar="NUMBER", min=1, text="Only lines with lower numbers: where an earlier list ended.")] = None,
    run: Annotated[str | None, option("--run", metavar="RUN", text="Only lines about this run.")] = None,
    store: Place = None,
    as_json: AsJson = False,
) -> ExitCode:
    """Show who did what on the HTTP service, newest first."""
    from api.database.audit import Audit
    from api.page import clean

    with _opened(store) as database:
        found = Audit(database).entries(limit, before, run)
    if as_json:
        print_json({"entries": [{**asdict(entry), "at": entry.at.isoformat()} for entry in found]})
    else:
        print_whole("".join(clean(f"{_line(entry)}\n") for entry in found))
    return ExitCode.OPTIMAL


def _named(text: str, what: str) -> str:
    text = text.strip()
    if not 1 <= len(text) <= 80 or not text.isprintable():
        raise UsageProblem(f"{what} must have 1 to 80 characters, and none that can't be seen.")
    return text


def _unknown(key_id: str) -> UsageProblem:
    return UsageProblem(f"There is no key '{key_id}'. `offtake keys list` shows their ids.")


def _document(key: ApiKey) -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in asdict(key).items()}


def _state(key: ApiKey) -> str:
    from api.access import now

    return "disabled" if key.disabled else "expired" if key.refusal(now()) else "good"


def _print_keys(found: list[ApiKey], console: Console) -> None:
    from api.page import Page

    rows = [
        (key.id, key.name, key.owner, key.scope, _state(key), f"{key.expires:%Y-%m-%d}", f"{key.used:%Y-%m-%d %H:%M}" if key.used else "never") for key in found
    ]
    heads = [(head, "left") for head in ("Id", "Name", "Owner", "Scope", "State", "Expires", "Last use")]
    Page(console).table(heads, rows, limit=max(1, len(rows)))


def _line(entry: AuditEntry) -> str:
    """Number, when (UTC), who with which key from where, what."""
    who = f"{entry.who or 'somebody'}{f' ({entry.key})' if entry.key else ''} from {entry.origin or 'nowhere'}"
    what = f"{entry.action}{f' {entry.run}' if entry.run else ''}{f', {entry.detail}' if entry.detail else ''}"
    return f"{entry.number}  {entry.at:%Y-%m-%d %H:%M:%S}  {who}: {what}"
