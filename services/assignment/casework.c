/* Casework: who may do what with an assignment, and what follows. */
#include "assignment/casework.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "assignment/notices.h"
#include "assignment/staffing.h"

static const char *const RETURN_REASONS[] = {"wrong_branch",         "no_capacity", "absent",
                                             "conflict_of_interest", "duplicate",   "other"};
static const char *const OUTCOMES[] = {"filed", "recommended", "mediated", "transferred",
                                       "aided", "reported_up", "no_action"};

static bool among(const char *const *known, size_t count, const char *text) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(known[i], text) == 0) return true;
    return false;
}

static int refuse(casework *work, wjz_refusal refusal) {
    *work->refusal = refusal;
    return -EPERM;
}

static int refuse_value(casework *work, const char *field, const char *value, const char *message, const char *remedy) {
    return refuse(
        work, (wjz_refusal){
                  .code = WJZ_REFUSAL_INVALID, .field = field, .value = value, .message = message, .remedy = remedy});
}

static int refuse_state(casework *work, const char *message, const char *remedy) {
    return refuse(work, (wjz_refusal){.code = WJZ_REFUSAL_CONFLICT,
                                      .field = "assignment",
                                      .value = state_name(work->open->state),
                                      .message = message,
                                      .remedy = remedy});
}

static int refuse_ended(casework *work) {
    return refuse_state(work, "该分派已经结束 / the assignment has ended",
                        "请查看线索当前的分派 / look at the clue's present assignment");
}

/* Whose word counts: the assignee, the staff of the station that has it alone, the organ's heads, operators. */
static bool may_act(const casework *work, const person *actor) {
    const assignment *open = work->open;
    if ((actor->roles & ROLE_OPERATOR) != 0 || strcmp(open->prosecutor, actor->code) == 0) return true;
    if (strcmp(open->organ, actor->organ) != 0) return false;
    if ((actor->roles & ROLE_CHIEF) != 0) return true;
    if ((actor->roles & ROLE_BRANCH_HEAD) != 0)
        return strcmp(open->branch, "none") == 0 || lines_have(actor->branches, open->branch);
    return open->prosecutor[0] == '\0' && lines_have(actor->stations, open->station);
}

static int check_actor(casework *work, const person **ret_actor) {
    const person *actor = directory_person(work->on->people, work->actor);
    if (actor == NULL)
        return refuse(work, (wjz_refusal){.code = WJZ_REFUSAL_FORBIDDEN,
                                          .field = "actor",
                                          .value = work->actor,
                                          .message = "人员目录中没有此人 / nobody of that code is in the directory",
                                          .remedy = "wjz directory load"});
    if (!may_act(work, actor))
        return refuse(work, (wjz_refusal){.code = WJZ_REFUSAL_FORBIDDEN,
                                          .field = "actor",
                                          .value = work->actor,
                                          .message = "只有承办人、本院部门负责人、检察长或操作员可以办理 / only the "
                                                     "assignee, the organ's heads or an operator may do this",
                                          .remedy = "请承办人或部门负责人办理 / ask the assignee or the branch head"});
    *ret_actor = actor;
    return 0;
}

static int enter(casework *work, assignment_state to, const char *reason_code, const char *reason, wjz_err *err) {
    cause why = {.actor = work->actor, .reason_code = reason_code, .reason = reason};
    return ledger_enter(work->on->book, work->open, to, why, err);
}

/* An operator accepts for others, and here is nobody for whom; a station's staff are told of what it has alone. */
static bool lacks_whom_to_accept_for(const assignment *open, const person *actor) {
    bool waits = open->prosecutor[0] == '\0' && (open->organ[0] == '\0' || open->stars >= CLUE_STARS_TO_ASSIGN);
    return waits && (actor->roles & ROLE_OPERATOR) != 0;
}

