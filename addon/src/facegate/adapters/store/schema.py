"""The tables as they are now; adapters/migrations/ leads there from every older version (a test compares the two).

Nothing personal stands here in the open: names, persons and templates are sealed under the resident's key, camera
addresses under the site key. Times are Unix seconds.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    false,
)

metadata = MetaData()

installation = Table(
    "installation",
    metadata,
    Column("only", Integer, primary_key=True),  # always 1: there is one row
    Column("id", Text, nullable=False),
    Column("key_check", LargeBinary, nullable=False),  # the id sealed under the site key: tells a foreign key
    Column("boot", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("rotation", Integer, nullable=False, server_default="0"),  # which key turns new templates; 0: none yet
    CheckConstraint("only = 1", name="installation_only"),
)

gates = Table(
    "gates",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("pulse_ms", Integer, nullable=False),
    Column("trial", Boolean, nullable=False, server_default=false()),
    Column("faces", Boolean, nullable=False, server_default=false()),
    Column("phone", Boolean, nullable=False, server_default=false()),
    Column("readers", JSON, nullable=False, server_default="[]"),  # card, pin: what the owner says that its node reads
)

cameras = Table(
    "cameras",
    metadata,
    Column("id", Text, primary_key=True),
    Column("gate", Text, ForeignKey("gates.id", ondelete="CASCADE"), nullable=False),
    Column("source", LargeBinary, nullable=False),  # sealed: it may hold a password
    Column("direction", Text, nullable=False),
    Column("transport", Text, nullable=False),
    Column("zone", JSON, nullable=False),
    Column("min_face", Float, nullable=False),
    Column("dwell", Float, nullable=False),
    Column("liveness", Text, nullable=False),
    Column("on_press", Boolean, nullable=False, server_default=false()),
    Column("masks", Text, nullable=False, server_default="deny"),
)

node_positions = Table(
    "node_positions",
    metadata,
    Column("gate", Text, ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("boot", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
)

node_gaps = Table(
    "node_gaps",
    metadata,
    Column("gate", Text, ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
    Column("boot", Integer, nullable=False),
    Column("seqs", JSON, nullable=False),  # events of this boot that are missing and may still come
    Column("since", Integer, nullable=False),  # the number of the last record before the gate had its present key
)

residents = Table(
    "residents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("profile", LargeBinary, nullable=True),  # sealed: name and Home Assistant person; NULL once erased
    Column("state", Text, nullable=False),
    Column("valid_from", Float, nullable=True),
    Column("valid_until", Float, nullable=True),
    # A list of gate ids without a foreign key: no entry means every gate, so a removed gate must not take its entry
    # with it and thereby open all the others.
    Column("gates", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("erased_at", Float, nullable=True),
)

consents = Table(
    "consents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("resident", Text, ForeignKey("residents.id"), nullable=False, index=True),
    Column("purpose", Text, nullable=False),
    Column("notice", Text, nullable=False),  # SHA-256 of the text that was shown or read out
    Column("language", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("withdrawn_at", Float, nullable=True),
    Column("details", LargeBinary, nullable=True),  # sealed: the guardian, and what was noted with it
)

notices = Table(
    "notices",
    metadata,
    Column("purpose", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("meaning", Integer, nullable=False),  # grows where a version changes what is agreed to
    Column("hash", Text, nullable=False, index=True),  # of the text, as consents refer to it
    Column("text", Text, nullable=False),
    Column("at", Float, nullable=False),
)

templates = Table(
    "templates",
    metadata,
    Column("id", Text, primary_key=True),
    Column("resident", Text, ForeignKey("residents.id"), nullable=False, index=True),
    Column("consent", Text, ForeignKey("consents.id"), nullable=False, index=True),
    Column("model", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", Float, nullable=False),
    # Which key has turned it. 0: none, and it is sealed under the resident's own key, as the first versions did.
    Column("rotation", Integer, nullable=False, server_default="0"),
)

credentials = Table(
    "credentials",
    metadata,
    Column("id", Text, primary_key=True),
    Column("resident", Text, ForeignKey("residents.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),  # card, pin
    Column("learned_at", Text, nullable=False),  # the one gate that a learned card is good for, else empty
    Column("sealed", LargeBinary, nullable=False),  # the number, under the resident's key
    Column("created_at", Float, nullable=False),
    Column("valid_from", Float, nullable=True),
    Column("valid_until", Float, nullable=True),
    Column("windows", JSON, nullable=False),  # [[weekdays, first minute, last minute], …]
)

gate_lists = Table(
    "gate_lists",
    metadata,
    Column("gate", Text, ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("expires", Integer, nullable=False),
    Column("stored", Boolean, nullable=False),  # whether the node has said that it is in force
)

node_setups = Table(
    "node_setups",
    metadata,
    Column("gate", Text, ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
    Column("board", Text, nullable=False),
    Column("lock", Text, nullable=False),  # fail-safe, fail-secure, turnstile
    Column("features", JSON, nullable=False),
    Column("release", Text, nullable=False),
)

key_changes = Table(
    "key_changes",
    metadata,
    Column("gate", Text, ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
    Column("nonce", LargeBinary, nullable=True),  # NULL: the key dies, and what follows it follows from nothing
    Column("follows", LargeBinary, nullable=True),  # SHA-256 of the next key
    Column("begun_at", Float, nullable=False),
)

commissionings = Table(
    "commissionings",
    metadata,
    Column("number", Integer, primary_key=True),
    # With its gate a sheet goes, too: another gate of the same name has other wires.
    Column("gate", Text, ForeignKey("gates.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Float, nullable=False),
    Column("sheet", JSON, nullable=False),
    sqlite_autoincrement=True,  # the last number is the sheet that counts
)

access = Table(
    "access",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),  # opening, denial, passage, event
    Column("gate", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("resident", Text, nullable=True, index=True),
    Column("reason", Text, nullable=False),
    Column("at", Float, nullable=False, index=True),
    Column("result", Text, nullable=True),
    Column("detail", Text, nullable=True),
    Column("completed_at", Float, nullable=True),
    Column("passage", Text, nullable=True),
    Column("passage_at", Float, nullable=True),
    Column("past", Boolean, nullable=False, server_default="0"),  # told late: the time is that of its arrival
    Column("boot", Integer, nullable=True),  # position of the node's event that it comes from
    Column("seq", Integer, nullable=True),
    Column("actor", Text, nullable=True),
    Column("note", LargeBinary, nullable=True),  # sealed: a guard's reason may name somebody
    Column("pseudonym", Text, nullable=True, index=True),  # in the resident's place, of that day alone
    sqlite_autoincrement=True,  # numbers of erased records are not given out again
)

gate_orders = Table(
    "gate_orders",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("gate", Text, nullable=False, index=True),
    Column("at", Float, nullable=False),
    Column("actor", Text, nullable=False),
    Column("what", Text, nullable=False),  # a mode, or reset
    Column("seconds", Integer, nullable=False),
    Column("result", Text, nullable=True),  # NULL: under way, or a lockdown that the node has not taken over yet
    Column("detail", Text, nullable=True),
    Column("completed_at", Float, nullable=True),
    sqlite_autoincrement=True,  # the record of who has changed a gate's mode
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("last_used_at", Float, nullable=True),
)

trail = Table(
    "trail",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("ref", Text, nullable=False, index=True),  # the record that it commits to; empty once that is erased
    Column("replaces", JSON, nullable=False),  # numbers of the links to the same record before
    Column("salt", LargeBinary, nullable=True),  # NULL once the record is another or gone
    Column("commitment", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("record", JSON, nullable=True),  # where the record has no table of its own
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("number", Integer, primary_key=True),  # of the link that it signs
    Column("hash", LargeBinary, nullable=False),
    Column("at", Integer, nullable=False),
    Column("signature", LargeBinary, nullable=False),  # Ed25519
)

trusted_time = Table(
    "trusted_time",
    metadata,
    Column("only", Integer, primary_key=True),  # always 1: there is one row
    Column("now", Float, nullable=False),
    Column("wall", Float, nullable=False),
    Column("doubted", Float, nullable=True),
    CheckConstraint("only = 1", name="trusted_time_only"),
)

members = Table(
    "members",
    metadata,
    Column("id", Text, primary_key=True),  # Home Assistant's id of the user, or the name they log in with
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password", LargeBinary, nullable=True),  # salt and scrypt of it, where there is no Home Assistant
    Column("since", Float, nullable=False),
)

recognition_changes = Table(
    "recognition_changes",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("actor", Text, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("least", Float, nullable=False),  # what was allowed without a reason at that time
    Column("residents", Integer, nullable=False),
    Column("strangers_per_day", Float, nullable=True),
    Column("false_opens_per_year", Float, nullable=True),
    Column("reason", Text, nullable=False),
    sqlite_autoincrement=True,  # the last number is the rule that holds
)

strict_templates = Table(
    "strict_templates",
    metadata,
    Column("id", Text, primary_key=True),  # of the resident's share, which is nowhere
    Column("resident", Text, ForeignKey("residents.id"), nullable=False, index=True),
    Column("consent", Text, ForeignKey("consents.id"), nullable=False, index=True),
    Column("model", Text, nullable=False),
    Column("vectors", Integer, nullable=False),  # how many are sealed
    Column("share", LargeBinary, nullable=False),  # the server's half, under the key of the resident's faces
    Column("sealed", LargeBinary, nullable=False),  # under a key of both halves
    Column("created_at", Float, nullable=False),
)

passes = Table(
    "passes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # rotating, fixed: by the letters that its code begins with
    Column("resident", Text, ForeignKey("residents.id"), nullable=True, index=True),  # NULL: the house vouches
    Column("guest", Boolean, nullable=False),
    # Without a foreign key, as those of residents: no entry means every gate.
    Column("gates", JSON, nullable=False),
    Column("sealed", LargeBinary, nullable=True),  # label and rotating secret, under the resident's key
    Column("label", LargeBinary, nullable=True),  # under the site key, where the house vouches
    Column("hash", LargeBinary, nullable=True),  # of a fixed pass's secret, which is nowhere
    Column("valid_from", Float, nullable=True),
    Column("valid_until", Float, nullable=True),
    Column("uses", Integer, nullable=True),  # left; NULL without limit
    Column("passback", Float, nullable=False),
    Column("used_step", Integer, nullable=True),  # of a rotating pass: no code of this step or before opens again
    Column("used_at", Float, nullable=True),  # kept only where passback needs it
    Column("direction", Text, nullable=True),
    Column("created_at", Float, nullable=False),
    Column("revoked_at", Float, nullable=True),
)

links = Table(
    "links",
    metadata,
    Column("id", Text, primary_key=True),
    Column("resident", Text, ForeignKey("residents.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),  # invitation, personal
    Column("hash", LargeBinary, nullable=False, unique=True),  # of the secret, which is nowhere
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=True),
    Column("used_at", Float, nullable=True),
    Column("revoked_at", Float, nullable=True),
)

link_sessions = Table(
    "link_sessions",
    metadata,
    Column("hash", LargeBinary, primary_key=True),  # of what stands in the browser's cookie
    Column("link", Text, ForeignKey("links.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("seen_at", Float, nullable=False),
    Column("ends_at", Float, nullable=False),
)

acts = Table(
    "acts",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("at", Float, nullable=False, index=True),
    Column("actor", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("resident", Text, nullable=True, index=True),  # whom it is about
    Column("many", Integer, nullable=True),  # how many records or residents, where it was more than one
    Column("details", LargeBinary, nullable=True),  # sealed: the reason and the time that it was about
    sqlite_autoincrement=True,  # numbers of erased acts are not given out again
)

erasures = Table(
    "erasures",
    metadata,
    Column("resident", Text, ForeignKey("residents.id"), primary_key=True),
    Column("cause", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("asked_at", Float, nullable=False),
    Column("at", Integer, nullable=True),  # NULL: not done yet, as after a crash
    Column("certificate", JSON, nullable=True),
)

papers = Table(
    "papers",
    metadata,
    Column("only", Integer, primary_key=True),  # always 1: there is one row
    Column("responsible", JSON, nullable=False),
    Column("assessed_at", Float, nullable=True),
    Column("assessed_by", Text, nullable=True),
    Column("scope", JSON, nullable=True),  # what was assessed
    CheckConstraint("only = 1", name="papers_only"),
)

presence = Table(
    "presence",
    metadata,
    Column("resident", Text, ForeignKey("residents.id"), primary_key=True),
    Column("month", Float, nullable=False),  # of the last passage: its beginning, and nothing more exact
)

snapshot_rules = Table(
    "snapshot_rules",
    metadata,
    Column("gate", Text, ForeignKey("gates.id", ondelete="CASCADE"), primary_key=True),
    Column("hours", Integer, nullable=False),  # for which pictures of refused visitors are in memory
)

persons = Table(
    "persons",
    metadata,
    Column("mark", Text, primary_key=True),  # at random: what Home Assistant may name a question about somebody by
    Column("sealed", LargeBinary, nullable=False),  # the id of Home Assistant's person; no name
    Column("new", Boolean, nullable=False),  # came after the others, and is offered as a resident
)

tally = Table(
    "tally",
    metadata,
    Column("only", Integer, primary_key=True),  # always 1: there is one row, and what stood in it before is gone
    Column("since", Float, nullable=False),
    Column("inside", Integer, nullable=False),
    Column("gates", JSON, nullable=False),  # numbers by gate
    CheckConstraint("only = 1", name="tally_only"),
)

told_address = Table(
    "told_address",
    metadata,
    Column("only", Integer, primary_key=True),  # always 1: whoever told last
    Column("token", Text, ForeignKey("tokens.id", ondelete="CASCADE"), nullable=False),
    Column("url", Text, nullable=False),  # where Home Assistant serves the residents' pages
    CheckConstraint("only = 1", name="told_address_only"),
)
