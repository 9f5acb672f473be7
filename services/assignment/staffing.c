/* Staffing: exclusions first, then points; every choice can say its reasons. */
#include "assignment/staffing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool within(const char *text, const char *name) {
    return text != NULL && strstr(text, name) != NULL;
}

static bool relation_matches(const relation *kept, const clue *told) {
    if (kept->name[0] == '\0') return false;
    if (strcmp(kept->kind, "village_of_origin") == 0) {
        char village[24];
        snprintf(village, sizeof(village), "%" PRId64, told->village);
        return (told->village != 0 && strcmp(village, kept->name) == 0) || within(told->place, kept->name);
    }
    return within(told->subject, kept->name) || within(told->agencies, kept->name);
}

const relation *staffing_recusal(const person *candidate, const clue *told) {
    for (size_t i = 0; i < candidate->relation_count; i++)
        if (relation_matches(&candidate->relations[i], told)) return &candidate->relations[i];
    return NULL;
}

static bool away(const person *candidate, int64_t at_us) {
    for (size_t i = 0; i < candidate->leave_count; i++)
        if (candidate->leaves[i].from_us <= at_us && at_us < candidate->leaves[i].to_us) return true;
    return false;
}

static bool on_duty(const person *candidate, const char *station_code, int64_t from_us, int64_t to_us) {
    for (size_t i = 0; i < candidate->duty_count; i++) {
        const span *duty = &candidate->duties[i];
        if (strcmp(duty->station, station_code) == 0 && duty->from_us < to_us && from_us < duty->to_us) return true;
    }
    return false;
}

/* A clue of no branch is anybody's. */
static bool has_branch(const person *candidate, const char *branch) {
    return strcmp(branch, "none") == 0 || lines_have(candidate->branches, branch);
}

typedef enum rank { RANK_PROSECUTOR, RANK_HEAD, RANK_CHIEF, RANK_ANY_PROSECUTOR, RANK_NONE } rank;

/* A head who is a prosecutor too stays the resort that a head is. */
static rank rank_of(const person *candidate, const staffing_need *need) {
    if ((candidate->roles & ROLE_HOLDERS) == 0) return RANK_NONE;
    bool branch = has_branch(candidate, need->branch);
    if ((candidate->roles & ROLE_BRANCH_HEAD) != 0 && branch) return RANK_HEAD;
    if ((candidate->roles & ROLE_PROSECUTOR) != 0 && branch && !need->heads_only) return RANK_PROSECUTOR;
    if ((candidate->roles & ROLE_CHIEF) != 0) return RANK_CHIEF;
    if ((candidate->roles & ROLE_PROSECUTOR) != 0 && !need->heads_only) return RANK_ANY_PROSECUTOR;
    return RANK_NONE;
}

static int points_of(const person *candidate, const staffing_need *need) {
    int points = candidate->open * POINTS_PER_OPEN;
    if (lines_have(candidate->specialities, need->told->domain)) points += POINTS_SPECIALITY;
    if (need->station == NULL || need->station[0] == '\0') return points;
    if (lines_have(candidate->stations, need->station)) points += POINTS_STATION;
    if (on_duty(candidate, need->station, need->now_us, need->until_us)) points += POINTS_ON_DUTY;
    return points;
}

/* NULL: available. Else why not. */
static const char *obstacle(const person *candidate, const staffing_need *need) {
    if (lines_have(need->tried, candidate->code)) return "已经手或已排除 / had it or is excluded";
    if (staffing_recusal(candidate, need->told) != NULL) return "应当回避 / must be recused";
    if (away(candidate, need->now_us) || away(candidate, need->until_us)) return "休假 / on leave";
    return NULL;
}

bool staffing_available(const person *candidate, const staffing_need *need) {
    return obstacle(candidate, need) == NULL;
}

bool staffing_fits(const person *holder, const staffing_need *need) {
    return strcmp(holder->organ, need->organ) == 0 && rank_of(holder, need) <= RANK_CHIEF &&
           staffing_recusal(holder, need->told) == NULL;
}

static const char *rank_name(rank chosen) {
    static const char *const names[] = {
        [RANK_PROSECUTOR] = "对口检察官 / prosecutor of the branch",
        [RANK_HEAD] = "部门负责人 / branch head",
        [RANK_CHIEF] = "检察长 / chief procurator",
        [RANK_ANY_PROSECUTOR] = "其他部门检察官 / prosecutor of another branch",
        [RANK_NONE] = "",
    };
    return names[chosen];
}

static void say_choice(trace *steps, const person *chosen, rank chosen_rank, int points, const staffing_need *need) {
    if (steps == NULL) return;
    trace_add(steps, "承办人 %s：%s；在办 %d 件，%d 分 / prosecutor %s: branch %s, %d open, %d points%s%s",
              chosen->code, rank_name(chosen_rank), chosen->open, points, chosen->code, need->branch, chosen->open,
              points, lines_have(chosen->specialities, need->told->domain) ? ", speciality " : "",
              lines_have(chosen->specialities, need->told->domain) ? need->told->domain : "");
}

person *staffing_choose(const directory *dir, const staffing_need *need, trace *steps) {
    size_t count;
    person *people = directory_people_of(dir, need->organ, &count), *best = NULL;
    rank best_rank = RANK_NONE;
    int best_points = 0;
    for (size_t i = 0; i < count; i++) {
        person *candidate = &people[i];
        rank candidate_rank = rank_of(candidate, need);
        if (candidate_rank == RANK_NONE) continue;
        const char *why_not = obstacle(candidate, need);
        if (why_not != NULL) {
            trace_add(steps, "不选 %s：%s", candidate->code, why_not);
            continue;
        }
        int points = points_of(candidate, need);
        bool better = best == NULL || candidate_rank < best_rank ||
                      (candidate_rank == best_rank &&
                       (points > best_points || (points == best_points && candidate->open < best->open)));
        if (!better) continue;
        best = candidate;
        best_rank = candidate_rank;
        best_points = points;
    }
    if (best != NULL)
        say_choice(steps, best, best_rank, best_points, need);
    else
        trace_add(steps, "%s 无人可派 / nobody is left at %s", need->organ, need->organ);
    return best;
}

static bool serves(const station *candidate, int32_t town) {
    for (size_t i = 0; i < candidate->serves_count; i++)
        if (candidate->serves[i] == town) return true;
    return false;
}

static int station_points(const station *candidate, const clue *told) {
    int points = 0;
    if (told->village != 0 && candidate->village == told->village) points += 40;
    if (told->town != 0 && candidate->town == told->town) points += 20;
    if (told->town != 0 && serves(candidate, told->town)) points += 15;
    if (lines_have(candidate->specialities, told->domain)) points += 10;
    /* One that serves other towns only is no help; one for the whole county, a little. */
    if (points == 0 && candidate->serves_count == 0 && told->town != 0)
        points = strcmp(candidate->kind, "mobile") == 0 ? 2 : 1;
    return points;
}

const station *staffing_station(const directory *dir, const char *organ_code, const clue *told, trace *steps) {
    size_t count;
    const station *stations = directory_stations_of(dir, organ_code, &count), *best = NULL;
    int best_points = told->mediation ? -1 : 0;
    for (size_t i = 0; i < count; i++) {
        int points = station_points(&stations[i], told);
        if (points <= best_points) continue;
        best = &stations[i];
        best_points = points;
    }
    if (best != NULL)
        trace_add(steps, "联络站 %s，%d 分 / station %s, %d points", best->code, best_points, best->code, best_points);
    return best;
}
