-- The database. Its collation is UTF-8 and compares code by code, as the lake.
-- Made by millrace eject from the models and metrics: change those, not this file.
-- Run in master of the serverless pool, once.

CREATE DATABASE [millrace] COLLATE Latin1_General_100_BIN2_UTF8;
