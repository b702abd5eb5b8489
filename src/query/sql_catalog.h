/* SPDX-License-Identifier: Apache-2.0 */
/* query/sql_catalog.h - what the lake has, as queries whose rows say it. */
#ifndef MR_QUERY_SQL_CATALOG_H
#define MR_QUERY_SQL_CATALOG_H

#include "query/sql_lake.h"

/* Each appends a query: the tables and views, or the columns of one. MR_NOT_FOUND: no such table.
 */
mr_status mr_sql_catalog_tables(mr_sql_lake *lake, mr_buffer *out, mr_err *err);
mr_status mr_sql_catalog_columns(mr_sql_lake *lake, mr_text name, mr_buffer *out, mr_err *err);

#endif
