/* SPDX-License-Identifier: Apache-2.0 */
/* web/answers.h - answers of a version, kept for whoever asks the same of it; the longest unused go
 * first. Any thread.
 */
#ifndef MR_WEB_ANSWERS_H
#define MR_WEB_ANSWERS_H

#include "base/memory.h"
#include "web/web.h"

typedef struct mr_web_answers mr_web_answers;

enum { mr_web_answers_bytes_max = 16 << 20 };

/* As a part of the web; for parts.c. */
void *mr_web_answers_create(const mr_web_options *options);
void mr_web_answers_destroy(void *part);

/* true: it was there, and is appended to out. */
bool mr_web_answers_find(mr_web_answers *answers, mr_text key, mr_buffer *out);
void mr_web_answers_keep(mr_web_answers *answers, mr_text key, mr_text answer);

#endif
