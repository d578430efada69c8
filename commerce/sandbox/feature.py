"""The sandboxes, assembled. Where the settings have them off there is nothing: their addresses answer 404."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from commerce.sandbox import alipay, inbox, logins
from server.application import Application
from server.http import Anyone, Call, Routes
from server.http.pages import Page

routes = Routes("sandbox")


class Sandbox(msgspec.Struct, frozen=True):
    """One simulated third party: how it joins, and where people see it."""

    setup: Callable[[Application], None]
    title: str
    text: str
    href: str
    icon: str


SANDBOXES = (
    Sandbox(inbox.setup, "收件箱", "短信和邮件本该发出的内容，登录验证码在这里看", "/sandbox/inbox", "chat"),
    Sandbox(
        alipay.setup,
        "支付宝",
        "收银台：付款、失败、付晚、通知两次、金额不对，由你定",
        "/sandbox/alipay",
        "wallet",
    ),
    Sandbox(logins.setup_wechat, "微信", "微信登录：选一个人，同意、拒绝，或让授权码过期", "/sandbox/wechat", "chat"),
    Sandbox(logins.setup_qq, "QQ", "QQ 登录：选一个人，同意、拒绝，或让授权码过期", "/sandbox/qq", "user"),
)


def setup(app: Application) -> None:
    """Register the sandboxes, if there are to be any."""
    if not app.settings.sandboxes:
        return
    app.add(routes)
    for sandbox in SANDBOXES:
        sandbox.setup(app)


@routes.page("/sandbox", Anyone())
async def show_sandboxes(call: Call) -> Page:
    """Show every simulated third party."""
    return Page("sandbox/index.html", {"sandboxes": SANDBOXES})
