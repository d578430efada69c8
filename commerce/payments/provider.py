"""What every gateway can do for the platform, whatever its protocol. Providers live in providers/."""

from __future__ import annotations

from typing import Protocol

from commerce.payments.types import MethodUnavailable, Payment, Refund, Trade


class Provider(Protocol):
    """One gateway. Everything that is ``async`` waits for it, with a timeout: never inside a transaction."""

    @property
    def method(self) -> str:
        """Return the name of the method on the wire and in the ledger: ``alipay``."""

    @property
    def title(self) -> str:
        """Return what people call it, in zh_CN."""

    @property
    def gateway(self) -> str:
        """Return the address of the gateway, where its cashier lies too."""

    def pay_url(self, payment: Payment, subject: str) -> str:
        """Return the signed address of the gateway's cashier for a payment. Asks nobody."""

    def notification(self, raw: bytes) -> Trade:
        """Return what an asynchronous notification says, its signature verified. Raises Forged."""

    async def query(self, payment: Payment) -> Trade:
        """Ask how a payment stands. Raises GatewayDown."""

    async def close(self, payment: Payment) -> Trade:
        """Close a payment so that nobody can make it any more, and return how it stands now. Raises GatewayDown."""

    async def refund(self, payment: Payment, refund: Refund) -> None:
        """Give money back; the same refund number moves it once only. Raises GatewayDown, GatewayRefused."""


class Providers:
    """The gateways that this installation uses, by method; a resource of the application."""

    def __init__(self) -> None:
        self._providers: dict[str, Provider] = {}

    def register(self, provider: Provider) -> None:
        """Add a gateway. Raises ValueError when its method is taken."""
        if provider.method in self._providers:
            raise ValueError(f"the method {provider.method} is registered twice")
        self._providers[provider.method] = provider

    def of(self, method: str) -> Provider:
        """Return the gateway of a method. Raises MethodUnavailable."""
        try:
            return self._providers[method]
        except KeyError:
            raise MethodUnavailable(field="method") from None

    def all(self) -> list[Provider]:
        """Return every gateway, in the order they were registered."""
        return list(self._providers.values())
