/* Photo reports (随手拍): photos are examined and kept by hash, a report becomes a complaint of the feed photo-report, or of
 * liaison-report when an observer, liaison or grid member makes it; its receipt is the secret by which its state is asked. */
#ifndef INTAKE_REPORTS_H
#define INTAKE_REPORTS_H

#include <stdbool.h>

#include "wjz/bus.h"
#include "wjz/seal.h"

wjz_request_handler on_store_attachment, on_submit_report, on_describe_report, on_list_reports;

enum { REPORT_RECEIPT = 20 }; /* "8K3M-Q7TD-2H9V-5XWA" and NUL */

/* The receipt that belongs to a key: the same one whenever the report is sent again; whoever lacks the seal cannot guess it. */
void report_receipt(const wjz_seal *seal, const char *key, char ret_receipt[REPORT_RECEIPT]);
/* As a person types it: any case, dashes or blanks anywhere, O for 0, I and L for 1 (Crockford's base 32). False when it is none. */
bool report_read_receipt(const char *text, char ret_receipt[REPORT_RECEIPT]);

#endif
