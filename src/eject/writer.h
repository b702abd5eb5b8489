/* SPDX-License-Identifier: Apache-2.0 */
/* eject/writer.h - texts of other languages, written with the quoting each of them wants. */
#ifndef MR_EJECT_WRITER_H
#define MR_EJECT_WRITER_H

#include "base/memory.h"

/* '...' of T-SQL, SQL and TMDL names: the quote doubled. */
void mr_put_quoted(mr_buffer *out, const char *text, char quote);
/* "..." of M and DAX. */
void mr_put_m_text(mr_buffer *out, const char *text);
/* [gold].[fact_sales] */
void mr_put_tsql_name(mr_buffer *out, const char *schema, const char *name);
/* A name of TMDL: as it is, or in quotes where the grammar asks for them. */
void mr_put_tmdl_name(mr_buffer *out, const char *name);
/* "..." of JSON. */
void mr_put_json(mr_buffer *out, const char *text);
/* "..." of Terraform: what would begin a template (${ or %{) is taken as it stands. */
void mr_put_hcl(mr_buffer *out, const char *text);

#endif
