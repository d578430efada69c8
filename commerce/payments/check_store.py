"""The questions that hold orders, payments, refunds and the ledger against each other."""

from __future__ import annotations

from server.database import Connection

_QUESTIONS = {
    "payment {ref} took {a} fen, the ledger says {b}": """
        SELECT p.payment_no AS ref, coalesce(p.received, 0) AS a, coalesce(e.amount, 0) AS b
        FROM payments p
        LEFT JOIN ledger_transactions t ON t.kind = 'payment.captured' AND t.ref = p.payment_no
        LEFT JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'gateway:' || p.method
        WHERE coalesce(p.received, 0) <> coalesce(e.amount, 0)
    """,
    "the ledger has taken {b} fen for payment {ref}, which does not exist": """
        SELECT t.ref, 0 AS a, e.amount AS b FROM ledger_transactions t
        JOIN ledger_entries e ON e.transaction_id = t.id AND e.account LIKE 'gateway:%'
        WHERE t.kind = 'payment.captured' AND NOT EXISTS (SELECT FROM payments p WHERE p.payment_no = t.ref)
    """,
    "refund {ref} of {a} fen is done, the ledger gave {b}": """
        SELECT r.refund_no AS ref, CASE r.status WHEN 'done' THEN r.amount ELSE 0 END AS a,
            coalesce(-sum(e.amount), 0)::bigint AS b
        FROM refunds r JOIN payments p ON p.id = r.payment_id JOIN refund_attempts n ON n.refund_id = r.id
        LEFT JOIN ledger_transactions t ON t.kind = 'refund.done' AND t.ref = n.ref
        LEFT JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'gateway:' || p.method
        GROUP BY r.id
        HAVING CASE r.status WHEN 'done' THEN r.amount ELSE 0 END <> coalesce(-sum(e.amount), 0)
    """,
    "refund {ref} has {a} fen on their way, the ledger {b}": """
        SELECT r.refund_no AS ref, CASE r.status WHEN 'pending' THEN r.amount ELSE 0 END AS a,
            coalesce(-sum(e.amount), 0)::bigint AS b
        FROM refunds r JOIN refund_attempts n ON n.refund_id = r.id
        LEFT JOIN ledger_transactions t
            ON t.kind IN ('refund.decided', 'refund.done', 'refund.failed') AND t.ref = n.ref
        LEFT JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'refunds:clearing'
        GROUP BY r.id
        HAVING CASE r.status WHEN 'pending' THEN r.amount ELSE 0 END <> coalesce(-sum(e.amount), 0)
    """,
    "refund {ref} was refused {a} times, the ledger says {b}": """
        SELECT r.refund_no AS ref, r.attempt - 1 + (r.status = 'failed')::integer AS a, count(t.id) AS b
        FROM refunds r JOIN refund_attempts n ON n.refund_id = r.id
        LEFT JOIN ledger_transactions t ON t.kind = 'refund.failed' AND t.ref = n.ref
        GROUP BY r.id HAVING r.attempt - 1 + (r.status = 'failed')::integer <> count(t.id)
    """,
    "the ledger speaks of refund {ref}, of which there is no such attempt": """
        SELECT t.ref, 0 AS a, 0 AS b FROM ledger_transactions t
        WHERE t.kind IN ('refund.decided', 'refund.done', 'refund.failed')
            AND NOT EXISTS (SELECT FROM refund_attempts n WHERE n.ref = t.ref)
    """,
    "payment {ref} received {a} fen and gives back {b}": """
        SELECT p.payment_no AS ref, coalesce(p.received, 0) AS a, sum(r.amount)::bigint AS b
        FROM payments p JOIN refunds r ON r.payment_id = p.id AND r.status <> 'failed'
        GROUP BY p.id HAVING sum(r.amount) > coalesce(p.received, 0)
    """,
    "order {ref} says it was paid {a} fen, its payments {b}": """
        SELECT o.order_no AS ref, o.paid AS a, coalesce(sum(p.received), 0)::bigint AS b
        FROM orders o
        LEFT JOIN payments p ON p.order_id = o.id AND (p.purpose = 'order' OR p.late_decision = 'rewon')
        GROUP BY o.id HAVING o.paid <> coalesce(sum(p.received), 0)
    """,
    "late payment {ref} was rewon and gives back {b} fen": """
        SELECT p.payment_no AS ref, 0 AS a, r.amount AS b FROM payments p JOIN refunds r ON r.payment_id = p.id
        WHERE p.late_decision = 'rewon' AND r.reason = 'late'
    """,
    "payment {ref} of {a} fen must go back and {b} fen do": """
        SELECT p.payment_no AS ref, p.received AS a, coalesce(sum(r.amount), 0)::bigint AS b
        FROM payments p LEFT JOIN refunds r ON r.payment_id = p.id AND r.status <> 'failed'
        WHERE p.purpose IN ('double', 'mismatch') OR p.late_decision = 'refund'
        GROUP BY p.id HAVING p.received <> coalesce(sum(r.amount), 0)
    """,
}


async def disagreements(connection: Connection) -> list[str]:
    """Return what does not agree, one sentence each."""
    found = []
    for sentence, question in _QUESTIONS.items():
        found += [sentence.format(ref=row["ref"], a=row["a"], b=row["b"]) for row in await connection.fetch(question)]
    return found
