"""Pages of batches as the server renders them."""

from __future__ import annotations

import json
from typing import Any

from tests.api.keyed import keyed, token
from tests.api.service import Client, serving, tiny, until
from tests.api.test_http import JSON

SCENARIOS = [json.loads(tiny(name)) for name in ("fine", "infeasible", "also <b>fine</b>")]


def sent(client: Client, scenarios: list[dict[str, Any]], **options: Any) -> str:
    """The id of a new batch."""
    answer = client.post("/v1/batches", content=json.dumps({"scenarios": scenarios}), headers=JSON, params=options)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def test_a_batch_is_found_and_read_as_a_whole() -> None:
    """If this fails, whoever sent a hundred variations must open a hundred pages to learn which is cheapest, or a name in one acts as HTML."""
    with serving(grace_seconds=0.5) as client:
        assert "No batches yet" in client.get("/batches").text
        batch = sent(client, SCENARIOS, tag="spring & autumn")
        until(lambda: client.get(f"/v1/batches/{batch}").json()["finished"])
        listed = client.get("/batches").text
        assert f'<a href="/batches/{batch}">spring &amp; autumn</a>' in listed
        text = client.get(f"/batches/{batch}").text
        assert '2 <span class="state optimal">' in listed
        assert "3 runs: 2 optimal, 1 infeasible." in text
        assert "Lowest expected cost" in text
        assert "no difference" in text, "the stand-in's plans are the same"
        assert "<b>fine" not in text
        assert text.rindex(">fine</a>") < text.index(">infeasible</a>"), "runs stand in the order in which they were sent"
        assert "Cancel what has not ended" not in text
        run = client.get(f"/v1/batches/{batch}").json()["runs"][0]["id"]
        assert f'href="/batches/{batch}"' in client.get(f"/runs/{run}").text
        assert client.get("/batches/nowhere").status_code == 404


def test_a_batch_is_its_owner_s_and_is_cancelled_from_its_page() -> None:
    """If this fails, somebody reads or ends a batch of somebody else's, or its owner can't end it without HTTP."""
    with keyed() as served:
        batch = sent(served.client("ana"), [json.loads(tiny(name)) for name in ("patient", "patient")], tag="secret of ana")
        ana, ben = served.browser("ana"), served.browser("ben")
        page = ana.get(f"/batches/{batch}").text
        assert "Cancel what has not ended" in page
        assert ben.get(f"/batches/{batch}").status_code == 404
        assert "secret of ana" not in ben.get("/batches").text
        assert ben.post(f"/batches/{batch}/cancel", data={"csrf": token(ben.get("/runs").text)}).status_code == 404
        assert ana.post(f"/batches/{batch}/cancel").status_code == 403, "a form of another site"
        assert ana.post(f"/batches/{batch}/cancel", data={"csrf": token(page)}).status_code == 303
        assert "2 runs: 2 cancelled." in ana.get(f"/batches/{batch}").text
