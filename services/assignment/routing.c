/* Routing: applies the rules to a clue, and says why. */
#include "assignment/routing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "assignment/routing_rules.h"

static const char *county_organ(const routing *rules, int32_t region) {
    for (size_t i = 0; i < rules->county_count; i++)
        if (rules->counties[i].region == region) return rules->counties[i].organ;
    return NULL;
}

static bool has_number(const numbers *list, int64_t value) {
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] == value) return true;
    return list->count == 0;
}

static bool has_text(const texts *list, const char *value) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], value) == 0) return true;
    return list->count == 0;
}

static const char *part_of(const texts *list, const char *text) {
    for (size_t i = 0; i < list->count; i++)
        if (strstr(text, list->items[i]) != NULL) return list->items[i];
    return NULL;
}

static bool agrees(tristate wanted, bool value) {
    return wanted == ANY || (wanted == YES) == value;
}

static bool rule_matches(const rule *tried, const clue *told, const char *branch) {
    return has_number(&tried->region, told->region) && has_number(&tried->report_region, told->report_region) &&
           has_number(&tried->town, told->town) && has_number(&tried->village, told->village) &&
           told->stars >= tried->stars_from && told->stars <= tried->stars_to &&
           agrees(tried->mediation, told->mediation) && agrees(tried->place_known, told->report_region != 0) &&
           has_text(&tried->branch, branch) && has_text(&tried->domain, told->domain) &&
           has_text(&tried->feed, told->feed) &&
           (tried->place.count == 0 || part_of(&tried->place, told->place) != NULL) &&
           (tried->subject.count == 0 || part_of(&tried->subject, told->subject) != NULL);
}

/* "town is 510184107, domain is eco_env": the conditions that the rule has, with the clue's values. */
static void explain(const rule *matched, const clue *told, const char *branch, char *text, size_t size) {
    int end = 0;
    text[0] = '\0';
#define SAY(present, format, ...)                                                                                      \
    if ((present) && end >= 0 && (size_t)end < size)                                                                   \
    end += snprintf(text + end, size - (size_t)end, "%s" format, end > 0 ? ", " : "", __VA_ARGS__)
    SAY(matched->region.count > 0, "region is %" PRId32, told->region);
    SAY(matched->report_region.count > 0, "report_region is %" PRId32, told->report_region);
    SAY(matched->town.count > 0, "town is %" PRId32, told->town);
    SAY(matched->village.count > 0, "village is %" PRId64, told->village);
    SAY(matched->place.count > 0, "place has \"%s\"", part_of(&matched->place, told->place));
    SAY(matched->subject.count > 0, "subject has \"%s\"", part_of(&matched->subject, told->subject));
    SAY(matched->branch.count > 0, "branch is %s", branch);
    SAY(matched->domain.count > 0, "domain is %s", told->domain);
    SAY(matched->feed.count > 0, "feed is %s", told->feed);
    SAY(matched->stars_from > 1 || matched->stars_to < 5, "stars is %d", told->stars);
    SAY(matched->mediation != ANY, "mediation is %s", told->mediation ? "true" : "false");
    SAY(matched->place_known != ANY, "place is %s", told->report_region != 0 ? "known" : "not known");
    SAY(end == 0, "%s", "it holds for all");
#undef SAY
}

/* The organ a rule names or has looked up; NULL when there is none or the directory does not know it. */
static const char *rule_organ(const routing *rules, const directory *dir, const rule *matched, const clue *told) {
    const char *code = matched->organ;
    if (strcmp(code, ORGAN_BY_PLACE) == 0)
        code = county_organ(rules, told->report_region);
    else if (strcmp(code, ORGAN_BY_REGION) == 0)
        code = county_organ(rules, told->region);
    else if (strcmp(code, ORGAN_BY_FEED) == 0)
        code = dir != NULL ? directory_feed_organ(dir, told->region, told->feed) : NULL;
    if (code != NULL && dir != NULL && directory_organ(dir, code) == NULL) return NULL;
    return code;
}

