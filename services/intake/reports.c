/* See reports.h. */
#include "intake/reports.h"

#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "intake/attachment.h"
#include "intake/intake.h"
#include "intake/refusal.h"
#include "intake/store_reports.h"
#include "intake/taking.h"
#include "proto/report.pb-c.h"
#include "wjz/clock.h"

enum {
    KEY_LEAST = 16,
    KEY_MOST = 64,
    TEXT_MOST = 12000, /* bytes */
    LIST_MOST = 200,
    LIST_DEFAULT = 50,
    HASH_TEXT = ATTACHMENT_HASH * 2 + 1,
};

static int refuse_for_now(wjz_call *call, uint32_t after_ms, const char *message) {
    return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_RETRY_LATER,
                                                .message = message,
                                                .remedy = "send the same again later",
                                                .retry_after_ms = after_ms});
}

/* --- receipts --- */

static const char CROCKFORD[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
enum { RECEIPT_SIGNS = 16, IN_GROUP = 4 };

static void group(const char signs[RECEIPT_SIGNS], char ret_receipt[REPORT_RECEIPT]) {
    for (int i = 0; i < RECEIPT_SIGNS; i++) {
        if (i > 0 && i % IN_GROUP == 0) *ret_receipt++ = '-';
        *ret_receipt++ = signs[i];
    }
    *ret_receipt = '\0';
}

void report_receipt(const wjz_seal *seal, const char *key, char ret_receipt[REPORT_RECEIPT]) {
    uint8_t mac[WJZ_SEAL_MAC];
    char signs[RECEIPT_SIGNS];
    wjz_seal_mac(seal, "receipt", key, strlen(key), mac);
    for (int i = 0; i < RECEIPT_SIGNS; i++)
        signs[i] = CROCKFORD[mac[i] & 31];
    group(signs, ret_receipt);
}

bool report_read_receipt(const char *text, char ret_receipt[REPORT_RECEIPT]) {
    char signs[RECEIPT_SIGNS];
    int count = 0;
    for (; *text != '\0'; text++) {
        char sign = (char)toupper((unsigned char)*text);
        if (sign == '-' || sign == ' ') continue;
        if (sign == 'O') sign = '0';
        if (sign == 'I' || sign == 'L') sign = '1';
        if (count == RECEIPT_SIGNS || strchr(CROCKFORD, sign) == NULL) return false;
        signs[count++] = sign;
    }
    if (count < RECEIPT_SIGNS) return false;
    group(signs, ret_receipt);
    return true;
}

/* --- photos --- */

/* A county that has an organ, or that the feed of reports is of. */
static bool is_known_region(const intake *it, uint32_t region) {
    const feed *of = feeds_find(&it->feeds, "photo-report");
    return (of != NULL && of->region == (int32_t)region) || intake_has_organ(it, (int32_t)region);
}

static int tell_photo(wjz_call *call, const attachment *photo) {
    const image *of = &photo->image;
    char text[HASH_TEXT];
    Wjz__Intake__AttachmentStored reply = WJZ__INTAKE__ATTACHMENT_STORED__INIT;
    Wjz__Intake__Position position = WJZ__INTAKE__POSITION__INIT;
    sodium_bin2hex(text, sizeof text, photo->hash, ATTACHMENT_HASH);
    reply.attachment = text;
    reply.type = (char *)(uintptr_t)image_type_name(of->type); /* protobuf-c has no const; packing only reads */
    reply.width = (uint32_t)of->width;
    reply.height = (uint32_t)of->height;
    reply.taken_at_us = of->taken_at_us;
    if (of->has_position) {
        position.longitude = of->longitude;
        position.latitude = of->latitude;
        reply.position = &position;
    }
    return wjz_call_reply(call, &reply.base);
}

int on_store_attachment(wjz_call *call, void *state, wjz_err *err) {
    intake *it = state;
    const Wjz__Intake__StoreAttachment *said = (const Wjz__Intake__StoreAttachment *)wjz_call_message(call)->body;
    attachment photo;
    wjz_err why = {0};
    if (!is_known_region(it, said->region))
        return refuse(call, WJZ_REFUSAL_INVALID, "region", "no such county", "give the county's six digits");
    int r = attachment_examine(it, said->data.data, said->data.len, wjz_call_arena(call), &photo, &why);
    if (r == -EFBIG) return refuse(call, WJZ_REFUSAL_TOO_LARGE, "data", why.text, "send it smaller");
    if (r == -EAGAIN) return refuse_for_now(call, 1000, why.text);
    if (r == -EINVAL)
        return refuse(call, WJZ_REFUSAL_INVALID, "data", why.text, "send a JPEG, PNG, WebP or HEIC photo");
    if (r < 0) return wjz_err_set(err, r, "%s", why.text);
    r = attachments_keep(it, (int32_t)said->region, &photo, 1, err);
    return r < 0 ? r : tell_photo(call, &photo);
}

/* --- a report --- */

static bool is_role(const char *word) {
    static const char *const ROLES[] = {"", "citizen", "observer", "liaison", "grid"};
    for (size_t i = 0; i < WJZ_COUNT(ROLES); i++) {
        if (strcmp(word, ROLES[i]) == 0) return true;
    }
    return false;
}

static bool is_citizen(const Wjz__Intake__SubmitReport *said) {
    return said->role[0] == '\0' || strcmp(said->role, "citizen") == 0;
}

/* The field that is wrong, NULL when none is; what a complaint has in common with others is checked as theirs is. */
static const char *find_fault(const Wjz__Intake__SubmitReport *said) {
    size_t key = strlen(said->key);
    if (key < KEY_LEAST || key > KEY_MOST) return "key";
    if (!is_role(said->role)) return "role";
    if (!is_citizen(said) && said->person[0] == '\0') return "person";
    if (strlen(said->person) > 64) return "person";
    if (strlen(said->domain_hint) > 64) return "domain_hint";
    if (strlen(said->notice_version) > 64) return "notice_version";
    if (said->n_attachment > ATTACHMENTS_MOST) return "attachment";
    if (said->text[0] == '\0' ? said->n_attachment == 0 : strlen(said->text) > TEXT_MOST) return "text";
    return NULL;
}

static bool read_hashes(const Wjz__Intake__SubmitReport *said, wjz_arena *arena, wjz_blob *ret_hashes) {
    for (size_t i = 0; i < said->n_attachment; i++) {
        uint8_t *hash = wjz_arena_alloc(arena, ATTACHMENT_HASH);
        size_t length = 0;
        if (hash == NULL) return false;
        if (sodium_hex2bin(hash, ATTACHMENT_HASH, said->attachment[i], strlen(said->attachment[i]), NULL, &length,
                           NULL) < 0 ||
            length != ATTACHMENT_HASH)
            return false;
        ret_hashes[i] = (wjz_blob){hash, ATTACHMENT_HASH};
    }
    return true;
}

/* Whether all photos are there. Waits. */
static int look_for_photos(intake *it, int32_t region, const wjz_blob *hashes, size_t count, bool *ret_there,
                           wjz_err *err) {
    int64_t known = 0;
    size_t different = 0;
    for (size_t i = 0; i < count; i++) {
        bool again = false;
        for (size_t j = 0; j < i; j++)
            again = again || memcmp(hashes[i].data, hashes[j].data, ATTACHMENT_HASH) == 0;
        different += !again;
    }
    *ret_there = true;
    if (count == 0) return 0;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(it->db, &tx, err);
    if (r == 0) r = store_count_attachments(tx, region, hashes, count, &known, err);
    *ret_there = known == (int64_t)different;
    return r;
}

static Wjz__Intake__FeedItem *make_item(const Wjz__Intake__SubmitReport *said, char *receipt, wjz_arena *arena) {
    Wjz__Intake__FeedItem *item = item_new(ITEM_COMPLAINT, arena);
    Wjz__Intake__Reporter *reporter = wjz_arena_alloc(arena, sizeof *reporter);
    if (item == NULL || reporter == NULL) return NULL;
    Wjz__Intake__Complaint *to = item->complaint;
    int64_t now_us = wjz_clock_us();
    wjz__intake__reporter__init(reporter);
    if (said->reporter != NULL) *reporter = *said->reporter;
    reporter->handle = said->person;
    reporter->anonymous = reporter->name[0] == '\0' && reporter->phone[0] == '\0' && reporter->handle[0] == '\0';
    to->external_id = receipt;
    to->source_channel = (char *)(uintptr_t) "随手拍";
    to->title = (char *)(uintptr_t)(said->text[0] == '\0' ? "随手拍照片（无文字）" : "");
    to->content = said->text;
    to->incident_address = said->address;
    to->position = said->position;
    to->reporter = reporter;
    to->photo_count = (uint32_t)said->n_attachment;
    to->region = said->region;
    to->received_at_us = said->written_at_us > 0 && said->written_at_us < now_us ? said->written_at_us : now_us;
    return item;
}

/* Into the complaint's own transaction: photos and report belong to it or none is stored. */
static int also_report(wjz_tx *tx, const struct submission *from, void *arg, wjz_err *err) {
    report_row *row = arg;
    if (from->items[0].outcome == REJECTED) return 0;
    row->complaint = from->items[0].id;
    int r = store_put_report(tx, row);
    return r < 0 ? wjz_err_set(err, r, "could not store a report") : 0;
}

static int answer_receipt(wjz_call *call, const Wjz__Intake__ItemReceipt *taken, char *receipt) {
    if (taken->outcome == (Wjz__Intake__ItemReceipt__Outcome)REJECTED)
        return refuse(call, WJZ_REFUSAL_INVALID, taken->field, taken->message, taken->remedy);
    Wjz__Intake__ReportSubmitted reply = WJZ__INTAKE__REPORT_SUBMITTED__INIT;
    reply.receipt = receipt;
    reply.complaint = (uint64_t)taken->id;
    return wjz_call_reply(call, &reply.base);
}

static int take(intake *it, wjz_call *call, const Wjz__Intake__SubmitReport *said, const wjz_blob *hashes, wjz_err *err) {
    const char *name = is_citizen(said) ? "photo-report" : "liaison-report";
    wjz_arena *arena = wjz_call_arena(call);
    char receipt[REPORT_RECEIPT];
    feed *of = feeds_find(&it->feeds, name);
    if (of == NULL || of->disabled)
        return refuse(call, WJZ_REFUSAL_NOT_FOUND, "role", "no feed takes such reports here",
                      "define the feeds photo-report and liaison-report");
    report_receipt(it->seal, said->key, receipt);
    Wjz__Intake__FeedItem *item = make_item(said, receipt, arena);
    if (item == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    report_row row = {.region = (int32_t)said->region,
                      .role = is_citizen(said) ? "citizen" : said->role,
                      .person = said->person,
                      .domain_hint = said->domain_hint,
                      .notice_version = said->notice_version,
                      .photos = hashes,
                      .photo_count = said->n_attachment};
    taking what = {.feed = of, .items = &item, .count = 1, .also = also_report, .also_arg = &row, .arena = arena};
    Wjz__Intake__FeedReceipt *taken = NULL;
    uint32_t retry_ms = 0;
    int r = taking_store(it, &what, &taken, &retry_ms, err);
    if (r == -EAGAIN || r == -EDQUOT) return refuse_for_now(call, retry_ms, "too many reports at once");
    return r < 0 ? r : answer_receipt(call, taken->items[0], receipt);
}

int on_submit_report(wjz_call *call, void *state, wjz_err *err) {
    intake *it = state;
    const Wjz__Intake__SubmitReport *said = (const Wjz__Intake__SubmitReport *)wjz_call_message(call)->body;
    wjz_blob hashes[ATTACHMENTS_MOST];
    bool there = false;
    const char *fault = is_known_region(it, said->region) ? find_fault(said) : "region";
    if (fault != NULL)
        return refuse(call, WJZ_REFUSAL_INVALID, fault, "the report cannot be taken like this",
                      "see proto/report.proto for what the field may be");
    if (!read_hashes(said, wjz_call_arena(call), hashes))
        return refuse(call, WJZ_REFUSAL_INVALID, "attachment", "not 64 hexadecimal digits",
                      "name photos as StoreAttachment answered");
    int r = look_for_photos(it, (int32_t)said->region, hashes, said->n_attachment, &there, err);
    if (r < 0) return r;
    if (!there)
        return refuse(call, WJZ_REFUSAL_NOT_FOUND, "attachment", "a photo is not there",
                      "send the photos again by StoreAttachment, then the report");
    return take(it, call, said, hashes, err);
}

/* --- what became of it --- */

static void read_state(const wjz_rows *rows, int row, Wjz__Intake__ReportState *to) {
    char **texts[REPORT_COLUMNS] = {[0] = &to->receipt, [3] = &to->text,   [4] = &to->address,
                                    [6] = &to->stage,   [8] = &to->outcome};
    wjz__intake__report_state__init(to);
    for (int i = 0; i < REPORT_COLUMNS; i++) {
        if (texts[i] != NULL) *texts[i] = (char *)(uintptr_t)wjz_row_text(rows, row, i);
    }
    to->complaint = (uint64_t)wjz_row_int(rows, row, 1);
    to->submitted_at_us = wjz_row_time(rows, row, 2);
    to->photos = (uint32_t)wjz_row_int(rows, row, 5);
    to->changed_at_us = wjz_row_time(rows, row, 7);
}

int on_describe_report(wjz_call *call, void *state, wjz_err *err) {
    intake *it = state;
    const Wjz__Intake__DescribeReport *said = (const Wjz__Intake__DescribeReport *)wjz_call_message(call)->body;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_rows *rows = NULL;
    char receipt[REPORT_RECEIPT];
    if (!report_read_receipt(said->receipt, receipt))
        return refuse(call, WJZ_REFUSAL_INVALID, "receipt", "not sixteen letters and digits", "give the receipt's number");
    int r = wjz_tx_begin(it->db, &tx, err);
    if (r == 0) r = store_find_report(tx, (int32_t)said->region, receipt, &rows, err);
    if (r < 0) return r;
    if (wjz_rows_count(rows) == 0)
        return refuse(call, WJZ_REFUSAL_NOT_FOUND, "receipt", "no report has this number", "look at the receipt again");
    Wjz__Intake__ReportState reply;
    read_state(rows, 0, &reply);
    return wjz_call_reply(call, &reply.base);
}

int on_list_reports(wjz_call *call, void *state, wjz_err *err) {
    intake *it = state;
    const Wjz__Intake__ListReports *said = (const Wjz__Intake__ListReports *)wjz_call_message(call)->body;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_rows *rows = NULL;
    if (said->person[0] == '\0' || said->most > LIST_MOST)
        return refuse(call, WJZ_REFUSAL_INVALID, said->person[0] == '\0' ? "person" : "most", "cannot be listed",
                      "give a person's code and at most 200");
    int r = wjz_tx_begin(it->db, &tx, err);
    if (r == 0)
        r = store_list_reports(tx, (int32_t)said->region, said->person,
                               said->before ? (int64_t)said->before : INT64_MAX,
                               said->most ? (int)said->most : LIST_DEFAULT, &rows, err);
    if (r < 0) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    Wjz__Intake__ReportState *states = wjz_arena_alloc(wjz_call_arena(call), (count + 1) * sizeof *states);
    Wjz__Intake__ReportState **listed = wjz_arena_alloc(wjz_call_arena(call), (count + 1) * sizeof *listed);
    if (states == NULL || listed == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    Wjz__Intake__Reports reply = WJZ__INTAKE__REPORTS__INIT;
    for (size_t i = 0; i < count; i++) {
        read_state(rows, (int)i, &states[i]);
        listed[i] = &states[i];
    }
    reply.reports = listed;
    reply.n_reports = count;
    return wjz_call_reply(call, &reply.base);
}
