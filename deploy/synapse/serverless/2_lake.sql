-- The way into the lake, by the workspace's managed identity: no key is kept.
-- Made by millrace eject from the models and metrics: change those, not this file.
-- Run in the database of the serverless pool.

IF NOT EXISTS (SELECT * FROM sys.symmetric_keys WHERE name = '##MS_DatabaseMasterKey##')
    CREATE MASTER KEY;
GO
IF NOT EXISTS (SELECT * FROM sys.database_scoped_credentials WHERE name = 'millrace_identity')
    CREATE DATABASE SCOPED CREDENTIAL [millrace_identity] WITH IDENTITY = 'Managed Identity';
GO
IF NOT EXISTS (SELECT * FROM sys.external_data_sources WHERE name = 'millrace_lake')
    CREATE EXTERNAL DATA SOURCE [millrace_lake] WITH (LOCATION = 'https://millracelake.dfs.core.windows.net/lake', CREDENTIAL = [millrace_identity]);
GO
IF NOT EXISTS (SELECT * FROM sys.external_data_sources WHERE name = 'millrace_exchange')
    CREATE EXTERNAL DATA SOURCE [millrace_exchange] WITH (LOCATION = 'https://millracelake.dfs.core.windows.net/synapse', CREDENTIAL = [millrace_identity]);
GO
IF NOT EXISTS (SELECT * FROM sys.external_file_formats WHERE name = 'millrace_parquet')
    CREATE EXTERNAL FILE FORMAT [millrace_parquet] WITH (FORMAT_TYPE = PARQUET, DATA_COMPRESSION = 'org.apache.hadoop.io.compress.SnappyCodec');
GO
IF SCHEMA_ID('gold') IS NULL EXEC('CREATE SCHEMA [gold]');
GO
IF SCHEMA_ID('export') IS NULL EXEC('CREATE SCHEMA [export]');
GO
