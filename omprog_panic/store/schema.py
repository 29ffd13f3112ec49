"""The tables as they are now; migrations.py creates them.

``_at`` is wall time: Unix seconds in a FLOAT, RFC 3339 in a TEXT. Ids are hexadecimal
text. JSON is text with a version in it, written and read by one codec each, which is
named beside its column.
"""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData()

INCIDENTS = sa.Table(
    "incidents",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),  # the spool record's
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("host", sa.Text),  # what the sender called itself
    sa.Column("boot", sa.Text, nullable=False),
    sa.Column("kernel", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("function", sa.Text),
    sa.Column("subsystem", sa.Text),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("analysis_version", sa.Integer, nullable=False),
    sa.Column("panicked", sa.Boolean, nullable=False),
    sa.Column("ended_by", sa.Text, nullable=False),
    sa.Column("onset_at", sa.Text, nullable=False),  # RFC 3339, as rsyslogd said
    sa.Column("received_at", sa.Float, nullable=False),  # by intake
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("report", sa.Text, nullable=False),  # JSON: report_codec.py
)
sa.Index("incidents_by_time", INCIDENTS.c.received_at)
sa.Index("incidents_by_fingerprint", INCIDENTS.c.fingerprint)
sa.Index("incidents_by_source", INCIDENTS.c.source)

TRACES = sa.Table(
    "traces",
    METADATA,
    sa.Column("incident_id", sa.Text, sa.ForeignKey("incidents.id"), primary_key=True),
    sa.Column("spool_json", sa.LargeBinary, nullable=False),  # spool/codec.py
)

SENDERS = sa.Table(
    "senders",
    METADATA,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("host", sa.Text),
    sa.Column("kernel", sa.Text),
    sa.Column("boot", sa.Text),
    sa.Column("says", sa.Text, nullable=False),  # "incident", "boot", "alive", ...
    sa.Column("first_heard_at", sa.Text, nullable=False),  # RFC 3339
    sa.Column("last_heard_at", sa.Text, nullable=False),
)

BOOTS = sa.Table(
    "boots",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("boot", sa.Text, nullable=False),
    sa.Column("announced", sa.Boolean, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False),  # JSON: spool/codec.py
)
sa.Index("boots_by_source", BOOTS.c.source)

# Things of which only the last one counts: counters, probes, settings in use.
LATEST = sa.Table(
    "latest",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("record", sa.Text, nullable=False),  # JSON: the codec of its writer
    sa.Column("received_at", sa.Float, nullable=False),
)

NOTIFICATIONS = sa.Table(
    "notifications",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),  # "incident", "test", ...
    sa.Column("incident_id", sa.Text, sa.ForeignKey("incidents.id")),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("details", sa.Text),  # JSON: the codec of the notification
)
sa.Index("notifications_by_incident", NOTIFICATIONS.c.incident_id)

OUTBOX = sa.Table(
    "outbox",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "notification_id", sa.Text, sa.ForeignKey("notifications.id"), nullable=False
    ),
    sa.Column("service_key", sa.Text, nullable=False),
    sa.Column("service_label", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # outbox.OutboxState
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_attempt_at", sa.Float, nullable=False),  # or end of lease
    sa.Column("owner", sa.Text),  # of the lease
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("finished_at", sa.Float),
    sa.Column("last_reason", sa.Text),
    sa.Column("order_key", sa.Text),  # sent in order within one key: a host
    sa.Column("overtakable", sa.Boolean, nullable=False),  # later rows need not wait
    sa.Column("stands_in_for", sa.Text),  # the label of the service that failed
    sa.Column("reported", sa.Boolean, nullable=False),  # others know that it is dead
    sa.Column("first_attempt_at", sa.Float),
    sa.Column("attempted_at", sa.Float),  # the last time
    # Attempts after which the service may have it although no success came.
    sa.Column("in_doubt", sa.Integer, nullable=False),
    # Sent in order within one key whatever happens: the service joins them by it.
    sa.Column("sequence_key", sa.Text),
    sa.UniqueConstraint("notification_id", "service_key"),
)
sa.Index("outbox_in_order", OUTBOX.c.service_key, OUTBOX.c.order_key, OUTBOX.c.state)
sa.Index("outbox_due", OUTBOX.c.service_key, OUTBOX.c.state, OUTBOX.c.next_attempt_at)
sa.Index(
    "outbox_in_sequence", OUTBOX.c.service_key, OUTBOX.c.sequence_key, OUTBOX.c.state
)

# What each service was last told under a key: threads.py.
THREADS = sa.Table(
    "threads",
    METADATA,
    sa.Column("service_key", sa.Text, primary_key=True),
    sa.Column("thread_key", sa.Text, primary_key=True),
    sa.Column("outbox_id", sa.Integer, nullable=False),  # it may be deleted by now
    sa.Column("is_open", sa.Boolean, nullable=False),
    sa.Column("content", sa.Text),  # JSON: the codec of the sink
    sa.Column("updated_at", sa.Float, nullable=False),
)

NOTIFICATION_LOG = sa.Table(
    "notification_log",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("outbox_id", sa.Integer, sa.ForeignKey("outbox.id"), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("took_s", sa.Float, nullable=False),
    sa.Column("delivered", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)
sa.Index("notification_log_by_outbox", NOTIFICATION_LOG.c.outbox_id)

# What the policy decided, and why; kept as long as the incidents.
DECISIONS = sa.Table(
    "decisions",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),  # "incident:ID", "cause:KEY", ...
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("services", sa.Text, nullable=False),  # JSON: decisions.py
    sa.Column("cause", sa.Text),
    sa.Column("message_id", sa.Text),  # of the notification, if there is one
    sa.Column("suppressed", sa.Boolean, nullable=False),  # a later message includes it
)
sa.Index("decisions_by_subject", DECISIONS.c.subject)
sa.Index("decisions_by_time", DECISIONS.c.at)

SILENCES = sa.Table(
    "silences",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("matchers", sa.Text, nullable=False),  # JSON: silences.py
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("starts_at", sa.Float, nullable=False),
    sa.Column("ends_at", sa.Float, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),  # grows with each change
    sa.Column("every", sa.Text),  # JSON: silences.py; NULL: it does not come again
)

# Causes that people acknowledged or resolved; the alerter reads them as they come.
CAUSE_COMMANDS = sa.Table(
    "cause_commands",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),  # of policy's CauseAction
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("until", sa.Float),
    sa.Column("revision", sa.Integer, nullable=False, unique=True),
)

# The memory of the policy, in rows that policy/ encodes and decodes.
POLICY_STATE = sa.Table(
    "policy_state",
    METADATA,
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
)

# What happened to the policy: replayed from a "state" on, it gives the same decisions.
POLICY_LOG = sa.Table(
    "policy_log",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # policy_store.LogKind
    sa.Column("content", sa.Text, nullable=False),  # JSON: the codec of policy/
)
