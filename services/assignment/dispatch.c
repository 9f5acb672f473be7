/* Dispatch: told clue + open assignment → changes in the ledger. */
#include "assignment/dispatch.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "assignment/notices.h"
#include "assignment/staffing.h"

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

static const char *code_of(const person *holder) {
    return holder != NULL ? holder->code : "";
}

static bool for_prosecutor(const clue *told) {
    return told->stars >= CLUE_STARS_TO_ASSIGN;
}

dispatch dispatch_at(const routing *rules, directory *people, const policy *limits, ledger *book) {
    const calendar *days = people->calendar;
    int64_t now_us = book->now_us;
    return (dispatch){.rules = rules,
                      .people = people,
                      .policy = limits,
                      .book = book,
                      .until_us = calendar_after_office_time(days, limits->hours, now_us, limits->accept_within_us),
                      .until_urgent_us =
                          calendar_after_office_time(days, limits->hours, now_us, limits->accept_within_urgent_us)};
}

static int64_t accept_until(const dispatch *on, bool urgent) {
    return urgent ? on->until_urgent_us : on->until_us;
}

/* --- placing --- */

static void place_organ(const dispatch *on, const placing *asked, trace *steps, placement *place) {
    route routed;
    routing_decide(on->rules, on->people, asked->told, steps, &routed);
    place->branch = routed.branch;
    place->consult = routed.consult != NULL ? routed.consult : "";
    place->station = routed.station;
    place->organ = asked->organ != NULL ? asked->organ : routed.organ;
    if (place->organ != NULL) return;
    const organ *own = directory_organ_of_region(on->people, asked->told->region);
    place->organ = own != NULL ? own->code : "";
    place->unroutable = true;
    trace_add(steps,
              "没有规则给出检察院，交本区域检察长 / no rule has an organ, the region's own chief procurator has it");
}

static void place_station(const dispatch *on, const placing *asked, trace *steps, placement *place) {
    const station *found = directory_station(on->people, place->station);
    if (found == NULL || strcmp(found->organ, place->organ) != 0)
        found = staffing_station(on->people, place->organ, asked->told, steps);
    place->station = found != NULL ? found->code : "";
}

static void place_person(const dispatch *on, const placing *asked, trace *steps, placement *place) {
    const clue *told = asked->told;
    bool station_alone = !for_prosecutor(told) && place->station[0] != '\0' && !asked->person_needed;
    if (station_alone && !place->unroutable) {
        trace_add(steps, "一般纠纷交联络站调解 / a private dispute, mediated by the station");
        return;
    }
    staffing_need need = {.told = told,
                          .organ = place->organ,
                          .station = place->station,
                          .branch = place->branch,
                          .now_us = on->book->now_us,
                          .until_us = accept_until(on, told->urgent),
                          .tried = asked->tried,
                          .heads_only = asked->heads_only};
    if (place->unroutable) place->holder = directory_with_role(on->people, place->organ, ROLE_CHIEF);
    if (place->holder == NULL) place->holder = staffing_choose(on->people, &need, steps);
    place->unstaffed = place->holder == NULL;
}

void dispatch_place(const dispatch *on, const placing *asked, trace *steps, placement *ret_placement) {
    trace local = {.arena = on->book->arena};
    if (steps == NULL) steps = &local;
    placement place = {0};
    place_organ(on, asked, steps, &place);
    place_station(on, asked, steps, &place);
    place_person(on, asked, steps, &place);
    place.trace = trace_text(steps);
    *ret_placement = place;
}

/* --- carrying out --- */

/* Copies what others are told of the clue; whether anything differed. */
static bool copy_clue(assignment *into, const clue *told, const char *branch) {
    bool same = strcmp(into->branch, branch) == 0 && strcmp(into->domain, told->domain) == 0 &&
                into->stars == told->stars && into->town == told->town && into->village == told->village &&
                into->urgent == told->urgent && into->mediation == told->mediation &&
                into->look_on_spot == told->look_on_spot;
    into->branch = branch;
    into->domain = told->domain;
    into->stars = told->stars;
    into->town = told->town;
    into->village = told->village;
    into->urgent = told->urgent;
    into->mediation = told->mediation;
    into->look_on_spot = told->look_on_spot;
    return !same;
}

