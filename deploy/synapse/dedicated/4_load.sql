-- Each procedure takes what serverless/6_export.sql wrote for the same table, run and days: @rows is the
-- number it answered. A table whose rows may move to another day is taken whole.
-- Made by millrace eject from the models and metrics: change those, not this file.
-- Run in the dedicated pool.

IF OBJECT_ID('gold.load_dim_customer', 'P') IS NOT NULL DROP PROCEDURE [gold].[load_dim_customer];
GO
CREATE PROCEDURE [gold].[load_dim_customer] @run varchar(64), @rows bigint AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(4000);
    IF OBJECT_ID('stage.dim_customer', 'U') IS NOT NULL DROP TABLE [stage].[dim_customer];
    CREATE TABLE [stage].[dim_customer] (
        [CustomerID] bigint NOT NULL,
        [CustomerName] nvarchar(510) COLLATE Latin1_General_100_BIN2 NULL,
        [Country] nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
        [FirstLineDate] datetime2(6) NOT NULL,
        [LastLineDate] datetime2(6) NOT NULL,
        [name_date] datetime2(6) NULL,
        [name_position] bigint NULL,
        [country_date] datetime2(6) NULL,
        [country_position] bigint NULL
    )
    WITH (DISTRIBUTION = HASH([CustomerID]), HEAP);
    SET @sql = N'COPY INTO [stage].[dim_customer] FROM ''https://millracelake.dfs.core.windows.net/synapse/export/' + @run + N'/dim_customer/'' WITH (FILE_TYPE = ''PARQUET'', CREDENTIAL = (IDENTITY = ''Managed Identity''))';
    IF @rows > 0 EXEC sp_executesql @sql;
    DECLARE @staged bigint;
    SET @staged = (SELECT count_big(*) FROM [stage].[dim_customer]);
    IF @staged <> @rows
        THROW 50001, 'the rows staged are not as many as were exported: nothing was changed', 1;
    MERGE INTO [gold].[dim_customer] AS t
    USING [stage].[dim_customer] AS s
    ON t.[CustomerID] = s.[CustomerID]
    WHEN MATCHED THEN UPDATE SET t.[CustomerName] = s.[CustomerName], t.[Country] = s.[Country], t.[FirstLineDate] = s.[FirstLineDate], t.[LastLineDate] = s.[LastLineDate], t.[name_date] = s.[name_date], t.[name_position] = s.[name_position], t.[country_date] = s.[country_date], t.[country_position] = s.[country_position]
    WHEN NOT MATCHED BY TARGET THEN INSERT ([CustomerID], [CustomerName], [Country], [FirstLineDate], [LastLineDate], [name_date], [name_position], [country_date], [country_position])
        VALUES (s.[CustomerID], s.[CustomerName], s.[Country], s.[FirstLineDate], s.[LastLineDate], s.[name_date], s.[name_position], s.[country_date], s.[country_position])
    WHEN NOT MATCHED BY SOURCE THEN DELETE;
    DROP TABLE [stage].[dim_customer];
END;
GO

