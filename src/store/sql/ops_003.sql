-- Invoices as documents, which lie in the lake under `path`. `state` names what a document was made
-- of: an invoice that has changed since has another, and so has a part of it that one customer sees.

CREATE TABLE invoice_document (
    invoice_no TEXT NOT NULL,
    state TEXT NOT NULL,
    path TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    made_ms INTEGER NOT NULL,
    PRIMARY KEY (invoice_no, state)
) WITHOUT ROWID;