static void copy_place(assignment *into, const placement *place) {
    into->organ = place->organ;
    into->station = place->station;
    into->consult = place->consult;
    into->prosecutor = code_of(place->holder);
    into->trace = place->trace;
}

/* Whoever has it now, and the operators where nobody could be found. */
static int tell_placed(const dispatch *on, const clue *told, const assignment *of, const placement *place, int kind,
                       const char *from, wjz_err *err) {
    notice_about about = {.of = of, .told = told, .from = from};
    int r = notices_add(on->book, on->people, (notice_kind)kind, &about, of->prosecutor, err);
    if (r == 0 && place->unroutable) r = notices_add(on->book, on->people, NOTICE_UNROUTABLE, &about, NULL, err);
    if (r == 0 && place->unstaffed) r = notices_add(on->book, on->people, NOTICE_UNSTAFFED, &about, NULL, err);
    return r;
}

static int open_as_placed(const dispatch *on, const clue *told, const placement *place, const assignment *before,
                          cause why, int kind, assignment **ret_opened, wjz_err *err) {
    assignment *opened = ledger_open(on->book, told);
    if (opened == NULL) return out_of_memory(err);
    copy_clue(opened, told, place->branch);
    copy_place(opened, place);
    opened->accept_until_us = accept_until(on, told->urgent);
    opened->tried = told->excluded;
    if (before != NULL) {
        opened->predecessor = before->id;
        opened->sent_here = before->sent_here;
        opened->escalations = before->escalations;
        bool is_his_again = strcmp(before->prosecutor, opened->prosecutor) == 0;
        opened->tried = is_his_again ? before->tried : ledger_tried(on->book, before->tried, before->prosecutor);
        if (opened->tried == NULL) return out_of_memory(err);
    }
    if (place->holder != NULL) place->holder->open++;
    int r = ledger_begin(on->book, opened, why, err);
    if (r == 0) r = tell_placed(on, told, opened, place, kind, before != NULL ? before->prosecutor : NULL, err);
    if (r == 0 && ret_opened != NULL) *ret_opened = opened;
    return r;
}

static void leave_holder(const dispatch *on, const assignment *left) {
    person *holder = directory_person(on->people, left->prosecutor);
    if (holder != NULL && holder->open > 0) holder->open--;
}

int dispatch_succeed(const dispatch *on, const clue *told, assignment *open, assignment_state end, cause why,
                     const placement *placed, int kind, assignment **ret_successor, wjz_err *err) {
    int r = ledger_enter(on->book, open, end, why, err);
    if (r < 0) return r;
    leave_holder(on, open);
    return open_as_placed(on, told, placed, open, why, kind, ret_successor, err);
}

/* --- a clue is told --- */

static int withdraw(const dispatch *on, const clue *told, assignment *open, wjz_err *err) {
    cause why = {.reason_code = "below_stars"};
    if (told->merged_into != 0) {
        why.reason_code = "merged";
        why.reason = wjz_arena_printf(on->book->arena, "clue %" PRId64, told->merged_into);
        if (why.reason == NULL) return out_of_memory(err);
    }
    int r = ledger_enter(on->book, open, STATE_WITHDRAWN, why, err);
    if (r < 0) return r;
    leave_holder(on, open);
    notice_about about = {.of = open, .told = told, .reason = why.reason_code};
    return notices_add(on->book, on->people, NOTICE_GONE, &about, open->prosecutor, err);
}

/* The person who has an unaccepted clue keeps it when the change lets him; else the choice is made anew. */
static void place_again(const dispatch *on, const clue *told, const assignment *open, placement *place) {
    placing asked = {.told = told,
                     .organ = open->sent_here ? open->organ : NULL,
                     .tried = open->tried,
                     .heads_only = open->escalations >= on->policy->prosecutors_tried,
                     .person_needed = open->escalations > 0};
    dispatch_place(on, &asked, NULL, place);
    person *holder = directory_person(on->people, open->prosecutor);
    staffing_need need = {.told = told, .organ = place->organ, .branch = place->branch};
    bool person_asked = place->holder != NULL || place->unstaffed;
    if (!person_asked || holder == NULL || !staffing_fits(holder, &need)) return;
    place->holder = holder;
    place->unstaffed = false;
}

/* Whether others than before look after it: another person, or another station or organ where no person does. */
static bool goes_to_others(const assignment *open, const placement *place) {
    if (strcmp(open->prosecutor, code_of(place->holder)) != 0) return true;
    return place->holder == NULL &&
           (strcmp(open->organ, place->organ) != 0 || strcmp(open->station, place->station) != 0);
}

