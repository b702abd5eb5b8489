/* SPDX-License-Identifier: Apache-2.0 */
/* eject/fill.h - files of deploy/ with an installation's names in the place of the examples', and
 * the files that are made of its settings alone. Private to the room; any thread.
 */
#ifndef MR_EJECT_FILL_H
#define MR_EJECT_FILL_H

#include "eject/package.h"

/* Appends the file's content, filled in. */
void mr_fill_file(const char *path, mr_text content, const mr_installation *installation,
                  mr_buffer *out);

/* The settings, a NAME=value a line, as .env takes them. */
void mr_fill_env(const mr_installation *installation, mr_buffer *out);
/* The installation's own file, of the example at `path`: dev.tfvars, dev.backend.hcl, .env.example.
 */
void mr_fill_own(const char *path, mr_text example, const mr_installation *installation,
                 mr_buffer *out);
/* Values of the Helm chart. */
void mr_fill_values(const mr_installation *installation, mr_buffer *out);
/* A model as SQL, with what it is above it. */
void mr_fill_model(const mr_model *model, mr_buffer *out);

#endif