IF OBJECT_ID('gold.load_dim_product', 'P') IS NOT NULL DROP PROCEDURE [gold].[load_dim_product];
GO
CREATE PROCEDURE [gold].[load_dim_product] @run varchar(64), @rows bigint AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(4000);
    IF OBJECT_ID('stage.dim_product', 'U') IS NOT NULL DROP TABLE [stage].[dim_product];
    CREATE TABLE [stage].[dim_product] (
        [StockCode] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
        [Description] nvarchar(510) COLLATE Latin1_General_100_BIN2 NULL,
        [FirstLineDate] datetime2(6) NOT NULL,
        [LastLineDate] datetime2(6) NOT NULL,
        [description_date] datetime2(6) NULL,
        [description_position] bigint NULL
    )
    WITH (DISTRIBUTION = HASH([StockCode]), HEAP);
    SET @sql = N'COPY INTO [stage].[dim_product] FROM ''https://millracelake.dfs.core.windows.net/synapse/export/' + @run + N'/dim_product/'' WITH (FILE_TYPE = ''PARQUET'', CREDENTIAL = (IDENTITY = ''Managed Identity''))';
    IF @rows > 0 EXEC sp_executesql @sql;
    DECLARE @staged bigint;
    SET @staged = (SELECT count_big(*) FROM [stage].[dim_product]);
    IF @staged <> @rows
        THROW 50001, 'the rows staged are not as many as were exported: nothing was changed', 1;
    MERGE INTO [gold].[dim_product] AS t
    USING [stage].[dim_product] AS s
    ON t.[StockCode] = s.[StockCode]
    WHEN MATCHED THEN UPDATE SET t.[Description] = s.[Description], t.[FirstLineDate] = s.[FirstLineDate], t.[LastLineDate] = s.[LastLineDate], t.[description_date] = s.[description_date], t.[description_position] = s.[description_position]
    WHEN NOT MATCHED BY TARGET THEN INSERT ([StockCode], [Description], [FirstLineDate], [LastLineDate], [description_date], [description_position])
        VALUES (s.[StockCode], s.[Description], s.[FirstLineDate], s.[LastLineDate], s.[description_date], s.[description_position])
    WHEN NOT MATCHED BY SOURCE THEN DELETE;
    DROP TABLE [stage].[dim_product];
END;
GO

IF OBJECT_ID('gold.load_dim_invoice', 'P') IS NOT NULL DROP PROCEDURE [gold].[load_dim_invoice];
GO
CREATE PROCEDURE [gold].[load_dim_invoice] @run varchar(64), @rows bigint AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(4000);
    IF OBJECT_ID('stage.dim_invoice', 'U') IS NOT NULL DROP TABLE [stage].[dim_invoice];
    CREATE TABLE [stage].[dim_invoice] (
        [InvoiceNo] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
        [InvoiceDate] datetime2(6) NOT NULL,
        [DateID] int NOT NULL,
        [LastLineDate] datetime2(6) NOT NULL,
        [CustomerID] bigint NULL,
        [Country] nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
        [IsCancelled] bit NOT NULL,
        [has_customer] int NULL,
        [head_date] datetime2(6) NULL,
        [head_position] bigint NULL
    )
    WITH (DISTRIBUTION = HASH([InvoiceNo]), HEAP);
    SET @sql = N'COPY INTO [stage].[dim_invoice] FROM ''https://millracelake.dfs.core.windows.net/synapse/export/' + @run + N'/dim_invoice/'' WITH (FILE_TYPE = ''PARQUET'', CREDENTIAL = (IDENTITY = ''Managed Identity''))';
    IF @rows > 0 EXEC sp_executesql @sql;
    DECLARE @staged bigint;
    SET @staged = (SELECT count_big(*) FROM [stage].[dim_invoice]);
    IF @staged <> @rows
        THROW 50001, 'the rows staged are not as many as were exported: nothing was changed', 1;
    MERGE INTO [gold].[dim_invoice] AS t
    USING [stage].[dim_invoice] AS s
    ON t.[InvoiceNo] = s.[InvoiceNo]
    WHEN MATCHED THEN UPDATE SET t.[InvoiceDate] = s.[InvoiceDate], t.[DateID] = s.[DateID], t.[LastLineDate] = s.[LastLineDate], t.[CustomerID] = s.[CustomerID], t.[Country] = s.[Country], t.[IsCancelled] = s.[IsCancelled], t.[has_customer] = s.[has_customer], t.[head_date] = s.[head_date], t.[head_position] = s.[head_position]
    WHEN NOT MATCHED BY TARGET THEN INSERT ([InvoiceNo], [InvoiceDate], [DateID], [LastLineDate], [CustomerID], [Country], [IsCancelled], [has_customer], [head_date], [head_position])
        VALUES (s.[InvoiceNo], s.[InvoiceDate], s.[DateID], s.[LastLineDate], s.[CustomerID], s.[Country], s.[IsCancelled], s.[has_customer], s.[head_date], s.[head_position])
    WHEN NOT MATCHED BY SOURCE THEN DELETE;
    DROP TABLE [stage].[dim_invoice];
END;
GO

