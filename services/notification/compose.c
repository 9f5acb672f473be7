/* From what was asked to the notices to store. */
#include "notification/compose.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notification/due.h"
#include "wjz/clock.h"
#include "wjz/id.h"

const char *const channel_names[CHANNELS] = {[CHANNEL_EMAIL] = "email", [CHANNEL_WEBHOOK] = "webhook"};

#define OPERATOR "operator"
#define DUTY "duty:"

const char *const compose_templates[] = {"notice_plain",
                                         "template_missing",
                                         "recipient_unknown",
                                         "notice_escalated",
                                         "delivery_failed",
                                         "message_died",
                                         NULL};

enum { EVENT_MOST = 200, NAME_MOST = 80, VALUES_MOST = 40, GUEST_KEY_BYTES = 12 };

static const char *const urgency_names[] = {
    [WJZ__NOTIFICATION__URGENCY__NORMAL] = "normal",
    [WJZ__NOTIFICATION__URGENCY__URGENT] = "urgent",
    [WJZ__NOTIFICATION__URGENCY__LOW] = "low",
};

/* --- checking --- */

static int refuse(wjz_err *err, size_t index, const char *field, const char *value, const char *remedy) {
    return wjz_err_set(err, -EINVAL, "notices[%zu].%s is \"%.60s\": %s", index, field, value, remedy);
}

static bool has_length(const char *text, size_t most) {
    size_t length = strnlen(text, most + 1);
    return length > 0 && length <= most;
}

static int check_recipient(const Wjz__Notification__Notice *notice, size_t index, wjz_err *err) {
    switch (notice->to_case) {
    case WJZ__NOTIFICATION__NOTICE__TO_PERSON:
        if (has_length(notice->person, NAME_MOST)) return 0;
        return refuse(err, index, "person", notice->person, "give a person's code");
    case WJZ__NOTIFICATION__NOTICE__TO_ROLE:
        if (strcmp(notice->role, OPERATOR) == 0) return 0;
        if (ask_duty_station(notice) != NULL && has_length(notice->role, NAME_MOST)) return 0;
        return refuse(err, index, "role", notice->role, "give \"operator\" or \"duty:STATION\"");
    case WJZ__NOTIFICATION__NOTICE__TO_GUEST:
        if (has_length(notice->guest->email, 254) || has_length(notice->guest->phone, NAME_MOST)) return 0;
        return refuse(err, index, "guest", "", "give an e-mail address or a phone number");
    default:
        return refuse(err, index, "to", "", "name a person, a role or a guest");
    }
}

int ask_check(const Wjz__Notification__Notice *notice, size_t index, wjz_err *err) {
    if (!has_length(notice->event, EVENT_MOST))
        return refuse(err, index, "event", notice->event, "give the event's identity, 1 to 200 bytes");
    if (!has_length(notice->template_, NAME_MOST))
        return refuse(err, index, "template", notice->template_, "give a template's name, 1 to 80 bytes");
    if (notice->n_values > VALUES_MOST)
        return wjz_err_set(err, -EINVAL, "notices[%zu].values has %zu entries: at most %d", index, notice->n_values,
                           VALUES_MOST);
    if ((size_t)notice->urgency >= WJZ_COUNT(urgency_names))
        return wjz_err_set(err, -EINVAL, "notices[%zu].urgency is %d: give 0 to 2", index, (int)notice->urgency);
    return check_recipient(notice, index, err);
}

const char *ask_duty_station(const Wjz__Notification__Notice *notice) {
    bool duty = notice->to_case == WJZ__NOTIFICATION__NOTICE__TO_ROLE &&
                strncmp(notice->role, DUTY, sizeof DUTY - 1) == 0 && notice->role[sizeof DUTY - 1] != '\0';
    return duty ? notice->role + sizeof DUTY - 1 : NULL;
}

/* --- asking on the service's own behalf --- */

static char *borrowed(const char *text) {
    return (char *)(uintptr_t)text; /* protobuf-c's fields are not const; nobody writes through them */
}

