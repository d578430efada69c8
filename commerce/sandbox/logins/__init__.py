"""A simulated WeChat and a simulated QQ that people log in with: the real protocols, people whom a tester plays.

They stand outside the platform as the real ones do: they know an application by its id and secret and tell it nothing
but by HTTP.
"""

from commerce.sandbox.logins.assembly import setup_qq, setup_wechat

__all__ = ["setup_qq", "setup_wechat"]
