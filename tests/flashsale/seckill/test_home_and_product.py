"""What home and product pages show of flash sales."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from server.clock import now, shanghai
from tests.flashsale.seckill.conftest import Stage
from tests.flashsale.seckill.reader import Reader, forget, texts


def told(page: str) -> dict[str, str]:
    """Return the first offer that a product page tells search engines of."""
    [data] = re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page)
    offer: dict[str, str] = json.loads(data)["offers"][0]
    return offer


async def test_home_and_product_pages_carry_the_sale(stage: Stage) -> None:
    guest = Reader(stage)
    assert "全部场次" not in texts(await guest.get("/"))
    item = await stage.sale(title="首页能看到的杯")
    forget(stage, item)
    home = await guest.get("/")
    assert "首页能看到的杯" in texts(home)
    assert f'href="/flash-sales/{item}"' in home.text
    product = await guest.get(f"/products/{stage.product_id}")
    assert f'href="/flash-sales/{item}"' in product.text
    assert "去抢" in texts(product)
    offer = told(product.text)
    assert offer["availability"] == "https://schema.org/InStock"
    assert offer["url"].endswith(f"/flash-sales/{item}")
    assert f'property="product:price:amount" content="{offer["price"]}"' in product.text
    assert 'property="product:availability" content="in stock"' in product.text
    seen = (await stage.call("GET", f"/api/v1/flash-sales/{item}")).body
    assert (offer["price"], offer["availabilityEnds"]) == (f"{seen['price'] / 100:.2f}", seen["ends_at"])
    await stage.staff_call("POST", f"/{item}/end")
    ended = (await guest.get(f"/products/{stage.product_id}")).text
    assert f'href="/flash-sales/{item}"' not in ended
    assert told(ended)["availability"] == "https://schema.org/OutOfStock", "though the warehouse has some"


async def test_the_bar_of_a_product_leads_to_what_can_be_bought_or_says_why_nothing_can(stage: Stage) -> None:
    """As long as only sales sell, the page says so, and offers the nearest sale or else to keep the product."""
    at, path = now().replace(microsecond=0), f"/products/{stage.product_id}"

    async def bar(language: str = "zh-CN") -> str:
        page = await Reader(stage, language=language).get(path)
        return page.text[page.text.index('class="buybar"') :].split("</div>")[0]

    assert "也没有秒杀" in texts(await Reader(stage).get(path))
    assert "收藏，降价通知我" in await bar()
    assert "Save and alert me" in await bar("en")
    coming = await stage.sale(starts_at=at + timedelta(days=3), ends_at=at + timedelta(days=3, hours=1))
    day = shanghai(at + timedelta(days=3)).strftime("%m-%d %H:%M")
    assert f"{day} 开抢，去设提醒" in await bar()
    assert f"Starts {day}" in await bar("en")
    assert f'href="/flash-sales/{coming}"' in await bar()
    assert "收藏" not in await bar()
    later = await stage.sale(starts_at=at + timedelta(days=4), ends_at=at + timedelta(days=4, hours=1))
    assert f'href="/flash-sales/{later}"' not in (await Reader(stage).get(path)).text
    running = await stage.sale(starts_at=at - timedelta(hours=1), ends_at=at + timedelta(hours=1))
    assert "去抢 ¥" in await bar()
    assert f'href="/flash-sales/{running}"' in await bar()
    page = texts(await Reader(stage).get(path))
    assert "普通购买还没开放，这件现在只在秒杀里卖" in page
    assert "距结束" in page
    await stage.db.execute("UPDATE fs_items SET state = 'paused', rev = rev + 1 WHERE id = $1", running)
    assert f'href="/flash-sales/{coming}"' in await bar()  # what cannot be bought from now stands behind


async def test_a_product_page_is_not_kept_with_an_older_sale_than_it_was_made_after(stage: Stage) -> None:
    """What another process does to a sale to come shows at once, not when the page is made the next time."""
    at = now().replace(microsecond=0)
    item = await stage.sale(starts_at=at + timedelta(hours=1), ends_at=at + timedelta(hours=2))
    guest, path = Reader(stage), f"/products/{stage.product_id}"
    assert "暂停" not in texts(await guest.get(path))
    await stage.db.execute("UPDATE fs_items SET state = 'paused', rev = rev + 1 WHERE id = $1", item)
    assert "暂停" in texts(await guest.get(path))
    await stage.db.execute("UPDATE fs_items SET state = 'published', rev = rev + 1 WHERE id = $1", item)
    assert "暂停" not in texts(await guest.get(path))


async def test_home_shows_every_session_that_is_on_and_the_next_one(stage: Stage) -> None:
    at = now().replace(microsecond=0)
    windows = [(-90, 60), (-20, 30), (45, 120), (300, 360)]
    for n, (starts, ends) in enumerate(windows):
        await stage.sale(
            title=f"第{n}场的杯",
            starts_at=at + timedelta(minutes=starts),
            ends_at=at + timedelta(minutes=ends),
            sku_id=str(await stage.sku()),
        )
    home = await Reader(stage).get("/")
    shown = texts(home)
    # What began last comes first, then the other that is on, then the next; what comes after that is in the list.
    assert [shown.find(f"第{n}场的杯") for n in (1, 0, 2)] == sorted(shown.find(f"第{n}场的杯") for n in (1, 0, 2))
    assert all(f"第{n}场的杯" in shown for n in (0, 1, 2))
    assert "第3场的杯" not in shown
    hours = [shanghai(at + timedelta(minutes=windows[n][0])).strftime("%H:%M") for n in (1, 0, 2)]
    assert re.findall(r'type="radio" name="session"[^>]*><b>([\d:]+)</b>', home.text) == hours
    assert home.text.count('name="session" value="1" autocomplete="off" checked') == 1


async def test_the_session_with_the_most_to_buy_stands_first(stage: Stage) -> None:
    """One sale that began a moment ago does not hide the four of the hour."""
    at = now().replace(microsecond=0)
    for n, starts in enumerate((-60, -60, -5, 30)):
        await stage.sale(
            title=f"第{n}只杯",
            starts_at=at + timedelta(minutes=starts),
            ends_at=at + timedelta(minutes=90),
            sku_id=str(await stage.sku()),
        )
    home = await Reader(stage).get("/")
    hours = [shanghai(at + timedelta(minutes=n)).strftime("%H:%M") for n in (-60, -5, 30)]
    assert re.findall(r'type="radio" name="session"[^>]*><b>([\d:]+)</b>', home.text) == hours
    listed = texts(await Reader(stage).get("/flash-sales"))
    assert "第0只杯" in listed
    assert "第2只杯" not in listed
