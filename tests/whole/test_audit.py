"""Whatever staff write leaves a record of who did it, where from, to what: every route of theirs that is no GET."""

from __future__ import annotations

import re
from datetime import timedelta

import asyncpg
import pyotp
import pytest

from commerce.credentials import hash_password
from commerce.merchandising import differ
from commerce.merchandising.batch_run import BatchJob, work
from commerce.staff.audit_words import FIELDS, KINDS, OBJECTS
from server.clock import now, shanghai
from tests.flashsale.seckill.conftest import Member
from tests.whole.bodies import forms
from tests.whole.deeds import WITHOUT, Walk, led_to, offered
from tests.whole.world import PASSWORD, Heard, World


async def test_every_write_of_staff_leaves_a_record(world: World) -> None:
    walk = Walk(world)
    await _people(walk)
    await _own_account(walk)
    await _goods(walk)
    await _tree(walk)
    await _tree_api(walk)
    await _sales(walk)
    await _parcels(walk)
    await _members_and_words(walk)
    left = set(walk.routes) - walk.done - set(WITHOUT)
    assert not left
    deeds = offered(walk.routes)
    assert len(deeds) > 9  # the forms are found where they are
    assert not deeds - walk.deeds
    assert set(WITHOUT) <= set(walk.routes)
    await _hold_words(world)


async def _hold_words(world: World) -> None:
    """Hold the records to saying what was done, to what and which fields in words that people know."""
    rows = await world.db.fetch("SELECT DISTINCT kind, object_kind FROM staff_audit")
    assert {row["kind"] for row in rows} <= set(KINDS)
    assert {row["object_kind"] for row in rows} <= set(OBJECTS)
    fields = await world.db.fetch(
        """
        SELECT DISTINCT kind, field FROM staff_audit
        CROSS JOIN LATERAL jsonb_object_keys(before || after) AS field
        WHERE jsonb_typeof(before) = 'object' AND jsonb_typeof(after) = 'object'
        """
    )
    told = {(row["kind"], row["field"].rpartition(" ")[2]) for row in fields}
    assert not {one for one in told if one[1] not in FIELDS}
    assert {*differ.FIELDS, *differ.ITEM_FIELDS, "sku_created", "scheduled"} <= set(FIELDS)


async def _people(walk: Walk) -> None:
    made = (await walk.did("POST /api/v1/backoffice/staff")).body["id"]
    await walk.did("PATCH /api/v1/backoffice/staff/{staff_id}", staff_id=made, json={"name": "戊"})
    shop = str(walk.world.shop_id)
    roles = {"shop_id": shop, "roles": ["host"]}
    await walk.did("PUT /api/v1/backoffice/staff/{staff_id}/roles", json=roles, staff_id=made)
    for deed in ("sign-out", "disable", "enable", "password"):
        await walk.did("POST /api/v1/backoffice/staff/{staff_id}/{deed}", staff_id=made, deed=deed)
    for deed in ("sign-out", "disable", "enable", "password"):
        await walk.did("POST /backoffice/staff/{staff_id}/{deed}", staff_id=made, deed=deed)
    await walk.did("POST /backoffice/staff/new", form={"account": "walker2", "name": "丙", "shop_id": shop})
    await walk.did("POST /backoffice/staff/{staff_id}/name", staff_id=made, form={"name": "丁"})
    form = {"shop_id": shop, "roles": "service"}
    await walk.did("POST /backoffice/staff/{staff_id}/roles", staff_id=made, form=form)
    role = (await walk.did("POST /api/v1/backoffice/roles")).body["id"]
    await walk.did("PATCH /api/v1/backoffice/roles/{role_id}", json={"name": "新名"}, role_id=role)
    await walk.did(
        "POST /backoffice/roles/{role_id}", role_id=role, form={"name": "旧名", "permissions": "orders.view"}
    )
    await walk.did("DELETE /api/v1/backoffice/roles/{role_id}", role_id=role)
    await walk.did("POST /backoffice/roles/new")
    role = await walk.world.db.fetchval("SELECT max(id) FROM roles")
    await walk.did("POST /backoffice/roles/{role_id}/remove", role_id=role)
    await walk.did("POST /backoffice/security/roles", form={"role": "finance"})


