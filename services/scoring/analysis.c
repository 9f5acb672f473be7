/* Normalise, match, extract, classify, and put what was found into one Finding. */
#include "scoring/analysis.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "scoring/analysis_parts.h"
#include "scoring/classify.h"
#include "scoring/extract.h"
#include "scoring/features.h"
#include "scoring/matter.h"
#include "scoring/model.h"
#include "scoring/normalise.h"
#include "scoring/place.h"
#include "scoring/reasons.h"
#include "scoring/rules_data.h"
#include "scoring/rules_taught.h"
#include "scoring/score.h"

enum {
    PART_TITLE,
    PART_CONTENT,
    PART_CATEGORIES,
    PART_VISIT_NOTE,
    PART_ADDRESS,
    PART_REPLY,
    PART_COUNT,
    NAMES_LIMIT = 40,
    QUANTITIES_LIMIT = 40,
    HITS_LIMIT = 48,
    AGENCIES_LIMIT = 6,
};

/* What the rules and the model saw together when the model was trained: the present rules, or those of that time. */
typedef struct taught_view {
    const rule_pack *rules;
    rule_matches matches;
    class_votes votes;
} taught_view;

/* The work under way on one complaint. */
typedef struct analysis {
    const rule_pack *pack;
    const gazetteer *places;
    const complaint *complaint;
    wjz_arena *arena;   /* of the finding */
    wjz_arena *scratch; /* of all else */
    normal_text *text;
    uint32_t own_chars; /* characters of the complaint's own text; the agency's reply comes behind */
    text_spots spots;   /* of them */
    rule_matches matches;
    text_name *names;
    size_t name_count;
    text_quantity *quantities;
    size_t quantity_count;
    class_votes votes; /* of the rules, then with the model's */
    taught_view taught;
    model_verdict verdict; /* when there is a model */
    float *steps;          /* what it adds to the points where a character begins */
    Wjz__Scoring__Finding *finding;
    feature_list *features; /* where to put what a model would see; NULL: nobody asks */
} analysis;

static Wjz__Scoring__Span *new_span(analysis *a, uint32_t from, uint32_t to) {
    Wjz__Scoring__Span *span = wjz_arena_alloc(a->arena, sizeof *span);
    if (!span) return NULL;
    wjz__scoring__span__init(span);
    normal_span(a->text, from, to, span);
    return span;
}

int analysis_text(const complaint *c, wjz_arena *arena, normal_text **ret_text) {
    const struct {
        Wjz__Scoring__Field field;
        const char *text;
    } sources[PART_COUNT] = {{WJZ__SCORING__FIELD__FIELD_TITLE, c->title},
                             {WJZ__SCORING__FIELD__FIELD_CONTENT, c->content},
                             {WJZ__SCORING__FIELD__FIELD_CATEGORIES, c->categories},
                             {WJZ__SCORING__FIELD__FIELD_VISIT_NOTE, c->visit_note},
                             {WJZ__SCORING__FIELD__FIELD_ADDRESS, c->incident_address},
                             {WJZ__SCORING__FIELD__FIELD_REPLY, c->handle_result}};
    text_part *parts = wjz_arena_alloc(arena, PART_COUNT * sizeof *parts);
    if (!parts) return -ENOMEM;
    for (int i = 0; i < PART_COUNT; i++)
        parts[i] = (text_part){sources[i].field, sources[i].text, strlen(sources[i].text)};
    return normalise(parts, PART_COUNT, arena, ret_text);
}

static int read_text(analysis *a) {
    int r = analysis_text(a->complaint, a->scratch, &a->text);
    if (r < 0) return r;
    a->own_chars = a->text->part_char[PART_REPLY];
    a->finding->copy = matter_copy_of(a->text);
    return 0;
}

static int match_rules(analysis *a) {
    return rules_match(a->pack, a->text, PART_TITLE, PART_REPLY, a->scratch, &a->matches);
}

/* Which hits are kept: those that make points or evidence; of the kind's words only a few. */
static bool kept(const rule_match *match, size_t *kind_hits) {
    return match->rule->role != WJZ__SCORING__ROLE__ROLE_KIND || (*kind_hits)++ < 6;
}