Wjz__Notification__Notice *ask_operators(wjz_arena *arena, const char *event, const char *template) {
    Wjz__Notification__Notice *notice = event == NULL ? NULL : wjz_arena_alloc(arena, sizeof *notice);
    if (notice == NULL) return NULL;
    wjz__notification__notice__init(notice);
    notice->event = borrowed(event);
    notice->template_ = borrowed(template);
    notice->to_case = WJZ__NOTIFICATION__NOTICE__TO_ROLE;
    notice->role = borrowed(OPERATOR);
    return notice;
}

int ask_value(wjz_arena *arena, Wjz__Notification__Notice *notice, const char *name, const char *text) {
    Wjz__Notification__Notice__ValuesEntry *entry = wjz_arena_alloc(arena, sizeof *entry);
    Wjz__Notification__Notice__ValuesEntry **entries = wjz_arena_alloc(arena, (notice->n_values + 1) * sizeof *entries);
    if (entry == NULL || entries == NULL || text == NULL) return -ENOMEM;
    wjz__notification__notice__values_entry__init(entry);
    entry->key = borrowed(name);
    entry->value = borrowed(text);
    if (notice->n_values > 0) memcpy(entries, notice->values, notice->n_values * sizeof *entries);
    entries[notice->n_values++] = entry;
    notice->values = entries;
    return 0;
}

/* --- composing --- */

struct writer {
    const struct composer *composer;
    wjz_arena *arena;
    struct notice *notices;
    size_t count, room;
};

static struct notice *next_notice(struct writer *writer) {
    if (writer->count == writer->room) {
        size_t room = writer->room == 0 ? 64 : 2 * writer->room;
        struct notice *grown = wjz_arena_calloc(writer->arena, room, sizeof *grown);
        if (grown == NULL) return NULL;
        if (writer->count > 0) memcpy(grown, writer->notices, writer->count * sizeof *grown);
        writer->notices = grown;
        writer->room = room;
    }
    return &writer->notices[writer->count];
}

bool ask_is_code(const char *value_name) {
    static const char *const names[] = {"prosecutor", "from", "to", "consult", "person", "station", "organ"};
    for (size_t i = 0; i < WJZ_COUNT(names); i++)
        if (names[i][0] == value_name[0] && strcmp(names[i], value_name) == 0) return true;
    return false;
}

static const char *called(const struct composer *composer, const char *value_name, const char *text) {
    if (!ask_is_code(value_name)) return text;
    for (size_t i = 0; i < composer->name_count; i++)
        if (strcmp(composer->names[i].code, text) == 0) return composer->names[i].name;
    return text;
}

/* The words, from the template or, when there is none of that name, from the plain one. */
static int word(struct writer *writer, const Wjz__Notification__Notice *asked, enum locale locale, const char *name,
                struct rendered *ret_rendered) {
    size_t count = asked->n_values + 2;
    struct template_value *values = wjz_arena_alloc(writer->arena, count * sizeof *values);
    if (values == NULL) return -ENOMEM;
    values[0] = (struct template_value){"recipient", name};
    values[1] = (struct template_value){"event", asked->event};
    for (size_t i = 0; i < asked->n_values; i++)
        values[i + 2] = (struct template_value){
            asked->values[i]->key, called(writer->composer, asked->values[i]->key, asked->values[i]->value)};
    const struct templates *templates = writer->composer->templates;
    int r = templates_render(templates, asked->template_, locale, values, count, writer->arena, ret_rendered);
    if (r == -ENOENT)
        r = templates_render(templates, "notice_plain", locale, values, count, writer->arena, ret_rendered);
    return r;
}

static void route(const struct composer *composer, const struct person *person, struct notice *notice) {
    if (strcmp(notice->urgency, "low") == 0) return; /* the inbox is enough */
    bool urgent = strcmp(notice->urgency, "urgent") == 0;
    int64_t due = urgent ? composer->now_us : quiet_until(composer->now_us, person->quiet_from, person->quiet_to);
    for (int kind = 0; kind < CHANNELS; kind++)
        if (composer->open[kind] && person->reachable[kind]) notice->due_us[kind] = due;
}