IF OBJECT_ID('gold.load_dim_date', 'P') IS NOT NULL DROP PROCEDURE [gold].[load_dim_date];
GO
CREATE PROCEDURE [gold].[load_dim_date] @run varchar(64), @rows bigint, @from int, @to int AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(4000);
    IF OBJECT_ID('stage.dim_date', 'U') IS NOT NULL DROP TABLE [stage].[dim_date];
    CREATE TABLE [stage].[dim_date] (
        [DateID] int NOT NULL,
        [Date] date NOT NULL,
        [Year] int NOT NULL,
        [Quarter] int NOT NULL,
        [Month] int NOT NULL,
        [MonthName] nvarchar(18) COLLATE Latin1_General_100_BIN2 NOT NULL,
        [Day] int NOT NULL,
        [WeekOfYear] int NOT NULL,
        [Weekday] int NOT NULL,
        [WeekdayName] nvarchar(18) COLLATE Latin1_General_100_BIN2 NOT NULL,
        [IsWeekend] bit NOT NULL
    )
    WITH (DISTRIBUTION = HASH([DateID]), HEAP);
    SET @sql = N'COPY INTO [stage].[dim_date] FROM ''https://millracelake.dfs.core.windows.net/synapse/export/' + @run + N'/dim_date/'' WITH (FILE_TYPE = ''PARQUET'', CREDENTIAL = (IDENTITY = ''Managed Identity''))';
    IF @rows > 0 EXEC sp_executesql @sql;
    DECLARE @staged bigint;
    SET @staged = (SELECT count_big(*) FROM [stage].[dim_date]);
    IF @staged <> @rows
        THROW 50001, 'the rows staged are not as many as were exported: nothing was changed', 1;
    MERGE INTO [gold].[dim_date] AS t
    USING [stage].[dim_date] AS s
    ON t.[DateID] = s.[DateID]
    WHEN MATCHED THEN UPDATE SET t.[Date] = s.[Date], t.[Year] = s.[Year], t.[Quarter] = s.[Quarter], t.[Month] = s.[Month], t.[MonthName] = s.[MonthName], t.[Day] = s.[Day], t.[WeekOfYear] = s.[WeekOfYear], t.[Weekday] = s.[Weekday], t.[WeekdayName] = s.[WeekdayName], t.[IsWeekend] = s.[IsWeekend]
    WHEN NOT MATCHED BY TARGET THEN INSERT ([DateID], [Date], [Year], [Quarter], [Month], [MonthName], [Day], [WeekOfYear], [Weekday], [WeekdayName], [IsWeekend])
        VALUES (s.[DateID], s.[Date], s.[Year], s.[Quarter], s.[Month], s.[MonthName], s.[Day], s.[WeekOfYear], s.[Weekday], s.[WeekdayName], s.[IsWeekend])
    WHEN NOT MATCHED BY SOURCE AND t.[DateID] BETWEEN @from AND @to THEN DELETE;
    DROP TABLE [stage].[dim_date];
END;
GO