static int keep_hits(analysis *a, const rule_matches *matches, Wjz__Scoring__Finding *finding) {
    finding->n_hits = 0;
    finding->hits = wjz_arena_alloc(a->arena, HITS_LIMIT * sizeof *finding->hits);
    if (!finding->hits) return -ENOMEM;
    size_t kind_hits = 0;
    for (size_t i = 0; i < matches->count && finding->n_hits < HITS_LIMIT; i++) {
        const rule_match *match = &matches->list[i];
        if (!kept(match, &kind_hits)) continue;
        Wjz__Scoring__Hit *hit = wjz_arena_alloc(a->arena, sizeof *hit);
        if (!hit) return -ENOMEM;
        wjz__scoring__hit__init(hit);
        hit->rule = (char *)match->rule->id;
        hit->role = match->rule->role;
        hit->tier = match->rule->tier;
        hit->topic = (char *)match->rule->topic_id;
        hit->count = match->count;
        hit->points = match->rule->points;
        hit->span = new_span(a, match->from, match->to);
        if (!hit->span) return -ENOMEM;
        finding->hits[finding->n_hits++] = hit;
    }
    return 0;
}

static bool same_name(const analysis *a, const text_name *x, const text_name *y) {
    return x->kind == y->kind && x->to - x->from == y->to - y->from &&
           memcmp(a->text->bytes + x->from, a->text->bytes + y->from, x->to - x->from) == 0;
}

static int keep_anchors(analysis *a) {
    Wjz__Scoring__Finding *finding = a->finding;
    finding->anchors = wjz_arena_alloc(a->arena, (a->name_count + 1) * sizeof *finding->anchors);
    if (!finding->anchors) return -ENOMEM;
    for (size_t i = 0; i < a->name_count; i++) {
        const text_name *name = &a->names[i];
        bool known = false;
        for (size_t k = 0; k < i && !known; k++)
            known = same_name(a, &a->names[k], name);
        if (known) continue;
        Wjz__Scoring__Anchor *anchor = wjz_arena_alloc(a->arena, sizeof *anchor);
        if (!anchor) return -ENOMEM;
        wjz__scoring__anchor__init(anchor);
        anchor->kind = name->kind;
        anchor->name = wjz_arena_strndup(a->arena, a->text->bytes + name->from, name->to - name->from);
        anchor->span = new_span(a, name->from, name->to);
        if (!anchor->name || !anchor->span) return -ENOMEM;
        finding->anchors[finding->n_anchors++] = anchor;
    }
    return 0;
}

/* The unit complained of: a company, else a school, else a site that is named; the title's before the content's. */
static int find_subject(analysis *a) {
    static const Wjz__Scoring__AnchorKind kinds[] = {WJZ__SCORING__ANCHOR_KIND__ANCHOR_COMPANY,
                                                     WJZ__SCORING__ANCHOR_KIND__ANCHOR_SCHOOL,
                                                     WJZ__SCORING__ANCHOR_KIND__ANCHOR_SITE};
    for (size_t k = 0; k < WJZ_COUNT(kinds); k++) {
        for (size_t i = 0; i < a->name_count; i++) {
            if (a->names[i].kind != kinds[k]) continue;
            a->finding->subject = place_original(a->text, a->names[i].from, a->names[i].to, a->arena);
            a->finding->subject_span = new_span(a, a->names[i].from, a->names[i].to);
            return a->finding->subject && a->finding->subject_span ? 0 : -ENOMEM;
        }
    }
    return 0;
}

/* The largest quantity of each unit. */
static int keep_quantities(analysis *a) {
    const text_quantity *largest[WJZ__SCORING__UNIT__UNIT_TIMES + 1] = {NULL};
    for (size_t i = 0; i < a->quantity_count; i++) {
        const text_quantity *q = &a->quantities[i];
        if (!largest[q->unit] || q->value > largest[q->unit]->value) largest[q->unit] = q;
    }
    Wjz__Scoring__Finding *finding = a->finding;
    finding->quantities = wjz_arena_alloc(a->arena, WJZ_COUNT(largest) * sizeof *finding->quantities);
    if (!finding->quantities) return -ENOMEM;
    for (size_t i = 0; i < WJZ_COUNT(largest); i++) {
        if (!largest[i]) continue;
        Wjz__Scoring__Quantity *quantity = wjz_arena_alloc(a->arena, sizeof *quantity);
        if (!quantity) return -ENOMEM;
        wjz__scoring__quantity__init(quantity);
        quantity->unit = largest[i]->unit;
        quantity->value = largest[i]->value;
        quantity->span = new_span(a, largest[i]->from, largest[i]->to);
        if (!quantity->span) return -ENOMEM;
        finding->quantities[finding->n_quantities++] = quantity;
    }
    return 0;
}

