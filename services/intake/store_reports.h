/* Photos and photo reports in the store. */
#ifndef INTAKE_STORE_REPORTS_H
#define INTAKE_STORE_REPORTS_H

#include "intake/image.h"
#include "intake/store.h"

enum { ATTACHMENT_HASH = 32 };

typedef struct report_row {
    int32_t region;
    int64_t complaint;
    const char *role, *person, *domain_hint, *notice_version;
    const wjz_blob *photos; /* hashes, in the reporter's order */
    size_t photo_count;
} report_row;

/* Queues: the photo as it came, and what may be shown of it; once, however often it comes. */
WJZ_MUST_CHECK int store_put_attachment(wjz_tx *tx, int32_t region, const uint8_t hash[ATTACHMENT_HASH],
                                        const void *data, size_t length, const image *of);
/* How many of the hashes are there. Waits. */
WJZ_MUST_CHECK int store_count_attachments(wjz_tx *tx, int32_t region, const wjz_blob *hashes, size_t count,
                                           int64_t *ret_known, wjz_err *err);
/* Queues: what a report has beside its complaint; what is there stays. */
WJZ_MUST_CHECK int store_put_report(wjz_tx *tx, const report_row *row);
/* Queues: the photos of a complaint by their hashes, in the reporter's order; what is there stays. */
WJZ_MUST_CHECK int store_put_photos(wjz_tx *tx, int32_t region, int64_t complaint, const wjz_blob *hashes, size_t count);

/* Rows of both: external id, complaint, stored, text, address, photos, stage, changed, outcome. Wait. */
enum { REPORT_COLUMNS = 9 };
WJZ_MUST_CHECK int store_find_report(wjz_tx *tx, int32_t region, const char *receipt, wjz_rows **ret_rows, wjz_err *err);
WJZ_MUST_CHECK int store_list_reports(wjz_tx *tx, int32_t region, const char *person, int64_t before, int most,
                                      wjz_rows **ret_rows, wjz_err *err);
/* Queues: forgets photos that no complaint named within the days given. */
WJZ_MUST_CHECK int store_forget_attachments(wjz_tx *tx, int days);

#endif
