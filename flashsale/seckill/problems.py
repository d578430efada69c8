"""The refusals of a flash sale."""

from __future__ import annotations

from server.errors import Conflict, Forbidden


class SoldOut(Conflict):
    """Nothing left, for now: unpaid units may come back."""

    code, message = "sold_out", "已抢光，有人未付款时会重新放出"


class LimitReached(Conflict):
    """The member has, or asks for, more than one person may buy."""

    code, message = "limit_reached", "已达到每人限购数量"


class NotStarted(Conflict):
    """Too early."""

    code, message = "not_started", "抢购还没有开始"


class Ended(Conflict):
    """Too late."""

    code, message = "ended", "抢购已经结束"


class Paused(Conflict):
    """The shop has paused the sale."""

    code, message = "paused", "抢购暂停中，请稍候"


class AddressMissing(Conflict):
    """An order needs an address, and the member has no default one."""

    code, message = "address_missing", "请先设置默认收货地址"


class AttemptVoid(Conflict):
    """The win could not be written down and was given back; another key may win."""

    code, message = "attempt_void", "这次抢购没有成功，请重新抢购"


class TicketInvalid(Forbidden):
    """Not our ticket, or somebody else's, or for another sale."""

    code, message = "ticket_invalid", "抢购资格无效，请重新获取"


class TicketExpired(Forbidden):
    """A ticket of ours whose time is over."""

    code, message = "ticket_expired", "抢购资格已过期，请重新获取"


class ChallengeFailed(Forbidden):
    """The captcha or proof of work is missing or wrong."""

    code, message = "challenge_failed", "验证没有通过，请重试"


class NotDraft(Conflict):
    """Only a draft may be changed."""

    code, message = "not_draft", "活动已发布，不能修改"


class IllegalMove(Conflict):
    """The sale's state does not allow it."""

    code, message = "illegal_move", "活动当前状态不能这样操作"


class StockShort(Conflict):
    """The SKU has less free stock than the sale wants."""

    code, message = "stock_short", "商品可用库存不足，还剩 {free} 件"
