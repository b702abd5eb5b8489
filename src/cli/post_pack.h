/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_pack.h - packs request bodies: gzip or zstd, at the level that costs least. */
#ifndef MR_CLI_POST_PACK_H
#define MR_CLI_POST_PACK_H

#include "base/memory.h"

typedef enum mr_post_packing { MR_POST_PLAIN, MR_POST_GZIP, MR_POST_ZSTD } mr_post_packing;

typedef struct mr_post_packer mr_post_packer;

/* NULL for MR_POST_PLAIN. */
mr_post_packer *mr_post_packer_create(mr_post_packing packing);
void mr_post_packer_destroy(mr_post_packer *packer); /* NULL is fine */

/* Replaces what is in packed. */
mr_status mr_post_pack(mr_post_packer *packer, mr_text body, mr_buffer *packed, mr_err *err);

/* "none", "gzip", "zstd"; false: none of these. */
bool mr_post_packing_parse(const char *name, mr_post_packing *ret_packing);

#endif
