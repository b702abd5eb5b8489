-- What a customer's pages need: names by the beginnings of their words, and when the store changed.
-- customer_name holds no text of its own: customer's is its content. Most customers have no name, and
-- one that has keeps it, so the triggers seldom do anything.

CREATE VIRTUAL TABLE customer_name USING fts5(
    name,
    content = 'customer',
    content_rowid = 'customer_id',
    detail = none,
    columnsize = 0,
    prefix = '1 2',
    tokenize = "unicode61 remove_diacritics 0"
);

INSERT INTO customer_name (customer_name) VALUES ('rebuild');

CREATE TRIGGER customer_name_insert AFTER INSERT ON customer WHEN new.name IS NOT NULL
BEGIN
    INSERT INTO customer_name (rowid, name) VALUES (new.customer_id, new.name);
END;

-- What was never put in must not be taken out: FTS5 calls its index malformed then.
CREATE TRIGGER customer_name_update AFTER UPDATE OF name ON customer WHEN old.name IS NOT new.name
BEGIN
    INSERT INTO customer_name (customer_name, rowid, name)
    SELECT 'delete', old.customer_id, old.name
    WHERE old.name IS NOT NULL;
    INSERT INTO customer_name (rowid, name)
    SELECT new.customer_id, new.name
    WHERE new.name IS NOT NULL;
END;

-- Milliseconds since the epoch, by the clock of whoever moved the position; 0: not since this schema.
ALTER TABLE consumed_offset ADD COLUMN moved_ms INTEGER NOT NULL DEFAULT 0;