/* Duty holders that the text names, and the one that the feed names. */
static int keep_agencies(analysis *a) {
    Wjz__Scoring__Finding *finding = a->finding;
    finding->agencies = wjz_arena_alloc(a->arena, AGENCIES_LIMIT * sizeof *finding->agencies);
    if (!finding->agencies) return -ENOMEM;
    if (*a->complaint->handler_unit) {
        finding->agencies[finding->n_agencies] = wjz_arena_strdup(a->arena, a->complaint->handler_unit);
        if (!finding->agencies[finding->n_agencies++]) return -ENOMEM;
    }
    for (size_t i = 0; i < a->matches.count && finding->n_agencies < AGENCIES_LIMIT; i++) {
        const rule_match *match = &a->matches.list[i];
        if (match->rule->role != WJZ__SCORING__ROLE__ROLE_AGENCY) continue;
        char *name = place_original(a->text, match->from, match->to, a->arena);
        if (!name) return -ENOMEM;
        finding->agencies[finding->n_agencies++] = name;
    }
    return 0;
}

static void keep_status(analysis *a) {
    const complaint *c = a->complaint;
    Wjz__Scoring__Finding *finding = a->finding;
    finding->received_at_us = c->received_at_us;
    finding->finished_at_us = c->finished_at_us;
    finding->source = (uint32_t)c->source;
    finding->satisfaction = (uint32_t)c->satisfaction;
    finding->solved = (uint32_t)c->solved;
    finding->closed = c->finished_at_us > 0 || strcmp(c->status, "closed") == 0;
    finding->overdue = c->delay_days > 0 || strcmp(c->status, "delayed") == 0 ||
                       (c->due_at_us > 0 && c->finished_at_us > c->due_at_us);
    finding->redispatch_count = c->redispatch_count > 0 ? (uint32_t)c->redispatch_count : 0;
    finding->return_count = c->return_count > 0 ? (uint32_t)c->return_count : 0;
    finding->urge_count = c->urge_count > 0 ? (uint32_t)c->urge_count : 0;
    finding->votes_for = c->votes_for > 0 ? (uint32_t)c->votes_for : 0;
    finding->photo_count = c->photo_count > 0 ? (uint32_t)c->photo_count : 0;
    finding->reporter = c->reporter;
    finding->confidential = c->confidential;
    finding->handler_named = *c->handler_unit != '\0';
    finding->replied = *c->handle_result != '\0';
}

static int keep_time(analysis *a) {
    uint32_t from, to;
    if (!extract_time(&a->spots, &from, &to)) return 0;
    a->finding->time_span = new_span(a, from, to);
    return a->finding->time_span ? 0 : -ENOMEM;
}

static int add_reasons(analysis *a, int sign) {
    Wjz__Scoring__Finding *finding = a->finding;
    reason reasons[REASONS_LIMIT];
    size_t count = reasons_find(a->text, a->own_chars, a->steps, sign, reasons);
    for (size_t i = 0; i < count; i++) {
        Wjz__Scoring__LearnedReason *said = wjz_arena_alloc(a->arena, sizeof *said);
        if (!said) return -ENOMEM;
        wjz__scoring__learned_reason__init(said);
        said->span = new_span(a, reasons[i].from, reasons[i].to);
        said->points = reasons[i].points;
        if (!said->span) return -ENOMEM;
        finding->reasons[finding->n_reasons++] = said;
    }
    return 0;
}

/* The index that the rules of the model's training give these words. */
static int score_taught(analysis *a, double *ret_index) {
    const taught_view *view = &a->taught;
    if (view->rules == a->pack) return score_words(a->pack, a->finding, a->scratch, ret_index);
    Wjz__Scoring__Finding then = *a->finding;
    class_decision decision;
    classify_decide(view->rules, &a->verdict.votes, true, &decision);
    analysis_set_class(view->rules, &decision, &then);
    int r = keep_hits(a, &view->matches, &then);
    return r < 0 ? r : score_words(view->rules, &then, a->scratch, ret_index);
}

