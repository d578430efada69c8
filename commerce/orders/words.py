"""What an order's state means, in a sentence that says what happens next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import ceil

import msgspec

from commerce.orders.refunds import OrderRefund, RefundState, under_way
from commerce.orders.types import EXPIRED, Carrier, Order, OrderStatus, RefundStatus
from server.i18n import Translator

TITLES: dict[OrderStatus, str] = {
    OrderStatus.PENDING_PAYMENT: "待付款",
    OrderStatus.PENDING_SHIPMENT: "待发货",
    OrderStatus.PENDING_RECEIPT: "待收货",
    OrderStatus.COMPLETED: "已完成",
    OrderStatus.CANCELLED: "已取消",
}
TONES: dict[OrderStatus, str] = {
    OrderStatus.PENDING_PAYMENT: "hot",
    OrderStatus.PENDING_SHIPMENT: "wait",
    OrderStatus.PENDING_RECEIPT: "on",
    OrderStatus.COMPLETED: "",
    OrderStatus.CANCELLED: "",
}
CARRIERS: dict[Carrier, str] = {
    Carrier.SF: "顺丰 SF",
    Carrier.ZTO: "中通 ZTO",
    Carrier.YTO: "圆通 YTO",
    Carrier.STO: "申通 STO",
    Carrier.YD: "韵达 YD",
    Carrier.JD: "京东 JD",
    Carrier.EMS: "邮政 EMS",
    Carrier.OTHER: "其他快递",
}
STEPS = ("下单", "付款", "发货", "完成")
_AT = {
    OrderStatus.PENDING_PAYMENT: 1,
    OrderStatus.PENDING_SHIPMENT: 2,
    OrderStatus.PENDING_RECEIPT: 2,
    OrderStatus.COMPLETED: 4,
}


class Saying(msgspec.Struct, frozen=True):
    """Where the order stands, and what happens next."""

    title: str
    next: str


REFUNDING: dict[RefundState, str] = {
    RefundState.PENDING: "正在原路退回",
    RefundState.DONE: "已原路退回",
    RefundState.FAILED: "退款遇到问题，工作人员正在处理",
}


def saying(order: Order, kinds: set[str], at: datetime, tr: Translator, refunds: Sequence[OrderRefund] = ()) -> Saying:
    """Return the sentence of ``order`` at ``at``; ``kinds`` are those of its history."""
    states = {refund.status for refund in refunds}
    match order.status:
        case OrderStatus.PENDING_PAYMENT if at >= order.pay_before:
            return Saying(
                tr("付款时间到了，正在关闭订单"), tr("如果刚付了款，到账后这里会自己更新；没抢回货就原路退款")
            )
        case OrderStatus.PENDING_PAYMENT if "paid_wrong" in kinds:
            title = tr("付款金额不对，钱会原路退回")
            if RefundState.FAILED in states:
                title = tr("付款金额不对，退款遇到问题，工作人员正在处理")
            elif states == {RefundState.DONE}:
                title = tr("付款金额不对，钱已原路退回")
            return Saying(title, tr("请重新付一次款；超时未付，订单取消，货放回"))
        case OrderStatus.PENDING_PAYMENT:
            return Saying(tr("货给你留着，等你付款"), tr("超时未付，订单自动取消，货放回给别人"))
        case OrderStatus.PENDING_SHIPMENT if "revived" in kinds:
            return Saying(tr("付款晚到，货还在，订单已恢复"), tr("商家备货后发出，发货前还能改地址"))
        case OrderStatus.PENDING_SHIPMENT:
            return Saying(tr("付好了，等商家发货"), tr("发货前还能改地址"))
        case OrderStatus.PENDING_RECEIPT:
            return Saying(tr("已发货，在路上"), _until_receipt(order, at, tr, under_way(refunds)))
        case OrderStatus.COMPLETED:
            return Saying(tr("订单完成"), tr("谢谢，有问题可以到商品页的“问大家”里问"))
        case _ if RefundState.FAILED in states:
            return Saying(tr("订单已取消，退款遇到问题"), tr("工作人员正在处理退款，钱不会丢"))
        case _ if "paid_late" in kinds and order.refund_status is RefundStatus.NONE and not _of_late(refunds):
            return Saying(tr("付款晚到，正在处理"), tr("货还在就恢复订单，不在就原路退款，两者必居其一"))
        case _ if RefundState.PENDING in states:
            return Saying(tr("订单已取消，正在退款"), tr("原路退回你付款的账户，到账以支付渠道为准"))
        case _ if states or order.refund_status is not RefundStatus.NONE:
            return Saying(tr("订单已取消，钱已退回"), tr("原路退回你付款的账户，到账以支付渠道为准"))
        case _:
            # The history below says that its time was over; here stands what became of it.
            over = order.cancel_reason == EXPIRED
            return Saying(
                tr("订单已取消"), tr("没有在时限内付款，货已放回给别人" if over else order.cancel_reason or "")
            )


def _until_receipt(order: Order, at: datetime, tr: Translator, refunding: bool) -> str:
    """Return what the member may do, and when it happens by itself: in days, on the last one in hours."""
    if refunding:
        return tr("退款还没结束，这期间不会自动确认收货")
    if order.receipt_before is None:
        return tr("收到后请确认")
    hours = ceil((order.receipt_before - at).total_seconds() / 3600)
    if hours <= 0:
        return tr("收到后请确认，马上就自动确认收货")
    if hours <= 24:
        return tr("收到后请确认，还剩 {n} 小时自动确认收货").format(n=hours)
    return tr("收到后请确认，还剩 {n} 天自动确认收货").format(n=ceil(hours / 24))


def _of_late(refunds: Sequence[OrderRefund]) -> bool:
    """Tell whether the late payment has been decided to go back."""
    return any(refund.reason == "late" for refund in refunds)


def step(order: Order) -> int | None:
    """Return how far the order is on the way of STEPS; None for a cancelled one, which is on no way."""
    return _AT.get(order.status)
