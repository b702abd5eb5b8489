/* SPDX-License-Identifier: Apache-2.0 */
/* store/ops_access.h - who may look: users of the web. */
#ifndef MR_STORE_OPS_ACCESS_H
#define MR_STORE_OPS_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

/* Each may do what the one before it may, and more; a customer only for one customer id. */
typedef enum mr_user_role {
    MR_USER_NOBODY, /* no user has it: what needs no session */
    MR_USER_CUSTOMER,
    MR_USER_ANALYST,
    MR_USER_OPERATOR,
} mr_user_role;

enum { mr_user_name_bytes_max = 65 };

typedef struct mr_user {
    int64_t user_id;
    char name[mr_user_name_bytes_max];
    mr_user_role role;
    int64_t customer_id; /* meaningful for a customer */
} mr_user;

#endif
