"""Where the history is kept: journals over a database or in memory, and the evidence files.

Nothing is imported here: a host that never opens a database does not load SQLAlchemy. Take
``open_journal`` and ``create_journal`` from ``lifecycle.storage.journal``, ``MemoryJournal`` from
``lifecycle.storage.memory`` and the evidence stores from ``lifecycle.storage.evidence``.
"""
