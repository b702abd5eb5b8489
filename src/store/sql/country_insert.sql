INSERT INTO country (name)
VALUES (?1)
