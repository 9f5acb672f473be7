/* See outline.h. */
#include "scoring/outline.h"

#include <errno.h>

#include "scoring/model.h"
#include "scoring/rules_data.h"

typedef Wjz__Scoring__TopicOutline topic_outline;

static int fill_laws(const pack_topic *topic, wjz_arena *arena, topic_outline *outline) {
    Wjz__Scoring__LawOutline *laws = wjz_arena_alloc(arena, topic->law_count * sizeof *laws);
    outline->laws = wjz_arena_alloc(arena, topic->law_count * sizeof *outline->laws);
    if (!laws || !outline->laws) return -ENOMEM;
    for (size_t i = 0; i < topic->law_count; i++) {
        wjz__scoring__law_outline__init(&laws[i]);
        laws[i].name = (char *)topic->laws[i].name;
        laws[i].articles = (char *)topic->laws[i].articles;
        laws[i].from_day = topic->laws[i].from_day;
        laws[i].to_day = topic->laws[i].to_day;
        outline->laws[outline->n_laws++] = &laws[i];
    }
    return 0;
}

static int fill_topics(const pack_topic *topics, size_t count, wjz_arena *arena, topic_outline ***ret_list,
                       size_t *ret_count) {
    topic_outline *items = wjz_arena_alloc(arena, count * sizeof *items), **list;
    list = wjz_arena_alloc(arena, count * sizeof(topic_outline *));
    if (!items || !list) return -ENOMEM;
    *ret_list = list;
    *ret_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!topics[i].zh) continue; /* a branch that has no file */
        topic_outline *outline = &items[i];
        wjz__scoring__topic_outline__init(outline);
        outline->id = (char *)topics[i].id;
        outline->zh = (char *)topics[i].zh;
        outline->en = (char *)topics[i].en;
        outline->exploratory = topics[i].exploratory;
        outline->agencies = (char **)topics[i].agencies;
        outline->n_agencies = topics[i].agency_count;
        if (fill_laws(&topics[i], arena, outline)) return -ENOMEM;
        list[(*ret_count)++] = outline;
    }
    return 0;
}

static int fill_collisions(const rule_pack *pack, wjz_arena *arena, Wjz__Scoring__PackOutline *outline) {
    Wjz__Scoring__CollisionOutline *items = wjz_arena_alloc(arena, pack->collision_count * sizeof *items);
    outline->collisions = wjz_arena_alloc(arena, pack->collision_count * sizeof *outline->collisions);
    if (!items || !outline->collisions) return -ENOMEM;
    for (size_t i = 0; i < pack->collision_count; i++) {
        wjz__scoring__collision_outline__init(&items[i]);
        items[i].id = (char *)pack->collisions[i].id;
        items[i].zh = (char *)pack->collisions[i].zh;
        items[i].en = (char *)pack->collisions[i].en;
        outline->collisions[outline->n_collisions++] = &items[i];
    }
    return 0;
}

Wjz__Scoring__PackOutline *outline_of(const rule_pack *pack, wjz_arena *arena) {
    Wjz__Scoring__PackOutline *outline = wjz_arena_alloc(arena, sizeof *outline);
    if (!outline) return NULL;
    wjz__scoring__pack_outline__init(outline);
    outline->version = (char *)rule_pack_version(pack);
    if (pack->model) outline->model = (char *)model_version(pack->model);
    outline->rules = pack->rule_count;
    outline->patterns = pack->pattern_count;
    outline->stars_two = pack->stars.two;
    outline->stars_three = pack->stars.three;
    outline->stars_four = pack->stars.four;
    outline->stars_five = pack->stars.five;
    outline->five_match = pack->gates.five_match;
    outline->five_dissatisfied = pack->gates.five_dissatisfied;
    outline->five_repetition = pack->gates.five_repetition;
    outline->five_unsolved = pack->gates.five_unsolved;
    outline->five_checkability = pack->gates.five_checkability;
    outline->no_domain_stars = pack->gates.no_domain_stars;
    outline->exploratory_stars = pack->gates.exploratory_stars;
    outline->learned_limit = pack->adjustments.learned_limit;
    if (fill_topics(pack->domains, pack->domain_count, arena, &outline->domains, &outline->n_domains) ||
        fill_topics(pack->branches, BRANCH_COUNT, arena, &outline->branches, &outline->n_branches) ||
        fill_collisions(pack, arena, outline))
        return NULL;
    return outline;
}

int outline_pack(const rule_pack *pack, wjz_arena *arena, wjz_blob *ret_packed) {
    const Wjz__Scoring__PackOutline *outline = outline_of(pack, arena);
    size_t length = outline ? wjz__scoring__pack_outline__get_packed_size(outline) : 0;
    uint8_t *packed = outline ? wjz_arena_alloc(arena, length) : NULL;
    if (!packed) return -ENOMEM;
    wjz__scoring__pack_outline__pack(outline, packed);
    *ret_packed = (wjz_blob){packed, length};
    return 0;
}
