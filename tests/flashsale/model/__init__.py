"""The purchase path as a finite machine, walked through completely: the specification that the code is held to.

Every activity (a web process, the recovery worker, the sweeper, a payment, a rebuild) is a small process whose steps
are one Redis script or one PostgreSQL transaction each. All interleavings of these steps with clients that send again,
kills, lost answers, Redis losing its data, restarting, or coming back as an older copy are explored, for a few members,
requests and units. ``rules`` lists what the protocol demands, ``state`` says what there is, ``selling``, ``returning``,
``paying`` and ``rebuilding`` what happens, ``faults`` what goes wrong, ``invariants`` what must hold; ``search`` walks.
"""