static bool leaves(const struct notice *notice) {
    for (int kind = 0; kind < CHANNELS; kind++)
        if (notice->due_us[kind] != 0) return true;
    return false;
}

/* Only for what leaves: in the inbox its reader acknowledges in person. */
static void link_for(const struct composer *composer, struct notice *notice) {
    if (notice->acknowledge_until_us == 0 || !leaves(notice)) return;
    int64_t expires = composer->now_us + composer->link_ms * 1000;
    if (expires < notice->acknowledge_until_us) expires = notice->acknowledge_until_us;
    struct token token = {notice->region, notice->id, expires - expires % WJZ_SECOND_US};
    char text[TOKEN_TEXT];
    token_write(composer->seal, &token, text);
    token_hash(text, notice->token_hash);
    notice->token_expires_us = token.expires_us;
}

static int write_to(struct writer *writer, const struct ask *ask, const struct person *person) {
    const Wjz__Notification__Notice *asked = ask->notice;
    enum locale locale = locale_parse(person->locale);
    struct rendered words;
    int r = word(writer, asked, locale, person->name, &words);
    if (r < 0) return r;
    struct notice *notice = next_notice(writer);
    if (notice == NULL) return -ENOMEM;
    *notice = (struct notice){
        .region = person->region,
        .id = wjz_id_next(),
        .event = asked->event,
        .recipient = person->code,
        .template = asked->template_,
        .locale = locale_name(locale),
        .urgency = urgency_names[asked->urgency],
        .title = words.title,
        .body = words.body,
        .subject_kind = asked->subject_kind,
        .subject = (int64_t)asked->subject,
        .acknowledge_until_us = asked->acknowledge_until_us,
        .escalate_to = asked->escalate_to[0] == '\0' ? NULL : asked->escalate_to,
        .fresh = asked->fresh,
    };
    route(writer->composer, person, notice);
    link_for(writer->composer, notice);
    writer->count++;
    return 0;
}

static int write_to_operators(struct writer *writer, const struct ask *ask) {
    const struct composer *composer = writer->composer;
    size_t before = writer->count;
    for (size_t i = 0; i < composer->person_count; i++) {
        const struct person *person = &composer->people[i];
        if (!person->is_operator || (ask->region != 0 && person->region != ask->region)) continue;
        int r = write_to(writer, ask, person);
        if (r < 0) return r;
    }
    if (writer->count > before) return 0;
    struct person nobody = {.region = ask->region, .code = "role:" OPERATOR, .name = "", .locale = "zh-CN"};
    return write_to(writer, ask, &nobody);
}

/* The one of that code, best in the region asked for. */
static const struct person *find_person(const struct composer *composer, int32_t region, const char *code) {
    const struct person *elsewhere = NULL;
    for (size_t i = 0; i < composer->person_count; i++) {
        const struct person *person = &composer->people[i];
        if (strcmp(person->code, code) != 0) continue;
        if (person->region == region) return person;
        if (elsewhere == NULL) elsewhere = person;
    }
    return elsewhere;
}

/* Tells the operators about a request that could not be carried out as asked. */
static int write_alert(struct writer *writer, const struct ask *ask, const char *template, const char *key,
                       const char *value) {
    const char *event = wjz_arena_printf(writer->arena, "%s:%s", template, value);
    Wjz__Notification__Notice *notice = ask_operators(writer->arena, event, template);
    if (notice == NULL || ask_value(writer->arena, notice, key, value) < 0 ||
        ask_value(writer->arena, notice, "about", ask->notice->event) < 0)
        return -ENOMEM;
    return write_to_operators(writer, &(struct ask){ask->region, notice});
}