IF OBJECT_ID('gold.load_fact_sales', 'P') IS NOT NULL DROP PROCEDURE [gold].[load_fact_sales];
GO
CREATE PROCEDURE [gold].[load_fact_sales] @run varchar(64), @rows bigint, @from int, @to int AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(4000);
    IF OBJECT_ID('stage.fact_sales', 'U') IS NOT NULL DROP TABLE [stage].[fact_sales];
    CREATE TABLE [stage].[fact_sales] (
        [event_id] varbinary(16) NOT NULL,
        [InvoiceNo] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
        [StockCode] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
        [Description] nvarchar(510) COLLATE Latin1_General_100_BIN2 NULL,
        [CustomerID] bigint NULL,
        [CustomerName] nvarchar(510) COLLATE Latin1_General_100_BIN2 NULL,
        [Country] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
        [Quantity] int NOT NULL,
        [UnitPrice] decimal(18, 4) NOT NULL,
        [Amount] decimal(28, 4) NOT NULL,
        [InvoiceDate] datetime2(6) NOT NULL,
        [DateID] int NOT NULL,
        [log_position] bigint NOT NULL,
        [InvoiceMonth] int NOT NULL
    )
    WITH (DISTRIBUTION = HASH([InvoiceNo]), HEAP);
    SET @sql = N'COPY INTO [stage].[fact_sales] FROM ''https://millracelake.dfs.core.windows.net/synapse/export/' + @run + N'/fact_sales/'' WITH (FILE_TYPE = ''PARQUET'', CREDENTIAL = (IDENTITY = ''Managed Identity''))';
    IF @rows > 0 EXEC sp_executesql @sql;
    DECLARE @staged bigint;
    SET @staged = (SELECT count_big(*) FROM [stage].[fact_sales]);
    IF @staged <> @rows
        THROW 50001, 'the rows staged are not as many as were exported: nothing was changed', 1;
    MERGE INTO [gold].[fact_sales] AS t
    USING [stage].[fact_sales] AS s
    ON t.[InvoiceNo] = s.[InvoiceNo] AND t.[event_id] = s.[event_id]
    WHEN MATCHED THEN UPDATE SET t.[StockCode] = s.[StockCode], t.[Description] = s.[Description], t.[CustomerID] = s.[CustomerID], t.[CustomerName] = s.[CustomerName], t.[Country] = s.[Country], t.[Quantity] = s.[Quantity], t.[UnitPrice] = s.[UnitPrice], t.[Amount] = s.[Amount], t.[InvoiceDate] = s.[InvoiceDate], t.[DateID] = s.[DateID], t.[log_position] = s.[log_position], t.[InvoiceMonth] = s.[InvoiceMonth]
    WHEN NOT MATCHED BY TARGET THEN INSERT ([event_id], [InvoiceNo], [StockCode], [Description], [CustomerID], [CustomerName], [Country], [Quantity], [UnitPrice], [Amount], [InvoiceDate], [DateID], [log_position], [InvoiceMonth])
        VALUES (s.[event_id], s.[InvoiceNo], s.[StockCode], s.[Description], s.[CustomerID], s.[CustomerName], s.[Country], s.[Quantity], s.[UnitPrice], s.[Amount], s.[InvoiceDate], s.[DateID], s.[log_position], s.[InvoiceMonth])
    WHEN NOT MATCHED BY SOURCE AND t.[DateID] BETWEEN @from AND @to THEN DELETE;
    DROP TABLE [stage].[fact_sales];
END;
GO

IF OBJECT_ID('gold.load_mart_sales_by_day', 'P') IS NOT NULL DROP PROCEDURE [gold].[load_mart_sales_by_day];
GO
CREATE PROCEDURE [gold].[load_mart_sales_by_day] @run varchar(64), @rows bigint, @from int, @to int AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(4000);
    IF OBJECT_ID('stage.mart_sales_by_day', 'U') IS NOT NULL DROP TABLE [stage].[mart_sales_by_day];
    CREATE TABLE [stage].[mart_sales_by_day] (
        [DateID] int NOT NULL,
        [Country] nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
        [Lines] bigint NOT NULL,
        [Quantity] bigint NOT NULL,
        [Sales] decimal(38, 4) NOT NULL,
        [Returns] decimal(38, 4) NOT NULL,
        [Amount] decimal(38, 4) NOT NULL,
        [Orders] bigint NOT NULL,
        [Cancellations] bigint NOT NULL
    )
    WITH (DISTRIBUTION = HASH([DateID]), HEAP);
    SET @sql = N'COPY INTO [stage].[mart_sales_by_day] FROM ''https://millracelake.dfs.core.windows.net/synapse/export/' + @run + N'/mart_sales_by_day/'' WITH (FILE_TYPE = ''PARQUET'', CREDENTIAL = (IDENTITY = ''Managed Identity''))';
    IF @rows > 0 EXEC sp_executesql @sql;
    DECLARE @staged bigint;
    SET @staged = (SELECT count_big(*) FROM [stage].[mart_sales_by_day]);
    IF @staged <> @rows
        THROW 50001, 'the rows staged are not as many as were exported: nothing was changed', 1;
    MERGE INTO [gold].[mart_sales_by_day] AS t
    USING [stage].[mart_sales_by_day] AS s
    ON t.[DateID] = s.[DateID] AND t.[Country] = s.[Country]
    WHEN MATCHED THEN UPDATE SET t.[Lines] = s.[Lines], t.[Quantity] = s.[Quantity], t.[Sales] = s.[Sales], t.[Returns] = s.[Returns], t.[Amount] = s.[Amount], t.[Orders] = s.[Orders], t.[Cancellations] = s.[Cancellations]
    WHEN NOT MATCHED BY TARGET THEN INSERT ([DateID], [Country], [Lines], [Quantity], [Sales], [Returns], [Amount], [Orders], [Cancellations])
        VALUES (s.[DateID], s.[Country], s.[Lines], s.[Quantity], s.[Sales], s.[Returns], s.[Amount], s.[Orders], s.[Cancellations])
    WHEN NOT MATCHED BY SOURCE AND t.[DateID] BETWEEN @from AND @to THEN DELETE;
    DROP TABLE [stage].[mart_sales_by_day];