/* What the model gives beyond what the rules of its training find in the same words, and the words that moved it. It
 * is a function of words and model alone: rules of today add to it what they are worth. */
static int keep_learned(analysis *a) {
    Wjz__Scoring__Finding *finding = a->finding;
    double by_rules;
    int r = score_taught(a, &by_rules);
    if (r < 0) return r;
    finding->model = (char *)model_version(a->pack->model);
    finding->learned = a->verdict.points - by_rules;
    finding->reasons = wjz_arena_alloc(a->arena, REASONS_LIMIT * sizeof *finding->reasons);
    return finding->reasons ? add_reasons(a, finding->learned > 0 ? 1 : -1) : -ENOMEM;
}

static feature_source source_of(const analysis *a) {
    return (feature_source){.text = a->text,
                            .title_part = PART_TITLE,
                            .content_part = PART_CONTENT,
                            .matches = &a->taught.matches,
                            .votes = &a->taught.votes,
                            .domain_count = a->pack->domain_count,
                            .quantities = a->quantities,
                            .quantity_count = a->quantity_count,
                            .names = a->names,
                            .name_count = a->name_count,
                            .votes_for = a->complaint->votes_for};
}

/* The margins of the model, and what the votes of today's rules say beyond those it was trained with. */
static class_votes votes_with_model(const class_votes *margins, const class_votes *votes, const class_votes *taught) {
    class_votes sum = *margins;
    for (int i = 0; i < KIND_COUNT; i++)
        sum.kinds[i] += votes->kinds[i] - taught->kinds[i];
    for (int i = 0; i < BRANCH_COUNT; i++)
        sum.branches[i] += votes->branches[i] - taught->branches[i];
    for (int i = 1; i < DOMAIN_LIMIT; i++) /* "none" is a matter of the others' votes */
        if (votes->domains[i] != taught->domains[i])
            sum.domains[i] += CLASSIFY_VOTE_WEIGHT * (log1p(votes->domains[i]) - log1p(taught->domains[i]));
    sum.private_dispute += votes->private_dispute - taught->private_dispute;
    return sum;
}

static int vote(analysis *a) {
    classify_votes(a->pack, &a->matches, a->complaint->order_type, &a->votes);
    a->taught = (taught_view){.rules = a->pack, .matches = a->matches, .votes = a->votes};
    if (!a->pack->taught) return 0;
    a->taught.rules = a->pack->taught;
    int r = taught_match(a->pack, &a->matches, a->text, PART_TITLE, PART_REPLY, a->scratch, &a->taught.matches);
    if (r == 0) classify_votes(a->taught.rules, &a->taught.matches, a->complaint->order_type, &a->taught.votes);
    return r;
}

/* The model has the rules' votes among its features. */
static int predict(analysis *a) {
    learned_model *model = a->pack->model;
    const feature_source source = source_of(a);
    int r = a->features ? features_of(&source, a->arena, a->features) : 0;
    if (r < 0 || !model) return r;
    a->steps = wjz_arena_calloc(a->scratch, (size_t)a->own_chars + 1, sizeof *a->steps);
    if (!a->steps) return -ENOMEM;
    r = model_predict(model, &source, a->steps, a->own_chars, a->scratch, &a->verdict);
    if (r == 0) a->votes = votes_with_model(&a->verdict.votes, &a->votes, &a->taught.votes);
    return r;
}

static int decide(analysis *a) {
    class_decision decision;
    bool by_model = a->pack->model != NULL;
    classify_decide(a->pack, &a->votes, by_model, &decision);
    analysis_set_class(a->pack, &decision, a->finding);
    return by_model ? keep_learned(a) : 0;
}

void analysis_set_class(const rule_pack *pack, const class_decision *decision, Wjz__Scoring__Finding *finding) {
    finding->kind = (char *)kind_names[decision->kind];
    finding->kind_confidence = decision->kind_confidence;
    finding->branch = (char *)branch_names[decision->branch];
    finding->branch_confidence = decision->branch_confidence;
    finding->domain = (char *)pack->domains[decision->domain].id;
    finding->domain_confidence = decision->domain_confidence;
    finding->mediation = decision->mediation;
}

