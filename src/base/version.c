/* SPDX-License-Identifier: Apache-2.0 */
/* base/version.c - the version comes from the project() line of CMakeLists.txt. */
#include "base/version.h"

const char *mr_version(void)
{
    return MR_VERSION;
}