static int move_in_place(const dispatch *on, const clue *told, assignment *open, const placement *place, cause why,
                         wjz_err *err) {
    const char *before = open->prosecutor;
    bool to_others = goes_to_others(open, place);
    bool moved = to_others || strcmp(open->organ, place->organ) != 0 || strcmp(open->station, place->station) != 0;
    bool became_urgent = told->urgent && !open->urgent;
    bool differs = copy_clue(open, told, place->branch) || moved || strcmp(open->consult, place->consult) != 0;
    if (!differs) return 0;
    copy_place(open, place);
    int64_t until = accept_until(on, told->urgent);
    if (to_others || (became_urgent && until < open->accept_until_us)) open->accept_until_us = until;
    int r = ledger_enter(on->book, open, STATE_ASSIGNED, why, err);
    if (r < 0 || !to_others) return r;
    if (place->holder != NULL) place->holder->open++;
    person *left = directory_person(on->people, before);
    if (left != NULL && left->open > 0) left->open--;
    r = tell_placed(on, told, open, place, NOTICE_MOVED, NULL, err);
    if (r < 0 || left == NULL) return r;
    notice_about about = {.of = open, .told = told, .reason = why.reason_code};
    return notices_add(on->book, on->people, NOTICE_GONE, &about, before, err);
}

static int reroute(const dispatch *on, const clue *told, assignment *open, cause why, wjz_err *err) {
    placement place;
    place_again(on, told, open, &place);
    return move_in_place(on, told, open, &place, why, err);
}

/* Accepted work stays where it is; who has it learns what changed. */
static int keep(const dispatch *on, const clue *told, assignment *open, wjz_err *err) {
    route routed;
    routing_decide(on->rules, on->people, told, NULL, &routed);
    bool worth_telling = open->stars != told->stars || strcmp(open->branch, routed.branch) != 0 ||
                         strcmp(open->domain, told->domain) != 0 || (told->urgent && !open->urgent);
    if (!copy_clue(open, told, routed.branch)) return 0;
    int r = ledger_enter(on->book, open, open->state, (cause){.reason_code = "clue_changed"}, err);
    if (r < 0 || !worth_telling) return r;
    notice_about about = {.of = open, .told = told};
    return notices_add(on->book, on->people, NOTICE_CHANGED, &about, open->prosecutor, err);
}

/* A matter that was closed with an outcome is not opened anew by itself: who closed it is told that it goes on. */
static int tell_settled(const dispatch *on, const clue *told, const assignment *settled, wjz_err *err) {
    if (told->complaints <= told->settled_complaints || settled == NULL) return 0;
    settlement entry = {.region = told->region, .clue = told->id, .by = settled->id, .complaints = told->complaints};
    int r = ledger_settle(on->book, &entry, err);
    if (r < 0) return r;
    notice_about about = {.of = settled, .told = told};
    return notices_add(on->book, on->people, NOTICE_SETTLED_BACK, &about, settled->prosecutor, err);
}

static int open_anew(const dispatch *on, const clue *told, wjz_err *err) {
    placing asked = {.told = told, .tried = told->excluded};
    placement place;
    dispatch_place(on, &asked, NULL, &place);
    return open_as_placed(on, told, &place, NULL, (cause){.reason_code = "clue_told"}, NOTICE_NEW, NULL, err);
}

/* Whether the place is where the clue was before: with the same person, who may take it now, or at the same station. */
static bool is_back(const dispatch *on, const clue *told, const assignment *before, const placement *place) {
    if (place->holder == NULL)
        return !place->unstaffed && strcmp(before->organ, place->organ) == 0 &&
               strcmp(before->station, place->station) == 0;
    staffing_need need = {
        .told = told, .now_us = on->book->now_us, .until_us = accept_until(on, told->urgent), .tried = told->excluded};
    return strcmp(before->prosecutor, place->holder->code) == 0 && staffing_available(place->holder, &need);
}

