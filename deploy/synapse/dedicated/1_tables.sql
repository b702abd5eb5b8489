-- Gold's tables, made where they are missing; those that are there stay as they are.
-- Made by millrace eject from the models and metrics: change those, not this file.
-- Run in the dedicated pool.

IF SCHEMA_ID('gold') IS NULL EXEC('CREATE SCHEMA [gold]');
GO
IF SCHEMA_ID('stage') IS NULL EXEC('CREATE SCHEMA [stage]');
GO

-- One row a customer, with the latest name and country.
IF OBJECT_ID('gold.dim_customer', 'U') IS NULL
CREATE TABLE [gold].[dim_customer] (
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
WITH (DISTRIBUTION = HASH([CustomerID]), CLUSTERED COLUMNSTORE INDEX);
GO

-- One row a stock code, with the latest description.
IF OBJECT_ID('gold.dim_product', 'U') IS NULL
CREATE TABLE [gold].[dim_product] (
    [StockCode] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [Description] nvarchar(510) COLLATE Latin1_General_100_BIN2 NULL,
    [FirstLineDate] datetime2(6) NOT NULL,
    [LastLineDate] datetime2(6) NOT NULL,
    [description_date] datetime2(6) NULL,
    [description_position] bigint NULL
)
WITH (DISTRIBUTION = HASH([StockCode]), CLUSTERED COLUMNSTORE INDEX);
GO

-- One row an invoice, with its date, customer and country.
IF OBJECT_ID('gold.dim_invoice', 'U') IS NULL
CREATE TABLE [gold].[dim_invoice] (
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
WITH (DISTRIBUTION = HASH([InvoiceNo]), CLUSTERED COLUMNSTORE INDEX);
GO

-- One row a day on which something was sold or returned.
IF OBJECT_ID('gold.dim_date', 'U') IS NULL
CREATE TABLE [gold].[dim_date] (
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
WITH (DISTRIBUTION = HASH([DateID]), CLUSTERED COLUMNSTORE INDEX);
GO

-- One row a line of an invoice, each once, however often it was sent.
IF OBJECT_ID('gold.fact_sales', 'U') IS NULL
CREATE TABLE [gold].[fact_sales] (
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
WITH (DISTRIBUTION = HASH([InvoiceNo]), CLUSTERED COLUMNSTORE INDEX);
GO

-- Sales, returns and orders of a day and country.
IF OBJECT_ID('gold.mart_sales_by_day', 'U') IS NULL
CREATE TABLE [gold].[mart_sales_by_day] (
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
WITH (DISTRIBUTION = HASH([DateID]), CLUSTERED COLUMNSTORE INDEX);
GO

-- Sales of an hour of a day.
IF OBJECT_ID('gold.mart_sales_by_hour', 'U') IS NULL
CREATE TABLE [gold].[mart_sales_by_hour] (
    [DateID] int NOT NULL,
    [Hour] int NOT NULL,
    [Lines] bigint NOT NULL,
    [Sales] decimal(38, 4) NOT NULL,
    [Amount] decimal(38, 4) NOT NULL
)
WITH (DISTRIBUTION = HASH([DateID]), CLUSTERED COLUMNSTORE INDEX);
GO

-- Sales and returns of a product in a month.
IF OBJECT_ID('gold.mart_sales_by_product', 'U') IS NULL
CREATE TABLE [gold].[mart_sales_by_product] (
    [InvoiceMonth] int NOT NULL,
    [StockCode] nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
    [Lines] bigint NOT NULL,
    [Quantity] bigint NOT NULL,
    [Sales] decimal(38, 4) NOT NULL,
    [ReturnedQuantity] bigint NOT NULL,
    [Returns] decimal(38, 4) NOT NULL,
    [Amount] decimal(38, 4) NOT NULL
)
WITH (DISTRIBUTION = HASH([InvoiceMonth]), CLUSTERED COLUMNSTORE INDEX);
GO

-- What one customer has on one invoice: an order, or a return.
IF OBJECT_ID('gold.mart_orders', 'U') IS NULL
CREATE TABLE [gold].[mart_orders] (
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
WITH (DISTRIBUTION = HASH([InvoiceNo]), CLUSTERED COLUMNSTORE INDEX);
GO

-- What each customer spent and returned to date.
IF OBJECT_ID('gold.mart_sales_by_customer', 'U') IS NULL
CREATE TABLE [gold].[mart_sales_by_customer] (
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
WITH (DISTRIBUTION = HASH([CustomerID]), CLUSTERED COLUMNSTORE INDEX);
GO

