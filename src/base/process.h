/* SPDX-License-Identifier: Apache-2.0 */
/* base/process.h - what a process uses, read from /proc, what it can give back, and how a thread
 * gives way; with mr_process_* of base/metrics.h. */
#ifndef MR_BASE_PROCESS_H
#define MR_BASE_PROCESS_H

#include <stdint.h>

/* Descriptors this process has open; 0 when it cannot be known. */
uint64_t mr_process_open_files(void);

/* The calling thread, and those it starts from now on, run behind the others of the program where
 * they want the same core. For good. */
void mr_thread_give_way(void);

/* Gives back the pages of programs and libraries that starting touched: code and constants, which
 * stay in the kernel's cache of files, and come back as they are used again. */
void mr_process_release_code(void);

/* When a process started, in seconds since the epoch; 0 when it cannot be known. */
double mr_process_start_seconds(int pid);

#endif
