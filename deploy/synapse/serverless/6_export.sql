-- For a dedicated pool: each procedure writes a table's rows into the exchange, as export/RUN/TABLE/,
-- and answers how many; the pool's load procedure is told that number. A run's name is used once.
-- Made by millrace eject from the models and metrics: change those, not this file.
-- Run in the database of the serverless pool.

IF OBJECT_ID('export.dim_customer', 'P') IS NOT NULL DROP PROCEDURE [export].[dim_customer];
GO
CREATE PROCEDURE [export].[dim_customer] @run varchar(64) AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(max);
    SET @sql = N'CREATE EXTERNAL TABLE [export].[dim_customer_' + @run + N'] WITH (LOCATION = ''export/' + @run + N'/dim_customer/'', DATA_SOURCE = [millrace_exchange], FILE_FORMAT = [millrace_parquet]) AS SELECT [CustomerID], [CustomerName], [Country], [FirstLineDate], [LastLineDate], [name_date], [name_position], [country_date], [country_position] FROM [gold].[dim_customer]';
    EXEC sp_executesql @sql;
    SET @sql = N'SELECT count_big(*) AS [rows] FROM [export].[dim_customer_' + @run + N']';
    EXEC sp_executesql @sql;
    SET @sql = N'DROP EXTERNAL TABLE [export].[dim_customer_' + @run + N']';
    EXEC sp_executesql @sql;
END;
GO

IF OBJECT_ID('export.dim_product', 'P') IS NOT NULL DROP PROCEDURE [export].[dim_product];
GO
CREATE PROCEDURE [export].[dim_product] @run varchar(64) AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(max);
    SET @sql = N'CREATE EXTERNAL TABLE [export].[dim_product_' + @run + N'] WITH (LOCATION = ''export/' + @run + N'/dim_product/'', DATA_SOURCE = [millrace_exchange], FILE_FORMAT = [millrace_parquet]) AS SELECT [StockCode], [Description], [FirstLineDate], [LastLineDate], [description_date], [description_position] FROM [gold].[dim_product]';
    EXEC sp_executesql @sql;
    SET @sql = N'SELECT count_big(*) AS [rows] FROM [export].[dim_product_' + @run + N']';
    EXEC sp_executesql @sql;
    SET @sql = N'DROP EXTERNAL TABLE [export].[dim_product_' + @run + N']';
    EXEC sp_executesql @sql;
END;
GO

IF OBJECT_ID('export.dim_invoice', 'P') IS NOT NULL DROP PROCEDURE [export].[dim_invoice];
GO
CREATE PROCEDURE [export].[dim_invoice] @run varchar(64) AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(max);
    SET @sql = N'CREATE EXTERNAL TABLE [export].[dim_invoice_' + @run + N'] WITH (LOCATION = ''export/' + @run + N'/dim_invoice/'', DATA_SOURCE = [millrace_exchange], FILE_FORMAT = [millrace_parquet]) AS SELECT [InvoiceNo], [InvoiceDate], [DateID], [LastLineDate], [CustomerID], [Country], [IsCancelled], [has_customer], [head_date], [head_position] FROM [gold].[dim_invoice]';
    EXEC sp_executesql @sql;
    SET @sql = N'SELECT count_big(*) AS [rows] FROM [export].[dim_invoice_' + @run + N']';
    EXEC sp_executesql @sql;
    SET @sql = N'DROP EXTERNAL TABLE [export].[dim_invoice_' + @run + N']';
    EXEC sp_executesql @sql;
END;
GO

