"""Refusals of attempts, encoded once for each language: refusing is most of what a flash sale does."""

from __future__ import annotations

import msgspec
from aiohttp import hdrs, web
from multidict import CIMultiDict

from flashsale.gate import Outcome
from flashsale.seckill.problems import Ended, LimitReached, NotStarted, Paused, SoldOut
from server.errors import IdempotencyMismatch, Problem, Unavailable
from server.http.ready import Ready, suits
from server.i18n import Translations, Translator

OF_OUTCOME: dict[Outcome, Problem] = {
    Outcome.MISMATCH: IdempotencyMismatch(),
    Outcome.NOT_STARTED: NotStarted(),
    Outcome.ENDED: Ended(),
    Outcome.PAUSED: Paused(),
    Outcome.SOLD_OUT: SoldOut(),
    Outcome.LIMIT_REACHED: LimitReached(),
    Outcome.UNAVAILABLE: Unavailable(),
}
"""What a member hears of each answer of the gate that is no win. Shared by all requests: never raised."""


class Refusals:
    """Answers to attempts that won nothing."""

    def __init__(self, translations: Translations) -> None:
        self._translations = translations
        self._made: dict[tuple[str, str], tuple[Ready, bytes]] = {}
        self._languages: dict[str, Translator] = {}

    def answer(self, request: web.Request, problem: Problem) -> web.StreamResponse:
        """Return the answer that tells ``problem``, one without values of its own."""
        tr = self._translator(request)
        made = self._made.get((tr.locale, problem.code))
        if made is None:
            error: dict[str, object] = {"code": problem.code, "message": tr(problem.message)}
            if problem.field is not None:
                error["field"] = problem.field
            body = msgspec.json.encode({"error": error})
            made = self._made[tr.locale, problem.code] = Ready(problem.status, body, problem.headers), body
        ready, body = made
        if suits(request):
            return ready
        headers = CIMultiDict(problem.headers)
        headers[hdrs.CONTENT_TYPE] = "application/json; charset=utf-8"
        return web.Response(status=problem.status, body=body, headers=headers)

    def _translator(self, request: web.Request) -> Translator:
        if hdrs.COOKIE in request.headers:
            return self._translations.negotiate(request)
        language = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        known = self._languages.get(language)
        if known is None:
            known = self._translations.negotiate(request)
            if len(self._languages) < 1000:
                self._languages[language] = known
        return known