async def _own_account(walk: Walk) -> None:
    world = walk.world
    keeper = await world.new_staff(None)
    await world.db.execute(
        "UPDATE staff SET password_hash = $2 WHERE id = $1", keeper.id, await hash_password(PASSWORD)
    )
    api, proof = "/api/v1/staff/me/otp", {"password": PASSWORD}
    for way in ("api", "form"):
        begun = await walk.did(f"POST {api}", json=proof, who=keeper)
        if way == "form":
            await walk.did("POST /backoffice/security/otp", form=proof, who=keeper)
            page = await world.ask("GET", "/backoffice/security", keeper.headers)
            found = re.search(r"<code>([A-Z2-7]{32})</code>", page.text)
            assert found
            secret = found[1]
        else:
            secret = begun.body["secret"]
        first = {"otp": pyotp.TOTP(secret).now()}
        if way == "api":
            codes = (await walk.did(f"POST {api}/confirm", json=first, who=keeper)).body["recovery_codes"]
            codes = (await walk.did(f"POST {api}/codes", json=proof | {"otp": codes[0]}, who=keeper)).body[
                "recovery_codes"
            ]
            await walk.did(f"POST {api}/off", json=proof | {"otp": codes[0]}, who=keeper)
        else:
            shown = await walk.did("POST /backoffice/security/otp/confirm", form=first, who=keeper)
            codes = await _codes(world, shown, keeper)
            shown = await walk.did("POST /backoffice/security/otp/codes", form=proof | {"otp": codes[0]}, who=keeper)
            codes = await _codes(world, shown, keeper)
            await walk.did("POST /backoffice/security/otp/off", form=proof | {"otp": codes[0]}, who=keeper)
    new = {"old": PASSWORD, "new": "another password of hers"}
    token = (await walk.did("POST /api/v1/staff/me/password", json=new, who=keeper)).body["token"]
    keeper = Member(keeper.id, token)
    old = {"old": new["new"], "new": "a third password of hers", "again": "a third password of hers"}
    await walk.did("POST /backoffice/security/password", form=old, who=keeper)
    for name in ("POST /backoffice/logout", "DELETE /api/v1/staff/sessions/current"):
        await walk.did(name, who=await world.new_staff(None))


async def _codes(world: World, answer: Heard, who: Member) -> list[str]:
    """Return the recovery codes that the page shows where a form led to, to the browser that was led there."""
    cookie = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
    page = await world.ask("GET", answer.headers["Location"], who.headers | cookie)
    return re.findall(r"<li><code>([a-z0-9-]{11})</code>", page.text)


async def _goods(walk: Walk) -> None:
    world = walk.world
    await walk.did("POST /api/v1/backoffice/products")
    await walk.did("PATCH /api/v1/backoffice/products/{product_id}", json={"subtitle": "新的"})
    pictured = "UPDATE products SET pictures = $1"  # nothing without a picture is put on the shelf
    await world.db.execute(pictured, [f"/media/p/ab/{'a' * 64}.webp"])
    for status in ("off", "on"):
        await walk.did("POST /backoffice/products/{product_id}/status", form={"status": status})
    sheet = {
        "shop_id": str(world.shop_id), "category_id": str(world.category_id), "title": "新杯子",
        "skus.0.code": "AUDIT-1", "skus.0.price": "9.90", "skus.0.stock": "3",
    }  # fmt: skip
    answer = await walk.did("POST /backoffice/products/new", form=sheet)
    made = led_to(answer, r"/products/(\d+)")
    page = await world.ask("GET", f"/backoffice/products/{made}", world.staff.headers)
    kept = dict(re.findall(r'<input[^>]*?name="((?:skus|seen|version)[^"]*)"[^>]*?value="([^"]*)"', page.text))
    form = sheet | kept | {"title": "新杯子二"}
    await walk.did("POST /backoffice/products/{product_id}", product_id=made, form=form)
    promise = {"ships_from": "浙江宁波", "ships_within": "24"}
    await walk.did("PUT /api/v1/backoffice/delivery/{shop_id}", shop_id=world.shop_id)
    await walk.did("POST /backoffice/delivery/{shop_id}", shop_id=world.shop_id, form=promise)
    change = (await walk.did("POST /api/v1/backoffice/shelf-changes")).body["id"]
    await walk.did("DELETE /api/v1/backoffice/shelf-changes/{change_id}", change_id=change)
    at = shanghai(now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    await walk.did("POST /backoffice/products/{product_id}/schedule", form={"status": "off", "at": at})
    change = await world.db.fetchval("SELECT max(id) FROM shelf_changes WHERE state = 'waiting'")
    await walk.did("POST /backoffice/shelf-changes/{change_id}/cancel", change_id=change)
    await world.db.execute(pictured, [f"/media/p/ab/{'a' * 64}.webp"])
    edit = {"product_ids": [str(made)], "edit": {"status": "on"}}
    batch = (await walk.did("POST /api/v1/backoffice/batches", json=edit)).body["id"]
    await work(world.app, BatchJob(int(batch)))
    undo = await walk.did("POST /api/v1/backoffice/batches/{batch_id}/undo", batch_id=batch)
    assert undo.status == 201
    draft = led_to(await walk.did("POST /backoffice/batches", form={"ids": str(made)}), r"/batches/(\d+)")
    await walk.did("POST /backoffice/batches/{batch_id}", batch_id=draft, form={"status": "off"})
    page = await world.ask("GET", f"/backoffice/batches/{draft}", world.staff.headers)
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page.text)
    assert seen
    await walk.did("POST /backoffice/batches/{batch_id}/apply", batch_id=draft, form={"seen": seen[1]})
    draft = led_to(await walk.did("POST /backoffice/batches", form={"ids": str(made)}), r"/batches/(\d+)")
    await walk.did("POST /backoffice/batches/{batch_id}/discard", batch_id=draft)


