"""Every kind of message that the features declare. They join in setup(app): ``app.resource(Messages).kind(PAID)``."""

from __future__ import annotations

from collections.abc import Iterator

from commerce.messages.types import Category, Message, MessageKind
from server.i18n import Translator


class Messages:
    """The kinds of one process."""

    def __init__(self) -> None:
        self._kinds: dict[str, MessageKind] = {}

    def kind(self, *kinds: MessageKind) -> None:
        """Declare kinds. Raises ValueError when a code is taken, or an example does not fill its texts."""
        for kind in kinds:
            if kind.code in self._kinds:
                raise ValueError(f"message {kind.code} is declared twice")
            if kind.places != set(kind.example):
                raise ValueError(f"message {kind.code}: its example fills {sorted(kind.example)}")
            self._kinds[kind.code] = kind

    def of(self, code: str) -> MessageKind | None:
        """Return a kind by its code."""
        return self._kinds.get(code)

    def __iter__(self) -> Iterator[MessageKind]:
        return iter(sorted(self._kinds.values(), key=lambda kind: (list(Category).index(kind.category), kind.code)))

    @property
    def switches(self) -> list[MessageKind]:
        """Return the kinds that members may switch off by themselves."""
        return [kind for kind in self if kind.switch]

    def said(self, tr: Translator, message: Message) -> tuple[str, str]:
        """Return title and text of a message; of a kind that nobody declares any more only that there was one."""
        kind = self.of(message.kind)
        return kind.said(tr, message.facts) if kind is not None else (tr("一条旧消息"), "")
