/* SPDX-License-Identifier: Apache-2.0 */
/* eject/tsql.h - columns and views of the models as T-SQL. */
#ifndef MR_EJECT_TSQL_H
#define MR_EJECT_TSQL_H

#include "base/memory.h"
#include "eject/relation.h"

/* A serverless pool reads files as UTF-8; the tables of a dedicated pool are UTF-16. Both compare
 * code by code, as the lake does: "a" is not "A". */
typedef enum mr_tsql_pool { MR_TSQL_SERVERLESS, MR_TSQL_DEDICATED } mr_tsql_pool;

/* "decimal(38, 4)", "varchar(128) COLLATE Latin1_General_100_BIN2_UTF8" */
void mr_put_tsql_type(mr_buffer *out, const mr_model_column *column, mr_tsql_pool pool);

/* Appends the view's SELECT. MR_UNSUPPORTED: it has something that T-SQL has not got. */
mr_status mr_put_tsql_view(mr_buffer *out, const mr_model *view, const mr_relations *relations,
                           mr_err *err);

#endif
