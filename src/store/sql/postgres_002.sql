-- What a customer's pages need: names by the beginnings of their words, and when the store changed.
-- Most customers have no name, and one that has keeps it, so the index seldom changes.

-- The same folding of case as the program's (store_search.c), whatever the database's locale is.
CREATE FUNCTION customer_name_words(name text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT to_tsvector('pg_catalog.simple'::regconfig, translate(
        name,
        'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮĲĴĶĹĻĽ'
        || 'ĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŹŻŽΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩЀЁЂЃЄ'
        || 'ЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ',
        'àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįĳĵķĺļľ'
        || 'ŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷźżžαβγδεζηθικλμνξοπρστυφχψωѐёђѓє'
        || 'ѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюя')) $$;

CREATE INDEX customer_by_name ON customer USING gin (customer_name_words(name))
    WHERE name IS NOT NULL;

-- Milliseconds since the epoch, by the clock of whoever moved the position; 0: not since this schema.
ALTER TABLE consumed_offset ADD COLUMN moved_ms bigint NOT NULL DEFAULT 0