END;
GO

IF OBJECT_ID('gold.load_mart_sales_by_hour', 'P') IS NOT NULL DROP PROCEDURE [gold].[load_mart_sales_by_hour];
GO
CREATE PROCEDURE [gold].[load_mart_sales_by_hour] @run varchar(64), @rows bigint, @from int, @to int AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(4000);
    IF OBJECT_ID('stage.mart_sales_by_hour', 'U') IS NOT NULL DROP TABLE [stage].[mart_sales_by_hour];
    CREATE TABLE [stage].[mart_sales_by_hour] (
        [DateID] int NOT NULL,
        [Hour] int NOT NULL,
        [Lines] bigint NOT NULL,
        [Sales] decimal(38, 4) NOT NULL,
        [Amount] decimal(38, 4) NOT NULL
    )
    WITH (DISTRIBUTION = HASH([DateID]), HEAP);
    SET @sql = N'COPY INTO [stage].[mart_sales_by_hour] FROM ''https://millracelake.dfs.core.windows.net/synapse/export/' + @run + N'/mart_sales_by_hour/'' WITH (FILE_TYPE = ''PARQUET'', CREDENTIAL = (IDENTITY = ''Managed Identity''))';
    IF @rows > 0 EXEC sp_executesql @sql;
    DECLARE @staged bigint;
    SET @staged = (SELECT count_big(*) FROM [stage].[mart_sales_by_hour]);
    IF @staged <> @rows
        THROW 50001, 'the rows staged are not as many as were exported: nothing was changed', 1;
    MERGE INTO [gold].[mart_sales_by_hour] AS t
    USING [stage].[mart_sales_by_hour] AS s
    ON t.[DateID] = s.[DateID] AND t.[Hour] = s.[Hour]
    WHEN MATCHED THEN UPDATE SET t.[Lines] = s.[Lines], t.[Sales] = s.[Sales], t.[Amount] = s.[Amount]
    WHEN NOT MATCHED BY TARGET THEN INSERT ([DateID], [Hour], [Lines], [Sales], [Amount])
        VALUES (s.[DateID], s.[Hour], s.[Lines], s.[Sales], s.[Amount])
    WHEN NOT MATCHED BY SOURCE AND t.[DateID] BETWEEN @from AND @to THEN DELETE;
    DROP TABLE [stage].[mart_sales_by_hour];
END;
GO

