/* A complaint as scoring sees it: texts and circumstances, without the reporter's identity. Plain data; the store fills
 * it from intake's views or from what came with a message, tests and tools fill it by hand. */
#ifndef SCORING_COMPLAINT_H
#define SCORING_COMPLAINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers as in proto/intake.proto. */
typedef enum satisfaction {
    NOT_RATED,
    VERY_SATISFIED,
    SATISFIED,
    BASIC,
    DISSATISFIED,
    VERY_DISSATISFIED,
    UNREACHABLE,
} satisfaction;

typedef enum answer { NOT_SAID, ANSWER_YES, ANSWER_NO } answer;

/* Where it comes from, for factor A (domain.md 3.3). Set by the feed's definition. */
typedef enum source_kind {
    SOURCE_HOTLINE, /* 12345, mailbox, town */
    SOURCE_ENFORCEMENT,
    SOURCE_STATE_ORGAN,
    SOURCE_GRID, /* grid member, observer, liaison */
    SOURCE_PHOTO,
    SOURCE_MEDIA,
    SOURCE_ANONYMOUS,
} source_kind;

typedef struct complaint {
    int64_t id;
    int32_t region;
    const char *feed; /* never NULL, like all texts here: "" when there is none */
    const char *external_id;
    source_kind source;
    const char *order_type; /* as the platform says */
    const char *title;
    const char *content;
    const char *categories; /* joined by '/', from the widest to the narrowest */
    const char *incident_address;
    const char *town; /* name or code as the platform says */
    const char *village;
    bool has_position;
    double longitude, latitude;
    int64_t received_at_us; /* 0: not known */
    int64_t due_at_us, finished_at_us;
    const char *handler_unit;
    const char *handle_result; /* the agency's reply */
    const char *status;        /* domain.md 4.2 */
    satisfaction satisfaction;
    answer solved;
    const char *visit_note;
    int32_t redispatch_count, return_count, urge_count, delay_days;
    int32_t votes_for, votes_against, photo_count;
    const char *parent_id; /* external id of the complaint it repeats, as the platform says */
    uint64_t reporter;     /* HMAC of the reporter, 0: anonymous or not known; equal means the same person */
    bool confidential;
    int32_t revision; /* of the complaint's content and feedback */
} complaint;

#endif