static void say_matched(trace *steps, const rule *matched, const clue *told, const char *branch) {
    if (steps == NULL) return;
    char because[512];
    explain(matched, told, branch, because, sizeof(because));
    trace_add(steps, "规则 %d 命中：%s / rule %d matched because %s", matched->number, matched->name, matched->number,
              because);
}

static void take_organ(const routing *rules, const directory *dir, const rule *matched, const clue *told, trace *steps,
                       route *result) {
    if (matched->organ == NULL || result->organ != NULL) return;
    result->organ = rule_organ(rules, dir, matched, told);
    if (result->organ == NULL) {
        trace_add(steps, "规则 %d 未给出可用的检察院（%s） / rule %d gives no organ that is known (%s)",
                  matched->number, matched->organ, matched->number, matched->organ);
        return;
    }
    result->rule = matched->number;
}

static void take_station(const directory *dir, const rule *matched, trace *steps, route *result) {
    if (matched->station == NULL || result->station != NULL) return;
    if (dir != NULL && directory_station(dir, matched->station) == NULL) {
        trace_add(steps, "规则 %d 的联络站不存在：%s / rule %d names an unknown station: %s", matched->number,
                  matched->station, matched->number, matched->station);
        return;
    }
    result->station = matched->station;
}

void routing_decide(const routing *rules, const directory *dir, const clue *told, trace *steps, route *ret_route) {
    route result = {.branch = told->branch};
    bool branch_set = false;
    for (size_t i = 0; i < rules->rule_count; i++) {
        const rule *tried = &rules->rules[i];
        bool adds = (tried->organ != NULL && result.organ == NULL) ||
                    (tried->consult != NULL && result.consult == NULL) ||
                    (tried->station != NULL && result.station == NULL) || (tried->set_branch != NULL && !branch_set);
        if (!adds || !rule_matches(tried, told, result.branch)) continue;
        say_matched(steps, tried, told, result.branch);
        take_organ(rules, dir, tried, told, steps, &result);
        take_station(dir, tried, steps, &result);
        if (tried->consult != NULL && result.consult == NULL) result.consult = tried->consult;
        if (tried->set_branch != NULL && !branch_set) {
            result.branch = tried->set_branch;
            branch_set = true;
        }
    }
    *ret_route = result;
}

size_t routing_count(const routing *rules) {
    return rules->rule_count;
}

static bool as_expected(const char *wanted, const char *found) {
    if (wanted == NULL) return true;
    if (strcmp(wanted, "none") == 0) return found == NULL || strcmp(found, "none") == 0;
    return found != NULL && strcmp(wanted, found) == 0;
}

int routing_check(const routing *rules, routing_tell_fn *tell, void *arg, size_t *ret_checked) {
    int failures = 0;
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    if (arena == NULL) return -ENOMEM;
    for (size_t i = 0; i < rules->expectation_count; i++) {
        const expectation *wanted = &rules->expectations[i];
        route found;
        trace steps = {.arena = arena};
        routing_decide(rules, NULL, &wanted->told, &steps, &found);
        const struct {
            const char *what, *wanted, *found;
        } results[] = {{"organ", wanted->organ, found.organ},
                       {"consult", wanted->consult, found.consult},
                       {"station", wanted->station, found.station},
                       {"branch", wanted->branch, found.branch}};
        for (size_t r = 0; r < WJZ_COUNT(results); r++) {
            if (as_expected(results[r].wanted, results[r].found)) continue;
            failures++;
            char text[1024];
            snprintf(text, sizeof(text), "line %d: expected %s %s, found %s; steps: %s", wanted->line, results[r].what,
                     results[r].wanted, results[r].found != NULL ? results[r].found : "none", trace_text(&steps));
            tell(arg, text);
        }
        wjz_arena_reset(arena);
    }
    *ret_checked = rules->expectation_count;
    return failures;
}
