-- Gold's Delta tables as they are now, under their names, with their types.
-- Made by millrace eject from the models and metrics: change those, not this file.
-- Run in the database of the serverless pool.

-- One row a customer, with the latest name and country.
IF OBJECT_ID('gold.dim_customer', 'V') IS NOT NULL DROP VIEW [gold].[dim_customer];
GO
CREATE VIEW [gold].[dim_customer] AS
SELECT r.[CustomerID], r.[CustomerName], r.[Country], r.[FirstLineDate], r.[LastLineDate], r.[name_date], r.[name_position], r.[country_date], r.[country_position]
FROM OPENROWSET(BULK 'gold/dim_customer/', DATA_SOURCE = 'millrace_lake', FORMAT = 'DELTA')
WITH (
    [CustomerID] bigint,
    [CustomerName] varchar(1020) COLLATE Latin1_General_100_BIN2_UTF8,
    [Country] varchar(256) COLLATE Latin1_General_100_BIN2_UTF8,
    [FirstLineDate] datetime2(6),
    [LastLineDate] datetime2(6),
    [name_date] datetime2(6),
    [name_position] bigint,
    [country_date] datetime2(6),
    [country_position] bigint
) AS r;
GO

-- One row a stock code, with the latest description.
IF OBJECT_ID('gold.dim_product', 'V') IS NOT NULL DROP VIEW [gold].[dim_product];
GO
CREATE VIEW [gold].[dim_product] AS
SELECT r.[StockCode], r.[Description], r.[FirstLineDate], r.[LastLineDate], r.[description_date], r.[description_position]
FROM OPENROWSET(BULK 'gold/dim_product/', DATA_SOURCE = 'millrace_lake', FORMAT = 'DELTA')
WITH (
    [StockCode] varchar(128) COLLATE Latin1_General_100_BIN2_UTF8,
    [Description] varchar(1020) COLLATE Latin1_General_100_BIN2_UTF8,
    [FirstLineDate] datetime2(6),
    [LastLineDate] datetime2(6),
    [description_date] datetime2(6),
    [description_position] bigint
) AS r;
GO

-- One row an invoice, with its date, customer and country.
IF OBJECT_ID('gold.dim_invoice', 'V') IS NOT NULL DROP VIEW [gold].[dim_invoice];
GO
CREATE VIEW [gold].[dim_invoice] AS
SELECT r.[InvoiceNo], r.[InvoiceDate], r.[DateID], r.[LastLineDate], r.[CustomerID], r.[Country], r.[IsCancelled], r.[has_customer], r.[head_date], r.[head_position]
FROM OPENROWSET(BULK 'gold/dim_invoice/', DATA_SOURCE = 'millrace_lake', FORMAT = 'DELTA')
WITH (
    [InvoiceNo] varchar(128) COLLATE Latin1_General_100_BIN2_UTF8,
    [InvoiceDate] datetime2(6),
    [DateID] int,
    [LastLineDate] datetime2(6),
    [CustomerID] bigint,
    [Country] varchar(256) COLLATE Latin1_General_100_BIN2_UTF8,
    [IsCancelled] bit,
    [has_customer] int,
    [head_date] datetime2(6),
    [head_position] bigint
) AS r;
GO

-- One row a day on which something was sold or returned.
IF OBJECT_ID('gold.dim_date', 'V') IS NOT NULL DROP VIEW [gold].[dim_date];
GO
CREATE VIEW [gold].[dim_date] AS
SELECT r.[DateID], r.[Date], r.[Year], r.[Quarter], r.[Month], r.[MonthName], r.[Day], r.[WeekOfYear], r.[Weekday], r.[WeekdayName], r.[IsWeekend]
FROM OPENROWSET(BULK 'gold/dim_date/', DATA_SOURCE = 'millrace_lake', FORMAT = 'DELTA')
WITH (
    [DateID] int,
    [Date] date,
    [Year] int,
    [Quarter] int,
    [Month] int,
    [MonthName] varchar(36) COLLATE Latin1_General_100_BIN2_UTF8,
    [Day] int,
    [WeekOfYear] int,
    [Weekday] int,
    [WeekdayName] varchar(36) COLLATE Latin1_General_100_BIN2_UTF8,
    [IsWeekend] bit
) AS r;
GO

-- One row a line of an invoice, each once, however often it was sent.
IF OBJECT_ID('gold.fact_sales', 'V') IS NOT NULL DROP VIEW [gold].[fact_sales];
GO
CREATE VIEW [gold].[fact_sales] AS
SELECT r.[event_id], r.[InvoiceNo], r.[StockCode], r.[Description], r.[CustomerID], r.[CustomerName], r.[Country], r.[Quantity], r.[UnitPrice], r.[Amount], r.[InvoiceDate], r.[DateID], r.[log_position], r.[InvoiceMonth]
FROM OPENROWSET(BULK 'gold/fact_sales/', DATA_SOURCE = 'millrace_lake', FORMAT = 'DELTA')
WITH (
    [event_id] varbinary(16),
    [InvoiceNo] varchar(128) COLLATE Latin1_General_100_BIN2_UTF8,
    [StockCode] varchar(128) COLLATE Latin1_General_100_BIN2_UTF8,
    [Description] varchar(1020) COLLATE Latin1_General_100_BIN2_UTF8,
    [CustomerID] bigint,
    [CustomerName] varchar(1020) COLLATE Latin1_General_100_BIN2_UTF8,
    [Country] varchar(256) COLLATE Latin1_General_100_BIN2_UTF8,
    [Quantity] int,
    [UnitPrice] decimal(18, 4),
    [Amount] decimal(28, 4),
    [InvoiceDate] datetime2(6),
    [DateID] int,
    [log_position] bigint,
    [InvoiceMonth] int
) AS r;
GO

