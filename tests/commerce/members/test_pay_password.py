"""The payment password's page: a slip does not cost the code, and a try shows the lock."""

from __future__ import annotations

import re
from typing import Any

from aiohttp.test_utils import TestClient

from commerce.members.pay_password import TRIES
from tests.commerce.members.test_merging import MINE, inbox, log_in, send

Client = TestClient[Any, Any]


async def test_a_slip_keeps_the_code_and_a_try_shows_the_lock(client: Client) -> None:
    _, mine = await log_in(client, phone=MINE)

    async def post(path: str, **fields: str) -> tuple[int, str]:
        response = await client.post(path, data=fields, headers=mine)
        return response.status, await response.text()

    check = "/api/v1/me/pay-password/checks"
    status, answer = await send(client, check, mine, {"pay_password": "135790"})
    assert (status, answer["error"]["code"]) == (409, "pay_password_missing")
    assert (await post("/me/proof/pay-password"))[0] == 200
    code = (await inbox(client, MINE))[0]["code"]
    status, page = await post("/me/pay-password", code=code, new="135790", again="135791")
    assert (status, f'name="code" type="text" value="{code}"' in page) == (422, True)
    assert "135790" not in page
    assert (await post("/me/pay-password", code=code, new="135790", again="135790"))[0] == 200
    response = await client.post("/me/pay-password/check", data={"pay_password": "135790"}, headers=mine)
    assert (response.status, response.url.path_qs) == (200, "/me/pay-password?right=1")
    assert "支付密码是对的" in await response.text()
    assert (await client.post(check, json={"pay_password": "135790"}, headers=mine)).status == 204
    for left in range(TRIES - 1, 0, -1):
        status, page = await post("/me/pay-password/check", pay_password="000000")
        assert (status, f"还能试 {left} 次" in page) == (422, True)
    status, page = await post("/me/pay-password/check", pay_password="")
    assert (status, "必填" in page) == (422, True), "nothing typed is no try"
    status, page = await post("/me/pay-password/check", pay_password="000000")
    assert status == 429
    assert re.search(r"锁定到 \d\d:\d\d", page)
    assert 'action="/me/pay-password/check"' not in page