int casework_accept(casework *work, wjz_err *err) {
    const person *actor;
    int r = check_actor(work, &actor);
    if (r < 0) return r;
    assignment *open = work->open;
    if (open->state == STATE_ACCEPTED || open->state == STATE_VERIFYING) return 0;
    if (state_ended(open->state)) return refuse_ended(work);
    if (lacks_whom_to_accept_for(open, actor))
        return refuse_state(work, "尚无承办人 / nobody has it yet",
                            "请移送给检察官或检察院 / transfer it to a prosecutor, or to an organ");
    if (open->prosecutor[0] == '\0' && (actor->roles & ROLE_OPERATOR) == 0) {
        open->prosecutor = actor->code;
        directory_person(work->on->people, actor->code)->open++;
    }
    return enter(work, STATE_ACCEPTED, NULL, NULL, err);
}

int casework_verify(casework *work, wjz_err *err) {
    const person *actor;
    int r = check_actor(work, &actor);
    if (r < 0) return r;
    if (work->open->state == STATE_VERIFYING) return 0;
    if (state_ended(work->open->state)) return refuse_ended(work);
    if (work->open->state != STATE_ACCEPTED)
        return refuse_state(work, "尚未受理，不能开始核查 / not accepted yet", "请先受理 / accept it first");
    return enter(work, STATE_VERIFYING, NULL, NULL, err);
}