IF OBJECT_ID('export.dim_date', 'P') IS NOT NULL DROP PROCEDURE [export].[dim_date];
GO
CREATE PROCEDURE [export].[dim_date] @run varchar(64), @from int, @to int AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(max);
    SET @sql = N'CREATE EXTERNAL TABLE [export].[dim_date_' + @run + N'] WITH (LOCATION = ''export/' + @run + N'/dim_date/'', DATA_SOURCE = [millrace_exchange], FILE_FORMAT = [millrace_parquet]) AS SELECT [DateID], [Date], [Year], [Quarter], [Month], [MonthName], [Day], [WeekOfYear], [Weekday], [WeekdayName], [IsWeekend] FROM [gold].[dim_date] WHERE [DateID] BETWEEN ' + CAST(@from AS nvarchar(11)) + N' AND ' + CAST(@to AS nvarchar(11));
    EXEC sp_executesql @sql;
    SET @sql = N'SELECT count_big(*) AS [rows] FROM [export].[dim_date_' + @run + N']';
    EXEC sp_executesql @sql;
    SET @sql = N'DROP EXTERNAL TABLE [export].[dim_date_' + @run + N']';
    EXEC sp_executesql @sql;
END;
GO

IF OBJECT_ID('export.fact_sales', 'P') IS NOT NULL DROP PROCEDURE [export].[fact_sales];
GO
CREATE PROCEDURE [export].[fact_sales] @run varchar(64), @from int, @to int AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(max);
    SET @sql = N'CREATE EXTERNAL TABLE [export].[fact_sales_' + @run + N'] WITH (LOCATION = ''export/' + @run + N'/fact_sales/'', DATA_SOURCE = [millrace_exchange], FILE_FORMAT = [millrace_parquet]) AS SELECT [event_id], [InvoiceNo], [StockCode], [Description], [CustomerID], [CustomerName], [Country], [Quantity], [UnitPrice], [Amount], [InvoiceDate], [DateID], [log_position], [InvoiceMonth] FROM [gold].[fact_sales] WHERE [DateID] BETWEEN ' + CAST(@from AS nvarchar(11)) + N' AND ' + CAST(@to AS nvarchar(11));
    EXEC sp_executesql @sql;
    SET @sql = N'SELECT count_big(*) AS [rows] FROM [export].[fact_sales_' + @run + N']';
    EXEC sp_executesql @sql;
    SET @sql = N'DROP EXTERNAL TABLE [export].[fact_sales_' + @run + N']';
    EXEC sp_executesql @sql;
END;
GO

IF OBJECT_ID('export.mart_sales_by_day', 'P') IS NOT NULL DROP PROCEDURE [export].[mart_sales_by_day];
GO
CREATE PROCEDURE [export].[mart_sales_by_day] @run varchar(64), @from int, @to int AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(max);
    SET @sql = N'CREATE EXTERNAL TABLE [export].[mart_sales_by_day_' + @run + N'] WITH (LOCATION = ''export/' + @run + N'/mart_sales_by_day/'', DATA_SOURCE = [millrace_exchange], FILE_FORMAT = [millrace_parquet]) AS SELECT [DateID], [Country], [Lines], [Quantity], [Sales], [Returns], [Amount], [Orders], [Cancellations] FROM [gold].[mart_sales_by_day] WHERE [DateID] BETWEEN ' + CAST(@from AS nvarchar(11)) + N' AND ' + CAST(@to AS nvarchar(11));
    EXEC sp_executesql @sql;
    SET @sql = N'SELECT count_big(*) AS [rows] FROM [export].[mart_sales_by_day_' + @run + N']';
    EXEC sp_executesql @sql;
    SET @sql = N'DROP EXTERNAL TABLE [export].[mart_sales_by_day_' + @run + N']';
    EXEC sp_executesql @sql;
END;
GO

IF OBJECT_ID('export.mart_sales_by_hour', 'P') IS NOT NULL DROP PROCEDURE [export].[mart_sales_by_hour];
GO
CREATE PROCEDURE [export].[mart_sales_by_hour] @run varchar(64), @from int, @to int AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(max);
    SET @sql = N'CREATE EXTERNAL TABLE [export].[mart_sales_by_hour_' + @run + N'] WITH (LOCATION = ''export/' + @run + N'/mart_sales_by_hour/'', DATA_SOURCE = [millrace_exchange], FILE_FORMAT = [millrace_parquet]) AS SELECT [DateID], [Hour], [Lines], [Sales], [Amount] FROM [gold].[mart_sales_by_hour] WHERE [DateID] BETWEEN ' + CAST(@from AS nvarchar(11)) + N' AND ' + CAST(@to AS nvarchar(11));
    EXEC sp_executesql @sql;
    SET @sql = N'SELECT count_big(*) AS [rows] FROM [export].[mart_sales_by_hour_' + @run + N']';
    EXEC sp_executesql @sql;
    SET @sql = N'DROP EXTERNAL TABLE [export].[mart_sales_by_hour_' + @run + N']';
    EXEC sp_executesql @sql;
