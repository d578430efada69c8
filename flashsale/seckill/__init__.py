"""Flash sales (秒杀): first come, first served, and the books balance (docs/purchase-path.md).

`admission` gives tickets, `attempt` is the one path of a buyer through gate and `settle`; `release`, `rewin` and
`rebuild` mirror the steps of that page, `recover` does what a dead process left, `verify` holds the books together.
"""
