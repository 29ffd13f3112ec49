"""Every step of the schema, in order. A step that was released is never changed.

``{float}``, ``{blob}`` and ``{serial}`` stand for ``Dialect.column_types``.
"""

from __future__ import annotations

_FIRST = (
    """
    CREATE TABLE incidents (
        id TEXT NOT NULL PRIMARY KEY,
        source TEXT NOT NULL,
        host TEXT,
        boot TEXT NOT NULL,
        kernel TEXT,
        kind TEXT NOT NULL,
        severity TEXT NOT NULL,
        title TEXT NOT NULL,
        function TEXT,
        fingerprint TEXT NOT NULL,
        analysis_version INTEGER NOT NULL,
        panicked BOOLEAN NOT NULL,
        ended_by TEXT NOT NULL,
        onset_at TEXT NOT NULL,
        received_at {float} NOT NULL,
        decision TEXT NOT NULL,
        report TEXT NOT NULL
    )
    """,
    "CREATE INDEX incidents_by_time ON incidents (received_at)",
    "CREATE INDEX incidents_by_fingerprint ON incidents (fingerprint)",
    "CREATE INDEX incidents_by_source ON incidents (source)",
    """
    CREATE TABLE traces (
        incident_id TEXT NOT NULL PRIMARY KEY REFERENCES incidents (id),
        spool_json {blob} NOT NULL
    )
    """,
    """
    CREATE TABLE senders (
        source TEXT NOT NULL PRIMARY KEY,
        host TEXT,
        kernel TEXT,
        boot TEXT,
        says TEXT NOT NULL,
        first_heard_at TEXT NOT NULL,
        last_heard_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE boots (
        id TEXT NOT NULL PRIMARY KEY,
        source TEXT NOT NULL,
        boot TEXT NOT NULL,
        announced BOOLEAN NOT NULL,
        at TEXT NOT NULL,
        record TEXT NOT NULL
    )
    """,
    "CREATE INDEX boots_by_source ON boots (source)",
    """
    CREATE TABLE latest (
        name TEXT NOT NULL PRIMARY KEY,
        record TEXT NOT NULL,
        received_at {float} NOT NULL
    )
    """,
    """
    CREATE TABLE notifications (
        id TEXT NOT NULL PRIMARY KEY,
        kind TEXT NOT NULL,
        incident_id TEXT REFERENCES incidents (id),
        decision TEXT NOT NULL,
        created_at {float} NOT NULL,
        details TEXT
    )
    """,
    "CREATE INDEX notifications_by_incident ON notifications (incident_id)",
    """
    CREATE TABLE outbox (
        id {serial} PRIMARY KEY,
        notification_id TEXT NOT NULL REFERENCES notifications (id),
        service_key TEXT NOT NULL,
        service_label TEXT NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        next_attempt_at {float} NOT NULL,
        owner TEXT,
        created_at {float} NOT NULL,
        finished_at {float},
        last_reason TEXT,
        order_key TEXT,
        overtakable BOOLEAN NOT NULL,
        stands_in_for TEXT,
        reported BOOLEAN NOT NULL,
        first_attempt_at {float},
        attempted_at {float},
        in_doubt INTEGER NOT NULL,
        UNIQUE (notification_id, service_key)
    )
    """,
    "CREATE INDEX outbox_in_order ON outbox (service_key, order_key, state)",
    "CREATE INDEX outbox_due ON outbox (service_key, state, next_attempt_at)",
    """
    CREATE TABLE notification_log (
        id {serial} PRIMARY KEY,
        outbox_id INTEGER NOT NULL REFERENCES outbox (id),
        attempt INTEGER NOT NULL,
        at {float} NOT NULL,
        took_s {float} NOT NULL,
        delivered BOOLEAN NOT NULL,
        reason TEXT NOT NULL
    )
    """,
    "CREATE INDEX notification_log_by_outbox ON notification_log (outbox_id)",
    """
    CREATE TABLE decisions (
        id {serial} PRIMARY KEY,
        at {float} NOT NULL,
        subject TEXT NOT NULL,
        decision TEXT NOT NULL,
        reason TEXT NOT NULL,
        services TEXT NOT NULL,
        cause TEXT,
        message_id TEXT,
        suppressed BOOLEAN NOT NULL
    )
    """,
    "CREATE INDEX decisions_by_subject ON decisions (subject)",
    "CREATE INDEX decisions_by_time ON decisions (at)",
    """
    CREATE TABLE silences (
        id TEXT NOT NULL PRIMARY KEY,
        matchers TEXT NOT NULL,
        author TEXT NOT NULL,
        comment TEXT NOT NULL,
        starts_at {float} NOT NULL,
        ends_at {float} NOT NULL,
        revision INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE policy_state (
        part TEXT NOT NULL,
        name TEXT NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (part, name)
    )
    """,
    """
    CREATE TABLE policy_log (
        id {serial} PRIMARY KEY,
        at {float} NOT NULL,
        kind TEXT NOT NULL,
        content TEXT NOT NULL
    )
    """,
)

_LIFECYCLE = (
    "ALTER TABLE silences ADD COLUMN every TEXT",
    """
    CREATE TABLE cause_commands (
        id {serial} PRIMARY KEY,
        cause TEXT NOT NULL,
        action TEXT NOT NULL,
        author TEXT NOT NULL,
        comment TEXT NOT NULL,
        at {float} NOT NULL,
        until {float},
        revision INTEGER NOT NULL UNIQUE
    )
    """,
)

_THREADS = (
    "ALTER TABLE outbox ADD COLUMN sequence_key TEXT",
    "CREATE INDEX outbox_in_sequence ON outbox (service_key, sequence_key, state)",
    """
    CREATE TABLE threads (
        service_key TEXT NOT NULL,
        thread_key TEXT NOT NULL,
        outbox_id INTEGER NOT NULL,
        is_open BOOLEAN NOT NULL,
        content TEXT,
        updated_at {float} NOT NULL,
        PRIMARY KEY (service_key, thread_key)
    )
    """,
)

MIGRATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("the first schema", _FIRST),
    ("recurring silences, acknowledgements", _LIFECYCLE),
    (
        "the subsystem of an incident",
        ("ALTER TABLE incidents ADD COLUMN subsystem TEXT",),
    ),
    ("what services were told under a key", _THREADS),
)