IF OBJECT_ID('gold.load_mart_sales_by_product', 'P') IS NOT NULL DROP PROCEDURE [gold].[load_mart_sales_by_product];
GO
CREATE PROCEDURE [gold].[load_mart_sales_by_product] @run varchar(64), @rows bigint AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(4000);
    IF OBJECT_ID('stage.mart_sales_by_product', 'U') IS NOT NULL DROP TABLE [stage].[mart_sales_by_product];
    CREATE TABLE [stage].[mart_sales_by_product] (
        [InvoiceMonth] int NOT NULL,
        [StockCode] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
        [Lines] bigint NOT NULL,
        [Quantity] bigint NOT NULL,
        [Sales] decimal(38, 4) NOT NULL,
        [ReturnedQuantity] bigint NOT NULL,
        [Returns] decimal(38, 4) NOT NULL,
        [Amount] decimal(38, 4) NOT NULL
    )
    WITH (DISTRIBUTION = HASH([InvoiceMonth]), HEAP);
    SET @sql = N'COPY INTO [stage].[mart_sales_by_product] FROM ''https://millracelake.dfs.core.windows.net/synapse/export/' + @run + N'/mart_sales_by_product/'' WITH (FILE_TYPE = ''PARQUET'', CREDENTIAL = (IDENTITY = ''Managed Identity''))';
    IF @rows > 0 EXEC sp_executesql @sql;
    DECLARE @staged bigint;
    SET @staged = (SELECT count_big(*) FROM [stage].[mart_sales_by_product]);
    IF @staged <> @rows
        THROW 50001, 'the rows staged are not as many as were exported: nothing was changed', 1;
    MERGE INTO [gold].[mart_sales_by_product] AS t
    USING [stage].[mart_sales_by_product] AS s
    ON t.[InvoiceMonth] = s.[InvoiceMonth] AND t.[StockCode] = s.[StockCode]
    WHEN MATCHED THEN UPDATE SET t.[Lines] = s.[Lines], t.[Quantity] = s.[Quantity], t.[Sales] = s.[Sales], t.[ReturnedQuantity] = s.[ReturnedQuantity], t.[Returns] = s.[Returns], t.[Amount] = s.[Amount]
    WHEN NOT MATCHED BY TARGET THEN INSERT ([InvoiceMonth], [StockCode], [Lines], [Quantity], [Sales], [ReturnedQuantity], [Returns], [Amount])
        VALUES (s.[InvoiceMonth], s.[StockCode], s.[Lines], s.[Quantity], s.[Sales], s.[ReturnedQuantity], s.[Returns], s.[Amount])
    WHEN NOT MATCHED BY SOURCE THEN DELETE;
    DROP TABLE [stage].[mart_sales_by_product];
END;
GO

IF OBJECT_ID('gold.load_mart_orders', 'P') IS NOT NULL DROP PROCEDURE [gold].[load_mart_orders];
GO
CREATE PROCEDURE [gold].[load_mart_orders] @run varchar(64), @rows bigint AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(4000);
    IF OBJECT_ID('stage.mart_orders', 'U') IS NOT NULL DROP TABLE [stage].[mart_orders];
    CREATE TABLE [stage].[mart_orders] (
        [InvoiceNo] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
        [CustomerID] bigint NULL,
        [IsCancelled] bit NOT NULL,
        [Country] nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
        [InvoiceDate] datetime2(6) NOT NULL,
        [DateID] int NOT NULL,
        [Lines] bigint NOT NULL,
        [Quantity] bigint NOT NULL,
        [Amount] decimal(38, 4) NOT NULL,
        [head_date] datetime2(6) NULL,
        [head_position] bigint NULL
    )
    WITH (DISTRIBUTION = HASH([InvoiceNo]), HEAP);
    SET @sql = N'COPY INTO [stage].[mart_orders] FROM ''https://millracelake.dfs.core.windows.net/synapse/export/' + @run + N'/mart_orders/'' WITH (FILE_TYPE = ''PARQUET'', CREDENTIAL = (IDENTITY = ''Managed Identity''))';
    IF @rows > 0 EXEC sp_executesql @sql;
    DECLARE @staged bigint;
    SET @staged = (SELECT count_big(*) FROM [stage].[mart_orders]);
    IF @staged <> @rows
        THROW 50001, 'the rows staged are not as many as were exported: nothing was changed', 1;
    MERGE INTO [gold].[mart_orders] AS t
    USING [stage].[mart_orders] AS s
    ON t.[InvoiceNo] = s.[InvoiceNo] AND (t.[CustomerID] = s.[CustomerID] OR (t.[CustomerID] IS NULL AND s.[CustomerID] IS NULL))
    WHEN MATCHED THEN UPDATE SET t.[IsCancelled] = s.[IsCancelled], t.[Country] = s.[Country], t.[InvoiceDate] = s.[InvoiceDate], t.[DateID] = s.[DateID], t.[Lines] = s.[Lines], t.[Quantity] = s.[Quantity], t.[Amount] = s.[Amount], t.[head_date] = s.[head_date], t.[head_position] = s.[head_position]
    WHEN NOT MATCHED BY TARGET THEN INSERT ([InvoiceNo], [CustomerID], [IsCancelled], [Country], [InvoiceDate], [DateID], [Lines], [Quantity], [Amount], [head_date], [head_position])
        VALUES (s.[InvoiceNo], s.[CustomerID], s.[IsCancelled], s.[Country], s.[InvoiceDate], s.[DateID], s.[Lines], s.[Quantity], s.[Amount], s.[head_date], s.[head_position])
    WHEN NOT MATCHED BY SOURCE THEN DELETE;
    DROP TABLE [stage].[mart_orders];
