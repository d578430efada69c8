"""The catalogue of permissions: what each is called, what it lets people do, and where it belongs.

Texts are zh_CN msgids. Whoever adds a Permission adds its line here: nothing starts without.
"""

from __future__ import annotations

import msgspec

from commerce.staff.types import OF_THE_PLATFORM, Permission


class Right(msgspec.Struct, frozen=True):
    """One permission for people: its group, its name, what it lets them do."""

    permission: Permission
    group: str
    name: str
    text: str

    @property
    def of_the_platform(self) -> bool:
        """Whether it concerns every shop at once, so that no role in a shop can hold it."""
        return self.permission in OF_THE_PLATFORM


TRADE, GOODS, PROMOTION, PLATFORM, RIGHTS = "交易", "商品", "营销", "平台", "员工与权限"
RIGHTS_THERE_ARE: tuple[Right, ...] = (
    Right(Permission.ORDERS_VIEW, TRADE, "查看订单", "看订单和进度，收货人的手机号和地址打码"),
    Right(Permission.ORDERS_MANAGE, TRADE, "处理订单", "看完整的收货信息，发货、更正快递单号"),
    Right(Permission.PAYMENTS_VIEW, TRADE, "查看退款", "看每笔退款为什么退、到了哪一步"),
    Right(Permission.PAYMENTS_REFUND, TRADE, "处理退款", "重试没有成功的退款，钱会退给买家"),
    Right(Permission.PRODUCTS_VIEW, GOODS, "查看商品", "看商品、价格、库存和改动记录"),
    Right(Permission.PRODUCTS_MANAGE, GOODS, "管理商品", "新建、修改、上下架、批量修改、导入商品，改发货承诺"),
    Right(Permission.FLASHSALE_VIEW, PROMOTION, "查看秒杀", "看秒杀场次、实时数据和账目"),
    Right(Permission.FLASHSALE_MANAGE, PROMOTION, "管理秒杀", "安排、发布、暂停和结束秒杀"),
    Right(Permission.REVIEWS_REPLY, TRADE, "回复评价", "看店里的评价和问题，替店铺回复"),
    Right(Permission.REVIEWS_MODERATE, PLATFORM, "审核评价与问答", "决定评价和问答展示还是隐藏，改敏感词"),
    Right(
        Permission.CATALOGUE_MANAGE,
        PLATFORM,
        "管理分类与搜索",
        "改分类、品牌、属性、同义词、热搜和推荐搜索，看推荐数据",
    ),
    Right(Permission.MEMBERS_VIEW, PLATFORM, "查看会员", "查找会员，看手机号后四位"),
    Right(Permission.MEMBERS_MANAGE, PLATFORM, "管理会员", "封禁和解封会员"),
    Right(Permission.LEDGER_VIEW, PLATFORM, "查看账本", "看平台的总账和分录"),
    Right(Permission.MESSAGES_SEND, PLATFORM, "发送消息", "给会员发站内通知"),
    Right(Permission.STAFF_MANAGE, RIGHTS, "管理员工与角色", "添加员工、分配角色、停用账号、重置密码、建角色"),
    Right(Permission.AUDIT_VIEW, RIGHTS, "查看操作记录", "看谁在什么时候把什么改成了什么，并导出"),
)


def _complete() -> None:
    told = [right.permission for right in RIGHTS_THERE_ARE]
    missing = set(Permission) - {Permission.EVERYTHING} - set(told)
    if missing or len(told) != len(set(told)):
        raise LookupError(f"commerce/staff/permissions.py tells not once of: {', '.join(sorted(missing))}")


_complete()


def grouped() -> dict[str, list[Right]]:
    """Return the permissions by group, in their order."""
    found: dict[str, list[Right]] = {}
    for right in RIGHTS_THERE_ARE:
        found.setdefault(right.group, []).append(right)
    return found
