"""The published document against the platform that publishes it: made-up requests meet no answer it does not tell."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from server.http.session import Kind
from tests.whole.world import World

EXAMPLES = 5
"""Requests of each kind for each operation."""
ENDS_A_SESSION = {"/api/v1/auth/sessions/current", "/api/v1/staff/sessions/current"}


def aimed(world: World, document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with ids that exist, so that made-up requests get past the first look-up."""
    real = {
        "order_no": [world.dead_no, 1],
        "payment_no": [world.payment_no, 1],
        "address_id": [world.address_id, 10**17],
        "product_id": [world.product_id, 10**17],
        "message_id": [world.message_id, 10**17],
        "line_id": [world.line_id, 10**17],
        "own_id": [world.remark_id, 10**17],
        "remark_id": [world.remark_id, 10**17],
        "question_id": [world.question_id, 10**17],
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            moves = method == "post" and path.startswith("/api/v1/backoffice/flash-sales/")
            real["item_id"] = [world.ended_id, 10**17] if moves else [world.paused_id, world.draft_id, world.ended_id]
            for parameter in operation["parameters"]:
                if parameter["in"] == "path" and parameter["name"] in real:
                    parameter["schema"] = {"type": "string", "enum": [str(one) for one in real[parameter["name"]]]}
    return document


def hold(operation: Any, mode: GenerationMode, base_url: str, token: str, complaints: dict[str, str]) -> None:
    """Send one operation requests made up from its schema, the same ones every time."""
    checks = schemathesis.checks.CHECKS.get_by_names(["not_a_server_error", "status_code_conformance"])
    fresh = iter(range(1_000_000))

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @seed(1)
    def tried(case: Any) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        if case.headers and "Idempotency-Key" in case.headers and next(fresh) % 2:
            headers["Idempotency-Key"] = f"made-up-{operation.label}-{next(fresh)}".replace(" ", "")[-64:]
        response = case.call(base_url=base_url, headers=headers, timeout=10)
        try:
            case.validate_response(response, checks=checks)
        except schemathesis.core.failures.FailureGroup as group:
            for failure in group.exceptions:
                title = f"{operation.label} {response.status_code} {failure.title}"
                complaints.setdefault(title, response.text[:300])

    with contextlib.suppress(Unsatisfiable):  # nothing of the operation can be got wrong
        tried()


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
async def test_answers_are_the_declared_ones(world: World, mode: GenerationMode) -> None:
    document = aimed(world, (await world.ask("GET", "/api/v1/openapi.json", {})).body)
    tokens = {
        "staff": (await world.again(world.staff, Kind.STAFF)).token,
        "member": (await world.again(world.bob, Kind.MEMBER)).token,
    }
    base_url, complaints = str(world.client.make_url("/")).rstrip("/"), dict[str, str]()
    schema = schemathesis.openapi.from_dict(document)
    walked = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation: Any = result.ok()
        if operation.path in ENDS_A_SESSION:
            continue
        staff = operation.definition.raw["x-access"] == "staff"
        token = tokens["staff" if staff else "member"]
        await asyncio.to_thread(hold, operation, mode, base_url, token, complaints)
        walked += 1
    assert not complaints, msgspec.json.format(msgspec.json.encode(complaints)).decode()
    assert walked > 30
