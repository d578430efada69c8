"""Commerce: members, staff, catalogue, stock, ledger, orders, payments, and the sandboxes they are tried against."""
