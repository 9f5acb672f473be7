/* What a file says about its domain or branch: names, duty holders, law with its time. */
#include <stdio.h>

#include "scoring/rules_builder.h"
#include "wjz/clock.h"

int rules_read_day(const wjz_yaml_node *map, const char *key, int32_t fallback, int32_t *ret_day, wjz_err *err) {
    const char *text;
    int r = wjz_yaml_get_text_or(map, key, "", &text, err);
    if (r < 0) return r;
    *ret_day = fallback;
    if (!*text) return 0;
    wjz_day day;
    char rest;
    if (sscanf(text, "%4d-%2d-%2d%c", &day.year, &day.month, &day.day, &rest) != 3 || day.month < 1 || day.month > 12 ||
        day.day < 1 || day.day > 31)
        return wjz_yaml_error(wjz_yaml_get(map, key), err, "%s is \"%s\", must be a day like 2026-08-15", key, text);
    *ret_day = wjz_day_number(day);
    return 0;
}

static int read_laws(builder *b, const wjz_yaml_node *root, pack_topic *topic, wjz_err *err) {
    static const char *const keys[] = {"name", "articles", "effective_from", "effective_to", NULL};
    const wjz_yaml_node *list;
    int r = wjz_yaml_get_list(root, "laws", &list, err);
    if (r < 0 || !list) return r;
    if (list_count(list) > LAW_LIMIT) return wjz_yaml_error(list, err, "more than %d laws", LAW_LIMIT);
    for (size_t i = 0; i < list_count(list); i++) {
        const wjz_yaml_node *item = wjz_yaml_item(list, i);
        const char *name, *articles;
        pack_law *law = &topic->laws[topic->law_count];
        r = wjz_yaml_only(item, keys, err);
        if (r == 0) r = wjz_yaml_get_text(item, "name", &name, err);
        if (r == 0) r = wjz_yaml_get_text_or(item, "articles", "", &articles, err);
        if (r == 0) r = rules_read_day(item, "effective_from", INT32_MIN, &law->from_day, err);
        if (r == 0) r = rules_read_day(item, "effective_to", INT32_MAX, &law->to_day, err);
        if (r < 0) return r;
        if (law->from_day > law->to_day) return wjz_yaml_error(item, err, "effective_to lies before effective_from");
        law->name = wjz_arena_strdup(b->pack->arena, name);
        law->articles = wjz_arena_strdup(b->pack->arena, articles);
        if (!law->name || !law->articles) return builder_no_memory(err);
        topic->law_count++;
    }
    return 0;
}

static int read_agencies(builder *b, const wjz_yaml_node *root, pack_topic *topic, wjz_err *err) {
    const wjz_yaml_node *list;
    int r = wjz_yaml_get_list(root, "agencies", &list, err);
    if (r < 0 || !list) return r;
    if (list_count(list) > AGENCY_LIMIT) return wjz_yaml_error(list, err, "more than %d agencies", AGENCY_LIMIT);
    for (size_t i = 0; i < list_count(list); i++) {
        const char *name = wjz_yaml_text(wjz_yaml_item(list, i));
        if (!name) return wjz_yaml_error(list, err, "agencies must be a list of names");
        name = wjz_arena_strdup(b->pack->arena, name);
        if (!name) return builder_no_memory(err);
        topic->agencies[topic->agency_count++] = name;
    }
    return 0;
}

int builder_topic(builder *b, const wjz_yaml_node *root, pack_topic *topic, wjz_err *err) {
    const char *zh, *en;
    if (topic->zh) return wjz_yaml_error(root, err, "\"%s\" has another file already", topic->id);
    int r = wjz_yaml_get_text(root, "zh", &zh, err);
    if (r == 0) r = wjz_yaml_get_text(root, "en", &en, err);
    if (r == 0) r = wjz_yaml_get_bool_or(root, "exploratory", false, &topic->exploratory, err);
    if (r == 0) r = wjz_yaml_get_bool_or(root, "urgent", false, &topic->urgent, err);
    if (r == 0) r = read_agencies(b, root, topic, err);
    if (r == 0) r = read_laws(b, root, topic, err);
    if (r < 0) return r;
    topic->zh = wjz_arena_strdup(b->pack->arena, zh);
    topic->en = wjz_arena_strdup(b->pack->arena, en);
    return topic->zh && topic->en ? 0 : builder_no_memory(err);
}
