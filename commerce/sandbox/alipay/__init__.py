"""A simulated Alipay: the real protocol, keys of its own, its cashier, and a tester who decides what buyers do.

It stands outside the platform as the real one does: it shares no code with the provider that talks to it, knows the
merchant's public key only, and tells the platform nothing but by HTTP.
"""

from commerce.sandbox.alipay.assembly import setup

__all__ = ["setup"]
