/* SPDX-License-Identifier: Apache-2.0 */
/* eject/package.h - all that deploys millrace elsewhere, filled in for one installation, in a
 * folder.
 *
 * What is written has no secret: the caller hands over references, or says that a value is missing.
 * Threads: any; nothing is kept.
 */
#ifndef MR_EJECT_PACKAGE_H
#define MR_EJECT_PACKAGE_H

#include "eject/eject.h"

/* What `only` may name. */
#define MR_PACKAGE_PARTS                                                                        \
    "settings, terraform, adf, synapse, powerbi, airflow, spark, kubernetes, docker, systemd, " \
    "workflows"

/* A setting that was given; its value is one that may be written. */
typedef struct mr_package_setting {
    const char *name;
    const char *value; /* NULL: a secret that is not written */
} mr_package_setting;

/* Texts are borrowed; NULL: not known, the names of the repository's examples stay. */
typedef struct mr_installation {
    mr_eject_settings names;
    const char *vault;    /* Key Vault, "mr-prod-shop1" */
    const char *web_url;  /* "https://shop.example.com" */
    const char *schedule; /* as cron writes it */
    const char *timezone; /* by its IANA name */
    const char *shop;     /* its name on pages */
    const mr_package_setting *settings;
    size_t setting_count;
} mr_installation;

typedef struct mr_package_options {
    const char *folder;
    bool force;       /* also where the folder holds something: files of these names are replaced */
    const char *only; /* "terraform,adf"; NULL: everything */
    const mr_models *models;
    const mr_metrics *metrics;
    mr_installation installation;
    void (*written)(void *ctx, const char *path, uint64_t bytes); /* each file, in order */
    void *ctx;
} mr_package_options;

/* MR_EXISTS: the folder holds something. MR_INVALID: `only` names a part that there is not; err
 * lists them. A folder that was not there appears whole, or not at all; with `force` each file
 * does. */
mr_status mr_package_write(const mr_package_options *options, mr_err *err);

#endif
