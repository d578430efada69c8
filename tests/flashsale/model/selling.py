"""Clients, web processes and the recovery worker: steps 2–5."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.flashsale.model.rules import Config
from tests.flashsale.model.state import (
    ACCEPTED,
    LATE,
    QUEUED,
    REFUSED,
    WON,
    Entry,
    Ledger,
    Move,
    Row,
    State,
    Web,
    fit,
    in_step,
    put,
    spend,
)


def moves(config: Config, state: State) -> Iterator[Move]:
    """Every step that a client, a web process or the worker can take."""
    for at in range(len(config.requests)):
        if state.sends[at]:
            yield from _send(config, state, at)
    for number, web in enumerate(state.webs):
        if web.asked:
            yield _admit(config, state, number, web)
        if web.admitted:
            yield from _settle(config, state, number, web)
        if web.committed:
            yield _answer(config, state, number, web)
        if web.lease is not None:
            yield Move(f"web{number}: its lease is over", True, _web(state, number, web._replace(lease=None)))
    for number, task in enumerate(state.workers):
        yield from _recover(config, state, number, task)


def settle(config: Config, ledger: Ledger, entries: Iterable[Entry]) -> tuple[Ledger, frozenset[Entry]]:
    """One transaction over journal entries. Returns those which PostgreSQL now knows; the others are stale."""
    known = set()
    for entry in sorted(entries):
        at, epoch, gen = entry
        row = ledger.rows[at]
        fenced = config.rules.fence and epoch != ledger.epoch
        if gen == 1:
            if row is None and fenced:
                continue
            if row is None:
                ledger = ledger._replace(
                    rows=put(ledger.rows, at, Row("H", 1)), orders=put(ledger.orders, at, ledger.orders[at] + 1)
                )
            elif not config.rules.order_from_row:
                ledger = ledger._replace(orders=put(ledger.orders, at, ledger.orders[at] + 1))
        elif row != Row("P", gen):
            if fenced:
                continue
            if ledger.payments[at] & LATE:
                ledger = rewon(ledger, at, gen)
            else:
                # The payment was refunded meanwhile: the units go back as any others do.
                ledger = ledger._replace(releases=ledger.releases | {Entry(at, ledger.epoch, gen)})
        known.add(entry)
    return ledger, frozenset(known)


def rewon(ledger: Ledger, at: int, gen: int) -> Ledger:
    """The late payment is accepted, the order paid."""
    payment = (ledger.payments[at] & ~LATE) | ACCEPTED
    return ledger._replace(rows=put(ledger.rows, at, Row("P", gen)), payments=put(ledger.payments, at, payment))


def remove(config: Config, state: State, entries: Iterable[Entry]) -> State:
    """journal_remove.lua; needs no stamp, as it takes away only what agrees in everything."""
    if state.redis is None:
        return state
    if config.rules.removal_by_epoch:
        journal = state.redis.journal - frozenset(entries)
    else:
        names = {(entry.request, entry.gen) for entry in entries}
        journal = frozenset(entry for entry in state.redis.journal if (entry.request, entry.gen) not in names)
    return state._replace(redis=state.redis._replace(journal=journal))


def _web(state: State, number: int, web: Web) -> State:
    return state._replace(webs=put(state.webs, number, web))


def _refuse(config: Config, state: State, at: int, why: str) -> State:
    redis = state.redis
    held = redis is not None and in_step(config, state) and bool(redis.held[at])
    wrong = f"WRONG ANSWER: request {at} hears {why} although it has won" if held or state.pg.rows[at] else ""
    return state._replace(answers=put(state.answers, at, state.answers[at] | REFUSED), wrong=wrong or state.wrong)


def _send(config: Config, state: State, at: int) -> Iterator[Move]:
    sent = state._replace(sends=put(state.sends, at, state.sends[at] - 1))
    for number, web in enumerate(state.webs):
        if web.lease is not None and config.requests[at].member not in web.lease:
            refused = _refuse(config, sent, at, "'sold out' by a lease")
            yield Move(f"request {at} is sent to web{number}, whose lease says sold out", False, refused)
        elif at not in web.asked:
            asked = _web(sent, number, web._replace(asked=web.asked | {at}))
            yield Move(f"request {at} is sent to web{number}", False, asked)


def _admit(config: Config, state: State, number: int, web: Web) -> Move:
    """admit.lua over everything that waits."""
    redis = state.redis
    if redis is None or redis.gate or not fit(config, state):
        return Move(
            f"web{number}: unavailable, answers 503", True, _web(state, number, web._replace(asked=frozenset()))
        )
    admitted, lease = set(web.admitted), web.lease
    for at in sorted(web.asked):
        member, quantity = config.requests[at]
        if redis.records[at]:
            admitted.add(Entry(at, redis.epoch, 1))
        elif redis.ended:
            state = _refuse(config, state._replace(redis=redis), at, "'ended'")
        elif redis.units[member] + quantity > config.limit:
            state = _refuse(config, state._replace(redis=redis), at, "'limit reached'")
        elif quantity > redis.avail:
            state = _refuse(config, state._replace(redis=redis), at, "'sold out'")
            if config.lease and (redis.park == 0 or not config.rules.park):
                winners = (config.requests[r].member for r, won in enumerate(redis.records) if won)
                lease = frozenset(winners) if config.rules.lease_knows_winners else frozenset()
        else:
            redis = redis._replace(
                avail=redis.avail - quantity,
                held=put(redis.held, at, 1),
                units=put(redis.units, member, redis.units[member] + quantity),
                records=put(redis.records, at, True),
                journal=redis.journal | {Entry(at, redis.epoch, 1)},
            )
            admitted.add(Entry(at, redis.epoch, 1))
    after = web._replace(asked=frozenset(), admitted=frozenset(admitted), lease=lease)
    label = f"web{number}: admit.lua for {sorted(web.asked)}"
    return Move(label, True, _web(state._replace(redis=redis), number, after))


def _settle(config: Config, state: State, number: int, web: Web) -> Iterator[Move]:
    names = sorted(entry.request for entry in web.admitted)
    ledger, known = settle(config, state.pg, web.admitted)
    after = web._replace(admitted=frozenset(), committed=web.committed | known)
    yield Move(f"web{number}: commits {names}", True, _web(state._replace(pg=ledger), number, after))
    if state.budget.lost_answer:
        lost = state._replace(pg=ledger, budget=spend(state.budget, "lost_answer"))
        yield Move(f"web{number}: commits {names}, the answer is lost", False, lost)
        if not config.rules.web_never_returns and fit(config, state):
            back = _return_in_redis(config, lost, min(web.admitted))
            after = web._replace(admitted=frozenset())
            yield Move(
                f"web{number}: commits {names}, answer lost; returns one in Redis", False, _web(back, number, after)
            )
    if not config.rules.commit_before_removal and state.redis is not None and web.admitted & state.redis.journal:
        early = remove(config, state, web.admitted)
        yield Move(f"web{number}: removes {names} from the journal before the commit", True, early)
    if config.queued:
        answers = state.answers
        for at in names:
            answers = put(answers, at, answers[at] | QUEUED)
        if answers != state.answers:
            yield Move(f"web{number}: answers 202 to {names}", False, state._replace(answers=answers))


def _return_in_redis(config: Config, state: State, entry: Entry) -> State:
    redis, at = state.redis, entry.request
    assert redis is not None
    member, quantity = config.requests[at]
    redis = redis._replace(
        avail=redis.avail + quantity,
        held=put(redis.held, at, 0),
        records=put(redis.records, at, False),
        units=put(redis.units, member, redis.units[member] - quantity),
        journal=frozenset(one for one in redis.journal if one.request != at),
    )
    return state._replace(redis=redis)


def _answer(config: Config, state: State, number: int, web: Web) -> Move:
    answers = state.answers
    for entry in web.committed:
        answers = put(answers, entry.request, answers[entry.request] | WON)
    after = _web(state._replace(answers=answers), number, web._replace(committed=frozenset()))
    names = sorted(entry.request for entry in web.committed)
    label = f"web{number}: removes {names} from the journal, answers 201"
    return Move(label, True, remove(config, after, web.committed))


def _recover(config: Config, state: State, number: int, task: tuple[str, frozenset[Entry]] | None) -> Iterator[Move]:
    def at(step: tuple[str, frozenset[Entry]] | None, state: State) -> State:
        return state._replace(workers=put(state.workers, number, step))

    if task is None:
        if state.redis is not None and state.redis.journal:
            journal = state.redis.journal
            yield Move(f"worker{number}: reads the journal {_names(journal)}", True, at(("settle", journal), state))
        return
    step, entries = task
    if step == "settle":
        ledger, _ = settle(config, state.pg, entries)
        after = at(("remove", entries), state._replace(pg=ledger))
        yield Move(f"worker{number}: commits {_names(entries)}", True, after)
    else:
        yield Move(f"worker{number}: removes {_names(entries)}", True, at(None, remove(config, state, entries)))


def _names(entries: Iterable[Entry]) -> list[str]:
    return [f"{entry.request} of epoch {entry.epoch}, generation {entry.gen}" for entry in sorted(entries)]
