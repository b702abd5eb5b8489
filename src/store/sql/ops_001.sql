-- What is not the shop's data, first version. All times are milliseconds since the epoch.

CREATE TABLE api_key (
    key_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    prefix TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    revoked_ms INTEGER NOT NULL
);

CREATE INDEX api_key_by_name ON api_key (name);

CREATE TABLE api_key_generation (
    generation_id INTEGER PRIMARY KEY CHECK (generation_id = 1),
    generation INTEGER NOT NULL
);

INSERT INTO api_key_generation VALUES (1, 0);

CREATE TABLE dead_letter (
    log_partition INTEGER NOT NULL,
    log_offset INTEGER NOT NULL,
    state INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    PRIMARY KEY (log_partition, log_offset)
) WITHOUT ROWID;
