"""What members are refused, and why."""

from __future__ import annotations

from server.errors import Conflict, Forbidden, Unauthenticated


class CodeWrong(Unauthenticated):
    """No live code, or another one; which of them is not told."""

    code, message = "code_wrong", "验证码不对或已过期"


class CredentialsWrong(Unauthenticated):
    """No such account, no password, or another one; which of them is not told."""

    code, message = "credentials_wrong", "账号或密码不对"


class MemberBanned(Forbidden):
    """The account was closed by staff. Told only to who proved that it is theirs."""

    code, message = "member_banned", "这个账号已停用，有疑问请联系客服"


class TooManyAddresses(Conflict):
    """A member keeps at most twenty addresses."""

    code, message = "too_many_addresses", "最多保存 {most} 个地址，先删掉不用的"
