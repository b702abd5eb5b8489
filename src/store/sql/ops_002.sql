-- Who may look at the web: users, their sessions and links, what was tried and done. Of secrets only
-- hashes are kept. All times are milliseconds since the epoch.

CREATE TABLE web_user (
    user_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    role INTEGER NOT NULL,
    customer_id INTEGER,
    password TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    signed_in_ms INTEGER NOT NULL
);

CREATE TABLE web_session (
    hash BLOB NOT NULL PRIMARY KEY,
    user_id INTEGER NOT NULL,
    by_link INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    address TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX web_session_by_user ON web_session (user_id);

CREATE TABLE web_link (
    hash BLOB NOT NULL PRIMARY KEY,
    user_id INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    used_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE web_attempt (
    subject TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX web_attempt_by_time ON web_attempt (last_ms);

CREATE TABLE web_audit (
    audit_id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL
);

CREATE TABLE web_saved_query (
    query_id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_name TEXT NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    query TEXT NOT NULL,
    changed_ms INTEGER NOT NULL,
    UNIQUE (user_name, name)
);

CREATE TABLE web_query_history (
    history_id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_name TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    source TEXT NOT NULL,
    query TEXT NOT NULL,
    duration_ms INTEGER NOT NULL,
    row_count INTEGER NOT NULL,
    failure TEXT NOT NULL
);

CREATE INDEX web_query_history_by_user ON web_query_history (user_name, history_id);
