-- The shop's data, first version.
-- Money: unit_price is an integer of ten-thousandths; a sum of money does not fit 64 bits, so an
-- amount is its exact decimal digits as text, added by the program and never by SQL.
-- invoice_date and every ..._date: seconds since 1970-01-01 of the shop's own clock.
-- ..._date, ..._partition, ..._offset together: the line a value was taken from, so that the latest
-- line wins whatever the order of arrival; NULL while no line has given the value.

CREATE TABLE country (
    country_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE customer (
    customer_id INTEGER PRIMARY KEY,
    name TEXT,
    name_date INTEGER,
    name_partition INTEGER,
    name_offset INTEGER,
    country_id INTEGER NOT NULL,
    country_date INTEGER NOT NULL,
    country_partition INTEGER NOT NULL,
    country_offset INTEGER NOT NULL
);

CREATE TABLE product (
    product_id INTEGER PRIMARY KEY,
    stock_code TEXT NOT NULL UNIQUE,
    description TEXT,
    description_date INTEGER,
    description_partition INTEGER,
    description_offset INTEGER
);

-- no_prefix is what the event_ids of the invoice's lines begin with: it leads from one to the other.
CREATE TABLE invoice (
    invoice_no TEXT NOT NULL PRIMARY KEY,
    no_prefix INTEGER NOT NULL,
    cancelled INTEGER NOT NULL,
    invoice_date INTEGER NOT NULL,
    customer_id INTEGER,
    country_id INTEGER NOT NULL,
    head_date INTEGER NOT NULL,
    head_partition INTEGER NOT NULL,
    head_offset INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    items INTEGER NOT NULL,
    amount TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX invoice_by_prefix ON invoice (no_prefix);

-- content_hash is NULL where event_id is itself the hash of the content.
CREATE TABLE invoice_line (
    invoice_no TEXT NOT NULL,
    event_id BLOB NOT NULL,
    stock_code TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    unit_price INTEGER NOT NULL,
    invoice_date INTEGER NOT NULL,
    customer_id INTEGER,
    content_hash INTEGER,
    log_partition INTEGER NOT NULL,
    log_offset INTEGER NOT NULL,
    PRIMARY KEY (invoice_no, event_id)
) WITHOUT ROWID;

-- What one customer has on one invoice: exactly the lines that carry the customer's id.
CREATE TABLE customer_invoice (
    invoice_no TEXT NOT NULL,
    customer_id INTEGER NOT NULL,
    invoice_date INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    items INTEGER NOT NULL,
    amount TEXT NOT NULL,
    PRIMARY KEY (invoice_no, customer_id)
) WITHOUT ROWID;

CREATE INDEX customer_invoice_by_date ON customer_invoice (customer_id, invoice_date, invoice_no);

CREATE TABLE store_total (
    total_id INTEGER PRIMARY KEY CHECK (total_id = 1),
    lines INTEGER NOT NULL,
    invoices INTEGER NOT NULL,
    cancelled_invoices INTEGER NOT NULL,
    customers INTEGER NOT NULL,
    products INTEGER NOT NULL,
    countries INTEGER NOT NULL,
    sales TEXT NOT NULL,
    cancelled TEXT NOT NULL
);

INSERT INTO store_total VALUES (1, 0, 0, 0, 0, 0, 0, '0', '0');

CREATE TABLE consumed_offset (
    consumer_group TEXT NOT NULL,
    topic TEXT NOT NULL,
    log_partition INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    PRIMARY KEY (consumer_group, topic, log_partition)
) WITHOUT ROWID;
