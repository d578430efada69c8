"""What the owner of an account is told at once and cannot switch off, in case it was not they who did it."""

from __future__ import annotations

import structlog

from commerce.members.types import Secured
from commerce.messages.tell import tell
from commerce.messages.types import Category, MessageKind, Way
from server.application import Application
from server.clock import now, shanghai
from server.database import Connection

log = structlog.get_logger("messages")
BOTH = (Way.SMS, Way.EMAIL)


def _alarm(code: str, title: str, text: str, ways: tuple[Way, ...] = BOTH, **example: str) -> MessageKind:
    return MessageKind(
        code=f"security.{code}",
        category=Category.SYSTEM,
        title=title,
        text=text,
        ways=ways,
        urgent=True,
        example=example,
    )


ALARMS: dict[str, tuple[MessageKind, str]] = {
    "new_device": (
        _alarm(
            "new_device",
            "新设备登录",
            "{at} 有新设备登录了你的账户：{device} {address}。不是你的话，请马上改密码。",
            at="11-22 20:15",
            device="Chrome · Windows",
            address="203.0.113.7",
        ),
        "/me/devices",
    ),
    "password_set": (
        _alarm(
            "password_set",
            "登录密码已修改",
            "{at} 修改了登录密码，其他设备都已退出。不是你的话，请马上联系客服。",
            at="11-22 20:15",
        ),
        "/me/security",
    ),
    "pay_password_set": (
        _alarm(
            "pay_password_set", "支付密码已设置", "{at} 设置了支付密码。不是你的话，请马上联系客服。", at="11-22 20:15"
        ),
        "/me/security",
    ),
    # The number or mailbox that was given up is told by whoever changes it: here the new one is.
    "phone_changed": (
        _alarm("phone_changed", "手机号已换绑", "{at} 换绑了手机号。不是你的话，请马上联系客服。", at="11-22 20:15"),
        "/me/security",
    ),
    "email_changed": (
        _alarm("email_changed", "邮箱已换绑", "{at} 换绑了邮箱。不是你的话，请马上联系客服。", at="11-22 20:15"),
        "/me/security",
    ),
    "phone_added": (
        _alarm("phone_added", "已绑定手机号", "{at} 绑定了手机号。不是你的话，请马上联系客服。", at="11-22 20:15"),
        "/me/security",
    ),
    "email_added": (
        _alarm("email_added", "已绑定邮箱", "{at} 绑定了邮箱。不是你的话，请马上联系客服。", at="11-22 20:15"),
        "/me/security",
    ),
    "identity_bound": (
        _alarm(
            "identity_bound",
            "新的登录方式",
            "{at} 绑定了{device}，以后可以用它登录。不是你的话，请马上解绑。",
            at="11-22 20:15",
            device="QQ",
        ),
        "/me/security",
    ),
    "merged": (
        _alarm("merged", "账户已合并", "{at} 另一个账户的订单、收藏和消息都并到了这里。", (), at="11-22 20:15"),
        "/me",
    ),
    "leaving": (
        _alarm("leaving", "账户将注销", "{at} 申请了注销账户，到期前登录可以撤回。", at="11-22 20:15"),
        "/me/security",
    ),
    "export_ready": (
        _alarm("export_ready", "你的数据可以下载了", "你要的个人数据已经整理好，过期前都可以下载。", (Way.EMAIL,)),
        "/me/data",
    ),
}
"""What Secured may say: the kind of message, and where it leads."""


async def sound(app: Application, connection: Connection, event: Secured, event_id: int) -> None:
    """Tell the owner of an account what happened to it."""
    if event.what not in ALARMS:
        log.error("no message for what happened to an account", what=event.what)
        return
    kind, link = ALARMS[event.what]
    values = {
        "at": shanghai(now()).strftime("%m-%d %H:%M"),
        "device": event.device,
        "address": event.address,
    }
    known = {name: value for name, value in values.items() if name in kind.places}
    await tell(connection, event.member_id, kind, known, link=link, dedupe=f"secured:{event_id}")
