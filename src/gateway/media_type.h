/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/media_type.h - which Content-Types the routes take. */
#ifndef MR_GATEWAY_MEDIA_TYPE_H
#define MR_GATEWAY_MEDIA_TYPE_H

#include <stdbool.h>

#include "base/text.h"

/* One JSON document: application/json, anything/...+json, or no type at all. */
bool mr_media_type_is_json(mr_text content_type);

/* Many: those, and NDJSON under any of its names, and text/plain. */
bool mr_media_type_is_batch(mr_text content_type);

#endif
