"""The message centre: every reminder and notice in one place, by the ways and in the hours that each member chose.

    PAID = MessageKind(code="orders.paid", category=Category.ORDER, title="付款成功", text="订单 {order_no} 已付款",
                       ways=(Way.EMAIL,), example={"order_no": "2026…"})
    app.resource(Messages).kind(PAID)                                         # in setup(app)
    await messages.tell(connection, member_id, PAID, {"order_no": order_no}, link=f"/orders/{order_no}", dedupe=…)

``tell`` and ``tell_all`` belong to their caller's transaction. The texts need their
English in the feature's locale/en.po.
"""

from commerce.messages.kinds import Messages
from commerce.messages.tell import Telling, tell, tell_all
from commerce.messages.types import Category, MessageKind, Way

__all__ = ["Category", "MessageKind", "Messages", "Telling", "Way", "tell", "tell_all"]
