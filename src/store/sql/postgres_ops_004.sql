-- What a key may do at the web: a role of users, or 0: it is a sender's, for the gateway alone.

ALTER TABLE ops.api_key ADD COLUMN role bigint NOT NULL DEFAULT 0