static int find_place(analysis *a) {
    a->finding->place = wjz_arena_alloc(a->arena, sizeof *a->finding->place);
    if (!a->finding->place) return -ENOMEM;
    return place_find(a->places, a->complaint, a->text, &a->spots, a->names, a->name_count, a->arena, a->scratch,
                      a->finding->place);
}

static int extract(analysis *a) {
    int r = extract_spots(a->text, a->own_chars, a->scratch, &a->spots);
    if (r < 0) return r;
    a->names = wjz_arena_alloc(a->scratch, NAMES_LIMIT * sizeof *a->names);
    a->quantities = wjz_arena_alloc(a->scratch, QUANTITIES_LIMIT * sizeof *a->quantities);
    if (!a->names || !a->quantities) return -ENOMEM;
    a->name_count = extract_names(&a->spots, a->names, NAMES_LIMIT);
    a->quantity_count = extract_quantities(&a->spots, a->quantities, QUANTITIES_LIMIT);
    return 0;
}

static int keep_facts(analysis *a) {
    int r = find_place(a);
    if (r == 0) r = keep_hits(a, &a->matches, a->finding);
    if (r == 0) r = keep_anchors(a);
    if (r == 0) r = find_subject(a);
    if (r == 0) r = keep_quantities(a);
    if (r == 0) r = keep_agencies(a);
    if (r == 0) r = keep_time(a);
    keep_status(a);
    return r;
}

static int begin(analysis *a) {
    const complaint *report = a->complaint;
    a->finding = wjz_arena_alloc(a->arena, sizeof *a->finding);
    if (!a->finding) return -ENOMEM;
    wjz__scoring__finding__init(a->finding);
    a->finding->pack = (char *)rule_pack_version(a->pack);
    a->finding->feed = wjz_arena_strdup(a->arena, report->feed);
    a->finding->identity = matter_self(report->feed, report->external_id);
    return a->finding->feed ? read_text(a) : -ENOMEM;
}

static int run(analysis *list, size_t count, wjz_err *err) {
    static int (*const steps[])(analysis *) = {begin, match_rules, extract, keep_facts, vote, predict, decide};
    for (size_t step = 0; step < WJZ_COUNT(steps); step++)
        for (size_t i = 0; i < count; i++) {
            int r = steps[step](&list[i]);
            if (r < 0)
                return wjz_err_set(err, r, "could not analyse complaint %lld: %s", (long long)list[i].complaint->id,
                                   strerror(-r));
        }
    return 0;
}

int analyse_several(const rule_pack *pack, const gazetteer *places, analysis_item *items, size_t count,
                    wjz_arena *arena, wjz_arena *scratch, wjz_err *err) {
    analysis *list = wjz_arena_alloc(scratch, count * sizeof *list);
    if (!list) return wjz_err_set(err, -ENOMEM, "could not analyse %zu complaints: no memory", count);
    for (size_t i = 0; i < count; i++)
        list[i] = (analysis){
            .pack = pack, .places = places, .complaint = items[i].report, .arena = arena, .scratch = scratch};
    int r = run(list, count, err);
    for (size_t i = 0; r == 0 && i < count; i++) {
        items[i].finding = list[i].finding;
        items[i].text = list[i].text;
    }
    return r;
}

int analyse_features(const rule_pack *pack, const gazetteer *places, const complaint *report, wjz_arena *arena,
                     Wjz__Scoring__Finding **ret_finding, feature_list *ret_features, wjz_err *err) {
    analysis a = {.pack = pack,
                  .places = places,
                  .complaint = report,
                  .arena = arena,
                  .scratch = arena,
                  .features = ret_features};
    int r = run(&a, 1, err);
    if (r == 0) *ret_finding = a.finding;
    return r;
}

int analyse(const rule_pack *pack, const gazetteer *places, const complaint *report, wjz_arena *arena,
            Wjz__Scoring__Finding **ret_finding, wjz_err *err) {
    return analyse_features(pack, places, report, arena, ret_finding, NULL, err);
}
