-- Who may look at the web: users, their sessions and links, what was tried and done. Of secrets only
-- hashes are kept. All times are milliseconds since the epoch.

CREATE TABLE ops.web_user (
    user_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    role bigint NOT NULL,
    customer_id bigint,
    password text NOT NULL,
    created_ms bigint NOT NULL,
    signed_in_ms bigint NOT NULL
);

CREATE TABLE ops.web_session (
    hash bytea NOT NULL PRIMARY KEY,
    user_id bigint NOT NULL,
    by_link bigint NOT NULL,
    created_ms bigint NOT NULL,
    seen_ms bigint NOT NULL,
    expires_ms bigint NOT NULL,
    address text NOT NULL
);

CREATE INDEX web_session_by_user ON ops.web_session (user_id);

CREATE TABLE ops.web_link (
    hash bytea NOT NULL PRIMARY KEY,
    user_id bigint NOT NULL,
    created_ms bigint NOT NULL,
    expires_ms bigint NOT NULL,
    used_ms bigint NOT NULL
);

CREATE TABLE ops.web_attempt (
    subject text NOT NULL PRIMARY KEY,
    failures bigint NOT NULL,
    last_ms bigint NOT NULL
);

CREATE INDEX web_attempt_by_time ON ops.web_attempt (last_ms);

CREATE TABLE ops.web_audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_ms bigint NOT NULL,
    user_name text NOT NULL,
    address text NOT NULL,
    action text NOT NULL,
    target text NOT NULL,
    detail text NOT NULL
);

CREATE TABLE ops.web_saved_query (
    query_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_name text NOT NULL,
    name text NOT NULL,
    source text NOT NULL,
    query text NOT NULL,
    changed_ms bigint NOT NULL,
    UNIQUE (user_name, name)
);

CREATE TABLE ops.web_query_history (
    history_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_name text NOT NULL,
    at_ms bigint NOT NULL,
    source text NOT NULL,
    query text NOT NULL,
    duration_ms bigint NOT NULL,
    row_count bigint NOT NULL,
    failure text NOT NULL
);

CREATE INDEX web_query_history_by_user ON ops.web_query_history (user_name, history_id)