async def _tree(walk: Walk) -> None:
    add, change = "POST /backoffice/categories", "POST /backoffice/categories/{category_id}"
    one, other, third = [
        led_to(await walk.did(add, form={"name": name}), r"id=(\d+)") for name in ("花草", "盆景", "多肉")
    ]
    form = {"name": "花卉", "slug": "flowers", "icon": "", "do": "save"}
    await walk.did(change, category_id=one, form=form)
    for deed in ("up", "down"):
        await walk.did(change, category_id=one, form={"do": deed})
    await walk.did(change, category_id=third, form={"do": "before", "before": str(one)})
    form = {"name": "颜色", "kind": "choice", "values": "红,白", "do": "save"}
    attributes = change + "/attributes"
    await walk.did(attributes, category_id=one, form=form)
    made = {"attribute_id": str(await walk.world.db.fetchval("SELECT max(id) FROM attributes"))}
    await walk.did(attributes, category_id=one, form=form | made | {"values": "红,白,黄"})
    await walk.did(attributes, category_id=one, form=form | {"name": "花期"})
    for deed in ("down", "up", "remove"):
        await walk.did(attributes, category_id=one, form=made | {"do": deed})
    await walk.did(change, category_id=third, form={"do": "merge", "into": str(one)})
    await walk.did(change, category_id=other, form={"do": "remove"})
    await _brands(walk)


async def _brands(walk: Walk) -> None:
    made = []
    for name in ("甲牌", "己牌"):
        await walk.did("POST /backoffice/brands", form={"name": name})
        made.append(await walk.world.db.fetchval("SELECT max(id) FROM brands"))
    change = "POST /backoffice/brands/{brand_id}"
    await walk.did(change, brand_id=made[0], form={"name": "乙牌", "slug": "yi", "do": "save"})
    await walk.did(change, brand_id=made[1], form={"do": "merge", "into": str(made[0])})
    await walk.did(change, brand_id=made[0], form={"do": "remove"})


async def _tree_api(walk: Walk) -> None:
    api, world = "/api/v1/backoffice", walk.world
    one, other = [(await walk.did(f"POST {api}/categories", json={"name": name})).body["id"] for name in ("茶", "咖啡")]
    at = {"category_id": one}
    await walk.did(f"PATCH {api}/categories/{{category_id}}", json={"name": "茶叶"}, **at)
    await walk.did(f"POST {api}/categories/{{category_id}}/place", json={"before": None}, **at)
    attributes = f"{api}/categories/{{category_id}}/attributes"
    await walk.did(f"POST {attributes}", json={"name": "产地", "kind": "choice", "values": ["云南"]}, **at)
    made = await world.db.fetchval("SELECT max(id) FROM attributes")
    await walk.did(f"PATCH {attributes}/{{attribute_id}}", json={"name": "原产地"}, attribute_id=made, **at)
    await walk.did(f"DELETE {attributes}/{{attribute_id}}", attribute_id=made, **at)
    await walk.did(f"POST {api}/categories/{{category_id}}/merge", json={"into": other}, **at)
    await walk.did(f"DELETE {api}/categories/{{category_id}}", category_id=other)
    one, other = [(await walk.did(f"POST {api}/brands", json={"name": name})).body["id"] for name in ("丙牌", "丁牌")]
    await walk.did(f"PATCH {api}/brands/{{brand_id}}", json={"name": "戊牌"}, brand_id=one)
    await walk.did(f"POST {api}/brands/{{brand_id}}/merge", json={"into": other}, brand_id=one)
    await walk.did(f"DELETE {api}/brands/{{brand_id}}", brand_id=other)


