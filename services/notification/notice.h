/* Plain structs of the domain: who can be told, and a notice as it is stored. */
#ifndef NOTIFICATION_NOTICE_H
#define NOTIFICATION_NOTICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "notification/token.h"
#include "proto/notification.pb-c.h"

enum channel_kind { CHANNEL_EMAIL, CHANNEL_WEBHOOK, CHANNELS };

/* "email", "webhook". */
extern const char *const channel_names[CHANNELS];

/* A person of the directory. Texts live in the arena of whoever asked. */
struct person {
    int32_t region;
    const char *code, *name, *locale;
    bool is_operator;
    bool reachable[CHANNELS]; /* has an address, and wants the channel */
    int quiet_from, quiet_to; /* minutes of the day, NO_QUIET_HOURS */
};

/* Who is at a station now, or next. */
struct duty {
    int32_t region;
    const char *station, *person;
};

/* What a code in a notice's values is called. */
struct name {
    const char *code, *name;
};

/* What somebody asked to be told. */
struct ask {
    int32_t region;
    const Wjz__Notification__Notice *notice;
};

/* A notice to one person, ready to be stored. */
struct notice {
    int32_t region;
    int64_t id;
    const char *event, *recipient, *template, *locale, *urgency, *title, *body;
    const uint8_t *guest; /* sealed; NULL: a person of the directory */
    size_t guest_length;
    const char *subject_kind, *escalate_to;
    int64_t subject, acknowledge_until_us;
    int64_t due_us[CHANNELS]; /* 0: does not go over this channel */
    int64_t token_expires_us; /* 0: no link */
    uint8_t token_hash[TOKEN_HASH];
    bool fresh; /* nobody can have been told of the event before */
};

#endif
