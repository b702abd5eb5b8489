/* SPDX-License-Identifier: Apache-2.0 */
/* base/version.h - which millrace this is. */
#ifndef MR_BASE_VERSION_H
#define MR_BASE_VERSION_H

const char *mr_version(void); /* "0.1.0"; static storage */

#endif
