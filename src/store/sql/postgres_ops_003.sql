-- Invoices as documents, which lie in the lake under `path`. `state` names what a document was made
-- of: an invoice that has changed since has another, and so has a part of it that one customer sees.

CREATE TABLE ops.invoice_document (
    invoice_no text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    path text NOT NULL,
    bytes bigint NOT NULL,
    sha256 bytea NOT NULL,
    made_ms bigint NOT NULL,
    PRIMARY KEY (invoice_no, state)
)