END;
GO

IF OBJECT_ID('gold.load_mart_sales_by_customer', 'P') IS NOT NULL DROP PROCEDURE [gold].[load_mart_sales_by_customer];
GO
CREATE PROCEDURE [gold].[load_mart_sales_by_customer] @run varchar(64), @rows bigint AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(4000);
    IF OBJECT_ID('stage.mart_sales_by_customer', 'U') IS NOT NULL DROP TABLE [stage].[mart_sales_by_customer];
    CREATE TABLE [stage].[mart_sales_by_customer] (
        [CustomerID] bigint NOT NULL,
        [CustomerName] nvarchar(510) COLLATE Latin1_General_100_BIN2 NULL,
        [Country] nvarchar(128) COLLATE Latin1_General_100_BIN2 NULL,
        [Spent] decimal(38, 4) NOT NULL,
        [Returned] decimal(38, 4) NOT NULL,
        [Amount] decimal(38, 4) NOT NULL,
        [Orders] bigint NOT NULL,
        [Returns] bigint NOT NULL,
        [Lines] bigint NOT NULL,
        [FirstOrderDate] datetime2(6) NULL,
        [LastOrderDate] datetime2(6) NULL
    )
    WITH (DISTRIBUTION = HASH([CustomerID]), HEAP);
    SET @sql = N'COPY INTO [stage].[mart_sales_by_customer] FROM ''https://millracelake.dfs.core.windows.net/synapse/export/' + @run + N'/mart_sales_by_customer/'' WITH (FILE_TYPE = ''PARQUET'', CREDENTIAL = (IDENTITY = ''Managed Identity''))';
    IF @rows > 0 EXEC sp_executesql @sql;
    DECLARE @staged bigint;
    SET @staged = (SELECT count_big(*) FROM [stage].[mart_sales_by_customer]);
    IF @staged <> @rows
        THROW 50001, 'the rows staged are not as many as were exported: nothing was changed', 1;
    MERGE INTO [gold].[mart_sales_by_customer] AS t
    USING [stage].[mart_sales_by_customer] AS s
    ON t.[CustomerID] = s.[CustomerID]
    WHEN MATCHED THEN UPDATE SET t.[CustomerName] = s.[CustomerName], t.[Country] = s.[Country], t.[Spent] = s.[Spent], t.[Returned] = s.[Returned], t.[Amount] = s.[Amount], t.[Orders] = s.[Orders], t.[Returns] = s.[Returns], t.[Lines] = s.[Lines], t.[FirstOrderDate] = s.[FirstOrderDate], t.[LastOrderDate] = s.[LastOrderDate]
    WHEN NOT MATCHED BY TARGET THEN INSERT ([CustomerID], [CustomerName], [Country], [Spent], [Returned], [Amount], [Orders], [Returns], [Lines], [FirstOrderDate], [LastOrderDate])
        VALUES (s.[CustomerID], s.[CustomerName], s.[Country], s.[Spent], s.[Returned], s.[Amount], s.[Orders], s.[Returns], s.[Lines], s.[FirstOrderDate], s.[LastOrderDate])
    WHEN NOT MATCHED BY SOURCE THEN DELETE;
    DROP TABLE [stage].[mart_sales_by_customer];
END;
GO