END;
GO

IF OBJECT_ID('export.mart_sales_by_product', 'P') IS NOT NULL DROP PROCEDURE [export].[mart_sales_by_product];
GO
CREATE PROCEDURE [export].[mart_sales_by_product] @run varchar(64) AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(max);
    SET @sql = N'CREATE EXTERNAL TABLE [export].[mart_sales_by_product_' + @run + N'] WITH (LOCATION = ''export/' + @run + N'/mart_sales_by_product/'', DATA_SOURCE = [millrace_exchange], FILE_FORMAT = [millrace_parquet]) AS SELECT [InvoiceMonth], [StockCode], [Lines], [Quantity], [Sales], [ReturnedQuantity], [Returns], [Amount] FROM [gold].[mart_sales_by_product]';
    EXEC sp_executesql @sql;
    SET @sql = N'SELECT count_big(*) AS [rows] FROM [export].[mart_sales_by_product_' + @run + N']';
    EXEC sp_executesql @sql;
    SET @sql = N'DROP EXTERNAL TABLE [export].[mart_sales_by_product_' + @run + N']';
    EXEC sp_executesql @sql;
END;
GO

IF OBJECT_ID('export.mart_orders', 'P') IS NOT NULL DROP PROCEDURE [export].[mart_orders];
GO
CREATE PROCEDURE [export].[mart_orders] @run varchar(64) AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(max);
    SET @sql = N'CREATE EXTERNAL TABLE [export].[mart_orders_' + @run + N'] WITH (LOCATION = ''export/' + @run + N'/mart_orders/'', DATA_SOURCE = [millrace_exchange], FILE_FORMAT = [millrace_parquet]) AS SELECT [InvoiceNo], [CustomerID], [IsCancelled], [Country], [InvoiceDate], [DateID], [Lines], [Quantity], [Amount], [head_date], [head_position] FROM [gold].[mart_orders]';
    EXEC sp_executesql @sql;
    SET @sql = N'SELECT count_big(*) AS [rows] FROM [export].[mart_orders_' + @run + N']';
    EXEC sp_executesql @sql;
    SET @sql = N'DROP EXTERNAL TABLE [export].[mart_orders_' + @run + N']';
    EXEC sp_executesql @sql;
END;
GO

IF OBJECT_ID('export.mart_sales_by_customer', 'P') IS NOT NULL DROP PROCEDURE [export].[mart_sales_by_customer];
GO
CREATE PROCEDURE [export].[mart_sales_by_customer] @run varchar(64) AS
BEGIN
    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'
        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;
    DECLARE @sql nvarchar(max);
    SET @sql = N'CREATE EXTERNAL TABLE [export].[mart_sales_by_customer_' + @run + N'] WITH (LOCATION = ''export/' + @run + N'/mart_sales_by_customer/'', DATA_SOURCE = [millrace_exchange], FILE_FORMAT = [millrace_parquet]) AS SELECT [CustomerID], [CustomerName], [Country], [Spent], [Returned], [Amount], [Orders], [Returns], [Lines], [FirstOrderDate], [LastOrderDate] FROM [gold].[mart_sales_by_customer]';
    EXEC sp_executesql @sql;
    SET @sql = N'SELECT count_big(*) AS [rows] FROM [export].[mart_sales_by_customer_' + @run + N']';
    EXEC sp_executesql @sql;
    SET @sql = N'DROP EXTERNAL TABLE [export].[mart_sales_by_customer_' + @run + N']';
    EXEC sp_executesql @sql;
END;
GO