static int write_to_code(struct writer *writer, const struct ask *ask, const char *code) {
    const struct person *person = find_person(writer->composer, ask->region, code);
    if (person != NULL) return write_to(writer, ask, person);
    /* Kept under the code all the same: the directory may learn of the person later. */
    struct person unknown = {.region = ask->region, .code = code, .name = code, .locale = "zh-CN"};
    int r = write_to(writer, ask, &unknown);
    return r < 0 ? r : write_alert(writer, ask, "recipient_unknown", "person", code);
}

static int write_to_duty(struct writer *writer, const struct ask *ask, const char *station) {
    const struct composer *composer = writer->composer;
    for (size_t i = 0; i < composer->duty_count; i++) {
        const struct duty *duty = &composer->duties[i];
        if (duty->region == ask->region && strcmp(duty->station, station) == 0)
            return write_to_code(writer, ask, duty->person);
    }
    return write_to_operators(writer, ask); /* nobody is or will be there */
}

static const char *guest_code(const struct composer *composer, const Wjz__Notification__Guest *guest,
                              wjz_arena *arena) {
    static const char digits[] = "0123456789abcdef";
    char hex[2 * GUEST_KEY_BYTES + 1] = "";
    uint8_t mac[WJZ_SEAL_MAC];
    const char *key = guest->email[0] != '\0' ? guest->email : guest->phone;
    wjz_seal_mac(composer->seal, "guest", key, strlen(key), mac);
    for (size_t i = 0; i < GUEST_KEY_BYTES; i++) {
        hex[2 * i] = digits[mac[i] >> 4];
        hex[2 * i + 1] = digits[mac[i] & 15];
    }
    return wjz_arena_printf(arena, "guest:%s", hex);
}

/* The address is sealed; nothing of a guest stands in the notice in clear. */
static int write_to_guest(struct writer *writer, const struct ask *ask) {
    const Wjz__Notification__Guest *guest = ask->notice->guest;
    struct person person = {.region = ask->region,
                            .code = guest_code(writer->composer, guest, writer->arena),
                            .name = "来访群众",
                            .locale = "zh-CN",
                            .reachable = {[CHANNEL_EMAIL] = guest->email[0] != '\0'},
                            .quiet_from = NO_QUIET_HOURS,
                            .quiet_to = NO_QUIET_HOURS};
    if (person.code == NULL) return -ENOMEM;
    int r = write_to(writer, ask, &person);
    if (r < 0) return r;
    struct notice *notice = &writer->notices[writer->count - 1];
    json_t *address = json_pack("{s:s, s:s, s:s}", "name", guest->name, "phone", guest->phone, "email", guest->email);
    char *text = address == NULL ? NULL : json_dumps(address, JSON_COMPACT);
    json_decref(address);
    if (text == NULL) return -ENOMEM;
    uint8_t *box = NULL;
    r = wjz_seal_box(writer->composer->seal, "guest", notice->id, text, strlen(text), writer->arena, &box,
                     &notice->guest_length);
    free(text);
    notice->guest = box;
    return r;
}

static int write_ask(struct writer *writer, const struct ask *ask) {
    int r = 0;
    const char *station = ask_duty_station(ask->notice);
    switch (ask->notice->to_case) {
    case WJZ__NOTIFICATION__NOTICE__TO_PERSON:
        r = write_to_code(writer, ask, ask->notice->person);
        break;
    case WJZ__NOTIFICATION__NOTICE__TO_GUEST:
        r = write_to_guest(writer, ask);
        break;
    default:
        r = station != NULL ? write_to_duty(writer, ask, station) : write_to_operators(writer, ask);
        break;
    }
    if (r == 0 && !templates_have(writer->composer->templates, ask->notice->template_))
        r = write_alert(writer, ask, "template_missing", "template", ask->notice->template_);
    return r;
}

int compose(const struct composer *composer, const struct ask *asks, size_t count, wjz_arena *arena,
            struct notice **ret_notices, size_t *ret_count, wjz_err *err) {
    struct writer writer = {.composer = composer, .arena = arena};
    for (size_t i = 0; i < count; i++)
        if (write_ask(&writer, &asks[i]) < 0) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_notices = writer.notices;
    *ret_count = writer.count;
    return 0;
}
