/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap_library.c - finds DuckDB's library and the functions of olap_library.h in it.
 *
 * Owns:       the table that the room calls through, and the library, which is never unloaded: its
 *             threads, its handlers at exit and, under a sanitizer, its place outlive any database.
 * Invariants: (1) a table is whole or untouched; (2) once whole, it never changes.
 */
#define _GNU_SOURCE /* RTLD_DEEPBIND */
#include "olap/olap_library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char library_file[] = "libduckdb.so";

/* NOW: what is missing shows here, not in the middle of a statement. LOCAL: its symbols, and those
 * of the C++ library it brings along, are nobody else's. DEEPBIND: it looks for its own 66,000
 * in itself first, not in every library of the program: half the time. Sanitizers refuse that. */
enum {
#ifdef MILLRACE_SANITIZED
    load_flags = RTLD_NOW | RTLD_LOCAL
#else
    load_flags = RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND
#endif
};

static const struct {
    const char *symbol;
    size_t offset; /* in mr_duckdb_table */
} functions[] = {
#define FUNCTION(name) {"duckdb_" #name, offsetof(mr_duckdb_table, name)},
    MR_DUCKDB_FUNCTIONS(FUNCTION)
#undef FUNCTION
};

enum { function_count = sizeof functions / sizeof functions[0] };

_Static_assert(sizeof(mr_duckdb_table) == function_count * sizeof(void *),
               "POSIX: an address from dlsym is as wide as a pointer to a function");

mr_duckdb_table mr_duckdb;

static pthread_mutex_t load_lock = PTHREAD_MUTEX_INITIALIZER;
static bool loaded; /* guarded by load_lock */

mr_status mr_olap_library_load_file(const char *file, mr_duckdb_table *ret_table, mr_err *err)
{
    mr_duckdb_table table;
    void *library = dlopen(file, load_flags);

    if (library == NULL) {
        return mr_fail(err, MR_IO, "the engine's library %s cannot be loaded: %s", file, dlerror());
    }
    for (size_t index = 0; index < function_count; index++) {
        void *address = dlsym(library, functions[index].symbol);
        if (address == NULL) {
            return mr_fail(err, MR_UNSUPPORTED,
                           "the engine's library %s has no %s: it is not the version that this "
                           "program was built for",
                           file, functions[index].symbol);
        }
        memcpy((char *)&table + functions[index].offset, &address, sizeof address);
    }
    *ret_table = table;
    return MR_OK;
}

mr_status mr_olap_library_load(mr_err *err)
{
    mr_status status = MR_OK;

    MR_ASSERT(pthread_mutex_lock(&load_lock) == 0);
    if (!loaded) {
        status = mr_olap_library_load_file(library_file, &mr_duckdb, err);
        loaded = status == MR_OK;
    }
    MR_ASSERT(pthread_mutex_unlock(&load_lock) == 0);
    return status;
}
