/* SPDX-License-Identifier: Apache-2.0 */
/* store/ops_statements.c - the texts, made from sql/access_*.sql by the build. */
#include "store/ops_statements.h"

#define MR_OPS_DECLARE(id, name) extern const char mr_embed_access_##name##_sql[];
MR_OPS_STATEMENTS(MR_OPS_DECLARE)
#undef MR_OPS_DECLARE

const mr_ops_text mr_ops_texts[MR_OPS_STATEMENT_COUNT] = {
#define MR_OPS_TEXT_OF(id, name) [MR_OPS_##id] = {#name, mr_embed_access_##name##_sql},
    MR_OPS_STATEMENTS(MR_OPS_TEXT_OF)
#undef MR_OPS_TEXT_OF
};