/* The next person of the organ gets it. Who had it is excluded. */
static int pass_on(casework *work, assignment_state end, cause why, wjz_err *err) {
    const char *tried = ledger_tried(work->on->book, work->open->tried, work->open->prosecutor);
    if (tried == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    placing asked = {.told = work->told, .organ = work->open->organ, .tried = tried, .person_needed = true};
    placement place;
    dispatch_place(work->on, &asked, NULL, &place);
    return dispatch_succeed(work->on, work->told, work->open, end, why, &place, NOTICE_NEW, &work->successor, err);
}

int casework_return(casework *work, const char *reason_code, const char *reason, wjz_err *err) {
    const person *actor;
    int r = check_actor(work, &actor);
    if (r < 0) return r;
    assignment *open = work->open;
    if (state_ended(open->state)) return refuse_ended(work);
    if (!among(RETURN_REASONS, WJZ_COUNT(RETURN_REASONS), reason_code))
        return refuse_value(work, "reason_code", reason_code, "未知的退回原因 / unknown reason code",
                            "wrong_branch, no_capacity, absent, conflict_of_interest, duplicate, other");
    if (reason[0] == '\0')
        return refuse_value(work, "reason", "", "退回必须说明理由 / a return needs its reason", "请填写理由 / say why");
    if (open->sent_here)
        return refuse_state(
            work,
            "依照办案规则第二十六条移送的线索不得退回 / a clue sent by another organ (rule 26) cannot be "
            "returned",
            "可转交本院其他检察官，或报告上级院 / transfer it to a colleague, or report to the superior organ");
    const char *before = open->prosecutor;
    cause why = {.actor = work->actor, .reason_code = reason_code, .reason = reason};
    r = pass_on(work, STATE_RETURNED, why, err);
    const char *superior = notices_superior(work->on->people, open->organ, open->branch, before);
    if (r < 0 || superior == NULL || strcmp(superior, work->actor) == 0) return r;
    notice_about about = {.of = open, .told = work->told, .reason = reason_code, .from = before};
    return notices_add(work->on->book, work->on->people, NOTICE_RETURNED, &about, superior, err);
}

/* Tells who had it that it is gone, unless it was he who gave it away. */
static int tell_left(casework *work, const char *before, const char *reason, wjz_err *err) {
    if (before[0] == '\0' || strcmp(before, work->actor) == 0) return 0;
    notice_about about = {.of = work->open, .told = work->told, .reason = reason, .from = work->actor};
    return notices_add(work->on->book, work->on->people, NOTICE_GONE, &about, before, err);
}

static int transfer_to_organ(casework *work, const char *organ_code, const char *reason, wjz_err *err) {
    const assignment *open = work->open;
    const organ *target = directory_organ(work->on->people, organ_code);
    if (target == NULL)
        return refuse_value(work, "organ", organ_code, "没有这个检察院 / no such organ", "wjz directory load");
    if (strcmp(target->code, open->organ) == 0)
        return refuse_value(work, "organ", organ_code, "线索已在该院 / it is with that organ already",
                            "院内转交请填写检察官 / within the organ name a prosecutor");
    if (open->sent_here)
        return refuse_state(
            work,
            "依照办案规则第二十六条移送的线索不得再次移送 / a clue sent by another organ (rule 26) cannot be "
            "passed on",
            "请报告上级院 / report to the superior organ");
    placing asked = {.told = work->told, .organ = target->code, .tried = work->told->excluded, .person_needed = true};
    placement place;
    dispatch_place(work->on, &asked, NULL, &place);
    cause why = {.actor = work->actor, .reason_code = "other_organ", .reason = reason};
    int r = dispatch_succeed(work->on, work->told, work->open, STATE_TRANSFERRED, why, &place, NOTICE_NEW,
                             &work->successor, err);
    if (r == 0) work->successor->sent_here = true;
    return r;
}

static int transfer_to_person(casework *work, const char *person_code, const char *reason, wjz_err *err) {
    const assignment *open = work->open;
    person *target = directory_person(work->on->people, person_code);
    if (target == NULL || strcmp(target->organ, open->organ) != 0 || (target->roles & ROLE_HOLDERS) == 0)
        return refuse_value(work, "prosecutor", person_code, "本院没有这名检察官 / no such prosecutor in the organ",
                            "跨院移送请填写检察院 / to another organ name the organ");
    if (strcmp(target->code, open->prosecutor) == 0)
        return refuse_value(work, "prosecutor", person_code, "线索已在此人名下 / it is with that person already",
                            "请选择其他检察官 / name somebody else");
    if (staffing_recusal(target, work->told) != NULL || lines_have(work->told->excluded, target->code))
        return refuse_value(work, "prosecutor", person_code, "该检察官应当回避 / that prosecutor must be recused",
                            "请选择其他检察官 / name somebody else");
    placing asked = {.told = work->told, .organ = open->organ, .tried = open->tried, .person_needed = true};
    placement place;
    dispatch_place(work->on, &asked, NULL, &place);
    place.holder = target;
    place.unstaffed = false;
    cause why = {.actor = work->actor, .reason_code = "colleague", .reason = reason};
    return dispatch_succeed(work->on, work->told, work->open, STATE_TRANSFERRED, why, &place, NOTICE_NEW,
                            &work->successor, err);
}

int casework_transfer(casework *work, const char *organ_code, const char *person_code, const char *reason,
                      wjz_err *err) {
    const person *actor;
    int r = check_actor(work, &actor);
    if (r < 0) return r;
    if (state_ended(work->open->state)) return refuse_ended(work);
    if ((organ_code[0] == '\0') == (person_code[0] == '\0'))
        return refuse_value(work, "organ", organ_code,
                            "检察院和检察官须填写一项 / name an organ or a prosecutor, not both", "organ, prosecutor");
    if (reason[0] == '\0')
        return refuse_value(work, "reason", "", "移送必须说明理由 / a transfer needs its reason",
                            "请填写理由 / say why");
    const char *before = work->open->prosecutor;
    if (organ_code[0] != '\0')
        r = transfer_to_organ(work, organ_code, reason, err);
    else
        r = transfer_to_person(work, person_code, reason, err);
    return r < 0 ? r : tell_left(work, before, "transferred", err);
}

int casework_close(casework *work, const char *outcome, wjz_err *err) {
    const person *actor;
    int r = check_actor(work, &actor);
    if (r < 0) return r;
    assignment *open = work->open;
    if (!among(OUTCOMES, WJZ_COUNT(OUTCOMES), outcome))
        return refuse_value(work, "outcome", outcome, "未知的处理结果 / unknown outcome",
                            "filed, recommended, mediated, transferred, aided, reported_up, no_action");
    if (state_ended(open->state)) return refuse_ended(work);
    if (open->state == STATE_ASSIGNED)
        return refuse_state(work, "尚未受理，不能办结 / not accepted yet", "请先受理 / accept it first");
    r = enter(work, STATE_CLOSED, outcome, NULL, err);
    if (r < 0) return r;
    person *holder = directory_person(work->on->people, open->prosecutor);
    if (holder != NULL && holder->open > 0) holder->open--;
    settlement entry = {
        .region = open->region, .clue = open->clue, .by = open->id, .complaints = work->told->complaints};
    return ledger_settle(work->on->book, &entry, err);
}

int casework_declare_recusal(casework *work, const char *ground, const char *procedure, bool *ret_suspends,
                             wjz_err *err) {
    static const char *const procedures[] = {"pil", "civil", "criminal"};
    assignment *open = work->open;
    const person *actor;
    int r = check_actor(work, &actor);
    if (r < 0) return r;
    if (state_ended(open->state)) return refuse_ended(work);
    if (!among(procedures, WJZ_COUNT(procedures), procedure))
        return refuse_value(work, "procedure", procedure, "未知的程序 / unknown procedure", "pil, civil, criminal");
    if (ground[0] == '\0')
        return refuse_value(work, "ground", "", "申请回避必须说明理由 / a recusal needs its ground",
                            "请填写理由 / say why");
    if (open->prosecutor[0] == '\0')
        return refuse_state(work, "尚无承办人 / nobody has it yet", "请先受理 / accept it first");
    bool suspends = strcmp(procedure, "pil") != 0;
    const char *before = open->prosecutor;
    if (suspends) {
        cause why = {.actor = work->actor, .reason_code = "recusal", .reason = procedure};
        r = pass_on(work, STATE_RETURNED, why, err);
    } else {
        r = enter(work, open->state, "recusal_declared", procedure, err);
    }
    if (r < 0) return r;
    *ret_suspends = suspends;
    const person *chief = directory_with_role(work->on->people, open->organ, ROLE_CHIEF);
    notice_about about = {.of = open, .told = work->told, .reason = procedure, .from = before};
    return notices_add(work->on->book, work->on->people, NOTICE_RECUSAL, &about, chief != NULL ? chief->code : NULL,
                       err);
}

int casework_decide_recusal(casework *work, const char *person_code, bool granted, wjz_err *err) {
    const person *actor = directory_person(work->on->people, work->actor);
    assignment *open = work->open;
    bool chief = actor != NULL && (actor->roles & ROLE_CHIEF) != 0 && strcmp(actor->organ, open->organ) == 0 &&
                 strcmp(actor->code, person_code) != 0;
    bool clerk = actor != NULL && (actor->roles & ROLE_OPERATOR) != 0;
    if (!chief && !clerk)
        return refuse(work,
                      (wjz_refusal){.code = WJZ_REFUSAL_FORBIDDEN,
                                    .field = "actor",
                                    .value = work->actor,
                                    .message = "回避由检察长决定；检察长的回避由检委会决定，由操作员记录 / decided by "
                                               "the chief procurator; the chief's own by the committee, recorded by "
                                               "an operator",
                                    .remedy = "请检察长决定 / ask the chief procurator"});
    bool still_his = !state_ended(open->state) && strcmp(open->prosecutor, person_code) == 0;
    if (!still_his) return 0;
    if (!granted) return enter(work, open->state, "recusal_denied", NULL, err);
    cause why = {.actor = work->actor, .reason_code = "recusal_granted"};
    int r = pass_on(work, STATE_RETURNED, why, err);
    return r < 0 ? r : tell_left(work, person_code, "recusal_granted", err);
}
