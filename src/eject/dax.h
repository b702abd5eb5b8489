/* SPDX-License-Identifier: Apache-2.0 */
/* eject/dax.h - metrics as measures of Power BI. */
#ifndef MR_EJECT_DAX_H
#define MR_EJECT_DAX_H

#include "base/memory.h"
#include "medallion/metric.h"

/* Appends the measure's expression, lines behind the first begun with `indent`. Other measures are
 * named by their titles. A range without lines gives a blank where SQL gives 0. */
void mr_put_dax(mr_buffer *out, const mr_metric *metric, const char *indent);
/* "#,##0.00" */
const char *mr_dax_format(const mr_metric *metric);

#endif
