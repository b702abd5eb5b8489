/* SPDX-License-Identifier: Apache-2.0 */
/* base/property.h - a name and a value for somebody else's library: {"sasl.mechanism", "PLAIN"}. */
#ifndef MR_BASE_PROPERTY_H
#define MR_BASE_PROPERTY_H

typedef struct mr_property {
    const char *name;
    const char *value;
} mr_property;

#endif