-- Sales, returns and orders of a day and country.
IF OBJECT_ID('gold.mart_sales_by_day', 'V') IS NOT NULL DROP VIEW [gold].[mart_sales_by_day];
GO
CREATE VIEW [gold].[mart_sales_by_day] AS
SELECT r.[DateID], r.[Country], r.[Lines], r.[Quantity], r.[Sales], r.[Returns], r.[Amount], r.[Orders], r.[Cancellations]
FROM OPENROWSET(BULK 'gold/mart_sales_by_day/', DATA_SOURCE = 'millrace_lake', FORMAT = 'DELTA')
WITH (
    [DateID] int,
    [Country] varchar(256) COLLATE Latin1_General_100_BIN2_UTF8,
    [Lines] bigint,
    [Quantity] bigint,
    [Sales] decimal(38, 4),
    [Returns] decimal(38, 4),
    [Amount] decimal(38, 4),
    [Orders] bigint,
    [Cancellations] bigint
) AS r;
GO

-- Sales of an hour of a day.
IF OBJECT_ID('gold.mart_sales_by_hour', 'V') IS NOT NULL DROP VIEW [gold].[mart_sales_by_hour];
GO
CREATE VIEW [gold].[mart_sales_by_hour] AS
SELECT r.[DateID], r.[Hour], r.[Lines], r.[Sales], r.[Amount]
FROM OPENROWSET(BULK 'gold/mart_sales_by_hour/', DATA_SOURCE = 'millrace_lake', FORMAT = 'DELTA')
WITH (
    [DateID] int,
    [Hour] int,
    [Lines] bigint,
    [Sales] decimal(38, 4),
    [Amount] decimal(38, 4)
) AS r;
GO

-- Sales and returns of a product in a month.
IF OBJECT_ID('gold.mart_sales_by_product', 'V') IS NOT NULL DROP VIEW [gold].[mart_sales_by_product];
GO
CREATE VIEW [gold].[mart_sales_by_product] AS
SELECT r.[InvoiceMonth], r.[StockCode], r.[Lines], r.[Quantity], r.[Sales], r.[ReturnedQuantity], r.[Returns], r.[Amount]
FROM OPENROWSET(BULK 'gold/mart_sales_by_product/', DATA_SOURCE = 'millrace_lake', FORMAT = 'DELTA')
WITH (
    [InvoiceMonth] int,
    [StockCode] varchar(128) COLLATE Latin1_General_100_BIN2_UTF8,
    [Lines] bigint,
    [Quantity] bigint,
    [Sales] decimal(38, 4),
    [ReturnedQuantity] bigint,
    [Returns] decimal(38, 4),
    [Amount] decimal(38, 4)
) AS r;
GO

-- What one customer has on one invoice: an order, or a return.
IF OBJECT_ID('gold.mart_orders', 'V') IS NOT NULL DROP VIEW [gold].[mart_orders];
GO
CREATE VIEW [gold].[mart_orders] AS
SELECT r.[InvoiceNo], r.[CustomerID], r.[IsCancelled], r.[Country], r.[InvoiceDate], r.[DateID], r.[Lines], r.[Quantity], r.[Amount], r.[head_date], r.[head_position]
FROM OPENROWSET(BULK 'gold/mart_orders/', DATA_SOURCE = 'millrace_lake', FORMAT = 'DELTA')
WITH (
    [InvoiceNo] varchar(128) COLLATE Latin1_General_100_BIN2_UTF8,
    [CustomerID] bigint,
    [IsCancelled] bit,
    [Country] varchar(256) COLLATE Latin1_General_100_BIN2_UTF8,
    [InvoiceDate] datetime2(6),
    [DateID] int,
    [Lines] bigint,
    [Quantity] bigint,
    [Amount] decimal(38, 4),
    [head_date] datetime2(6),
    [head_position] bigint
) AS r;
GO

-- What each customer spent and returned to date.
IF OBJECT_ID('gold.mart_sales_by_customer', 'V') IS NOT NULL DROP VIEW [gold].[mart_sales_by_customer];
GO
CREATE VIEW [gold].[mart_sales_by_customer] AS
SELECT r.[CustomerID], r.[CustomerName], r.[Country], r.[Spent], r.[Returned], r.[Amount], r.[Orders], r.[Returns], r.[Lines], r.[FirstOrderDate], r.[LastOrderDate]
FROM OPENROWSET(BULK 'gold/mart_sales_by_customer/', DATA_SOURCE = 'millrace_lake', FORMAT = 'DELTA')
WITH (
    [CustomerID] bigint,
    [CustomerName] varchar(1020) COLLATE Latin1_General_100_BIN2_UTF8,
    [Country] varchar(256) COLLATE Latin1_General_100_BIN2_UTF8,
    [Spent] decimal(38, 4),
    [Returned] decimal(38, 4),
    [Amount] decimal(38, 4),
    [Orders] bigint,
    [Returns] bigint,
    [Lines] bigint,
    [FirstOrderDate] datetime2(6),
    [LastOrderDate] datetime2(6)
) AS r;
GO

