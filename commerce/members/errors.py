"""What members are refused, and why."""

from __future__ import annotations

from server.errors import Conflict, Forbidden, Invalid, Problem, RateLimited, Unauthenticated


class CodeWrong(Unauthenticated):
    """No live code, or another one; which of them is not told."""

    code, message = "code_wrong", "验证码不对或已过期"


class CodeSpent(CodeWrong):
    """The code was tried wrong too often: the right one opens nothing any more either."""

    code, message = "code_spent", "验证码错太多次，请重新获取"


class CredentialsWrong(Unauthenticated):
    """No such account, no password, or another one; which of them is not told."""

    code, message = "credentials_wrong", "账号或密码不对"


class MemberBanned(Forbidden):
    """The account was closed by staff. Told only to who proved that it is theirs."""

    code, message = "member_banned", "这个账号已被平台停用，不能登录"


class NameReserved(Invalid):
    """A nickname passes for the platform or a shop. Its code is that of every wrong input."""

    def __init__(self) -> None:
        super().__init__("nickname", "这个昵称像是平台或店铺的，换一个")


class TooManyAddresses(Conflict):
    """A member keeps at most twenty addresses."""

    code, message = "too_many_addresses", "最多保存 {most} 个地址，先删掉不用的"


class ProofWrong(Problem):
    """The account was not proved: another password, or no such code; which of them is not told."""

    code, status, message = "proof_wrong", 422, "密码或验证码不对，或已过期"


class ProofSpent(ProofWrong):
    """The code that was to prove it was tried wrong too often."""

    code, message = "proof_spent", "验证码错太多次，请重新获取"


class NewCodeWrong(Problem):
    """The code of the new phone or mail address is another one, or has ended."""

    code, status, message = "new_code_wrong", 422, "新手机号或邮箱的验证码不对，或已过期"


class NewCodeSpent(NewCodeWrong):
    """The code of the new phone or mail address was tried wrong too often."""

    code, message = "new_code_spent", "验证码错太多次，请重新获取"


class SameContact(Conflict):
    """It is the account's own already."""

    code, message = "same_contact", "这就是现在绑定的，换一个"


class MergeOffered(Conflict):
    """The phone or mail address has an account; ``details.offer`` merges it with this one."""

    code, message = "merge_offered", "它已有另一个账号，可以把两个账号合并成一个"


class NoOtherAccount(Invalid):
    """Who wants to merge has proved a phone or mail address that logs in to nothing. Its code is any wrong input's."""

    def __init__(self) -> None:
        super().__init__("to", "没有账号用它登录，换一个试试")


class OfferEnded(Problem):
    """Too long ago, done already, or made to somebody else."""

    code, status, message = "offer_ended", 410, "合并的请求已失效，请重新绑定一次"


class MergeHeld(Conflict):
    """Something stands against merging; ``details`` lists it."""

    code, message = "merge_held", "现在还不能合并：{reason}"


class PayPasswordMissing(Conflict):
    """The member has no payment password yet."""

    code, message = "pay_password_missing", "还没设置支付密码，先到账户安全里设置"


class PayPasswordWrong(Problem):
    """The payment password is another one."""

    code, status, message = "pay_password_wrong", 422, "支付密码不对，还能试 {left} 次"


class PayPasswordLocked(RateLimited):
    """It was tried wrong too often; ``Retry-After`` says for how long."""

    code, message = "pay_password_locked", "支付密码试错太多次，3 小时内不能再用，也可以用验证码重设"


class LeavingHeld(Conflict):
    """Something stands against deleting the account; ``details`` lists it."""

    code, message = "leaving_held", "现在还不能注销：{reason}"


class ExportTooSoon(RateLimited):
    """A file of everything is made once a day."""

    code, message = "export_too_soon", "一天只能导出一次，明天再来"