async def _sales(walk: Walk) -> None:
    world, api = walk.world, "/api/v1/backoffice/flash-sales"
    for way in ("api", "form"):
        if way == "api":
            made = int((await walk.did(f"POST {api}", json=world.plan(sku_id=str(await world.sku())))).body["item_id"])
            await walk.did(f"PATCH {api}/{{item_id}}", json={"title": "新的"}, item_id=made)
            for move in ("publish", "pause", "resume", "end"):
                await walk.did(f"POST {api}/{{item_id}}/{move}", item_id=made)
        else:
            form = forms(world)["POST /backoffice/flash-sales/new"] | {"sku_id": str(await world.sku())}
            made = led_to(await walk.did("POST /backoffice/flash-sales/new", form=form), r"/flash-sales/(\d+)")
            new = form | {"title": "再来"}
            await walk.did("POST /backoffice/flash-sales/{item_id}", form=new, item_id=made)
            for move in ("publish", "pause", "resume", "end"):
                await walk.did(f"POST /backoffice/flash-sales/{{item_id}}/{move}", item_id=made)


async def _parcels(walk: Walk) -> None:
    world, api = walk.world, "/api/v1/backoffice/orders/{order_no}/shipment"
    await walk.did(f"POST {api}", order_no=world.paid_no)
    await walk.did(f"PATCH {api}", order_no=world.paid_no)
    other_no = await world.bought(world.alice, "another")
    await world.paid(other_no)
    await walk.did("POST /backoffice/orders/{order_no}/ship", order_no=other_no)
    await walk.did("POST /backoffice/orders/{order_no}/shipment", order_no=other_no)


async def _members_and_words(walk: Walk) -> None:
    db = walk.world.db
    for name in ("POST /backoffice/members/{member_id}/ban", "POST /backoffice/members/{member_id}/unban"):
        await walk.did(name)
    sent = {"title": "甲", "text": "乙", "audience": "all", "sure": "1"}
    await walk.did("POST /backoffice/messages", form=sent)
    await walk.did("POST /backoffice/search/hot")
    await walk.did("POST /backoffice/search/picks")
    await walk.did("POST /backoffice/search/synonyms")
    await walk.did("POST /backoffice/search/synonyms/{synonyms_id}/remove")
    for name in ("POST /backoffice/refunds/{refund_no}/retry", "POST /api/v1/backoffice/refunds/{refund_no}/retry"):
        await db.execute("UPDATE refunds SET status = 'failed' WHERE refund_no = $1", walk.world.refund_no)
        await walk.did(name)
    await walk.did("POST /api/v1/backoffice/remarks/{remark_id}/reply")
    await walk.did(
        "POST /api/v1/backoffice/remarks/queue/{queued_id}/decision", json={"state": "hidden", "reason": "乙"}
    )
    await walk.did("POST /backoffice/reviews/queue/{queued_id}", form={"state": "shown", "reason": ""})
    await db.execute("UPDATE remarks SET reply = NULL, replied_at = NULL, reply_by = NULL")
    await walk.did("POST /backoffice/reviews/replies/{remark_id}")
    for name, send in (
        ("DELETE /api/v1/backoffice/watched-words/{word_id}", "POST /api/v1/backoffice/watched-words"),
        ("POST /backoffice/reviews/words/{word_id}/remove", "POST /backoffice/reviews/words"),
    ):
        await walk.did(send)
        word = await db.fetchval("SELECT max(id) FROM watched_words")
        await walk.did(name, word_id=word)


async def test_the_log_is_only_ever_added_to(world: World) -> None:
    await world.db.execute("INSERT INTO staff_audit (staff_id, kind) VALUES ($1, 'log_in')", world.staff.id)
    for query in ("UPDATE staff_audit SET kind = 'x'", "DELETE FROM staff_audit", "TRUNCATE staff_audit"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await world.db.execute(query)