/* A clue that was merged away and lives again is no news to whoever had it: he goes on with it, if he still may. */
static int bring_back(const dispatch *on, const clue *told, const assignment *withdrawn, wjz_err *err) {
    placement place;
    place_again(on, told, withdrawn, &place);
    if (!is_back(on, told, withdrawn, &place)) return open_anew(on, told, err);
    const char *to = place.holder != NULL ? place.holder->code : place.station;
    place.trace = wjz_arena_printf(
        on->book->arena, "%s\n线索恢复，交还原承办 %s / lives again, back with %s, who had it", place.trace, to, to);
    if (place.trace == NULL) return out_of_memory(err);
    return open_as_placed(on, told, &place, withdrawn, (cause){.reason_code = "lives_again"}, NOTICE_BACK, NULL, err);
}

int dispatch_told(const dispatch *on, const clue *told, assignment *open, const assignment *last, wjz_err *err) {
    if (open != NULL && told->merged_into != 0) return withdraw(on, told, open, err);
    if (open != NULL && open->state != STATE_ASSIGNED) return keep(on, told, open, err);
    if (open != NULL && !clue_wanted(told)) return withdraw(on, told, open, err);
    if (open != NULL) return reroute(on, told, open, (cause){.reason_code = "clue_changed"}, err);
    if (told->settled_by != 0) return tell_settled(on, told, last, err);
    if (!clue_wanted(told)) return 0;
    return last != NULL ? bring_back(on, told, last, err) : open_anew(on, told, err);
}

/* --- the directory has changed --- */

/* What somebody had accepted goes on with the next person of the organ, who must accept it. */
static int succeed_left(const dispatch *on, const clue *told, assignment *open, wjz_err *err) {
    const char *before = open->prosecutor, *tried = ledger_tried(on->book, open->tried, before);
    if (tried == NULL) return out_of_memory(err);
    placing asked = {.told = told, .organ = open->organ, .tried = tried, .person_needed = true};
    placement place;
    dispatch_place(on, &asked, NULL, &place);
    int r = dispatch_succeed(on, told, open, STATE_RETURNED, (cause){.reason_code = "absent"}, &place, NOTICE_NEW, NULL,
                             err);
    const char *superior = notices_superior(on->people, open->organ, open->branch, before);
    if (r < 0 || superior == NULL) return r;
    notice_about about = {.of = open, .told = told, .reason = "absent", .from = before};
    return notices_add(on->book, on->people, NOTICE_RETURNED, &about, superior, err);
}

int dispatch_unplaced(const dispatch *on, const clue *told, assignment *open, wjz_err *err) {
    if (open->state != STATE_ASSIGNED) return succeed_left(on, told, open, err);
    return reroute(on, told, open, (cause){.reason_code = "directory_changed"}, err);
}

/* --- nobody accepted in time --- */

/* Nobody is left to go on to: the holder is reminded, and the operators hear of it. */
static int remind(const dispatch *on, const clue *told, assignment *open, wjz_err *err) {
    open->accept_until_us = accept_until(on, open->urgent);
    int r = ledger_enter(on->book, open, STATE_ASSIGNED, (cause){.reason_code = "overdue"}, err);
    if (r < 0) return r;
    notice_about about = {.of = open, .told = told, .reason = "overdue"};
    r = notices_add(on->book, on->people, NOTICE_OVERDUE, &about, NULL, err);
    if (r < 0 || open->prosecutor[0] == '\0') return r;
    return notices_add(on->book, on->people, NOTICE_OVERDUE, &about, open->prosecutor, err);
}

int dispatch_overdue(const dispatch *on, const clue *told, assignment *open, wjz_err *err) {
    const char *tried = ledger_tried(on->book, open->tried, open->prosecutor);
    if (tried == NULL) return out_of_memory(err);
    placing asked = {.told = told,
                     .organ = open->organ[0] != '\0' ? open->organ : NULL,
                     .tried = tried,
                     .heads_only = open->escalations + 1 >= on->policy->prosecutors_tried,
                     .person_needed = true};
    placement place;
    dispatch_place(on, &asked, NULL, &place);
    if (place.holder == NULL) return remind(on, told, open, err);
    open->escalations++;
    notice_about about = {.of = open, .told = told, .reason = "overdue"};
    int r = dispatch_succeed(on, told, open, STATE_ESCALATED, (cause){.reason_code = "overdue"}, &place,
                             NOTICE_ESCALATED, NULL, err);
    if (r < 0 || open->prosecutor[0] == '\0') return r;
    return notices_add(on->book, on->people, NOTICE_MISSED, &about, open->prosecutor, err);
}
