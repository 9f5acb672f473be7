/* Matters, indexes and score cards are a function of what was reported, revised, fed back, recorded by agencies and
 * decided by people, whichever of several processes heard of it in whatever order and in batches of whatever size. Each
 * process has an index of its own, which follows the others' by the journal, and a memo of its own. */
#include "repeats_fixture.h"
#include "world.h"

#include "scoring/card_pack.h"
#include "scoring/journal.h"
#include "scoring/regroup.h"
#include "scoring/score.h"

enum {
    COMPLAINTS = 200,
    PLACES = 25,
    ORDERS = 50,
    WORKERS = 4,
    MESSAGES_MOST = 4 * COMPLAINTS,
    TURNS_MOST = 2 * MESSAGES_MOST,
    REVISED = 1, /* states of a complaint, or'ed */
    FED_BACK = 2,
    STATES = 4,
};

/* What one message tells: of a complaint in a state, of a record about a place, or a decision. */
typedef enum message_kind { ACCEPTED, REVISION, FEEDBACK, RECORD, DECISION } message_kind;

typedef struct message {
    message_kind kind;
    unsigned about; /* complaint, place, or number in the script */
} message;

typedef struct known {
    const Wjz__Scoring__Finding *finding;
    const matter *matter;
    unsigned place;
} known;

typedef struct worker {
    repeats_index *index;
    pair_memo *memo;
    size_t turn; /* of the journal, that it has */
} worker;

typedef struct journal_turn {
    const void *entries;
    size_t length;
} journal_turn;

static struct {
    world *world;
    repeat_rules *rules;
    wjz_arena *kept, *turn;
    known states[COMPLAINTS][STATES];
    decision script[3];
    int64_t named[3][8];
    size_t script_length;
} all;

/* What is in the store while an order runs. */
static struct {
    worker workers[WORKERS];
    unsigned worker_count;
    journal_turn turns[TURNS_MOST];
    size_t turn_count;
    bool there[COMPLAINTS], recorded[PLACES];
    unsigned state[COMPLAINTS];
    int64_t clue[COMPLAINTS], last_clue;
    uint64_t card[COMPLAINTS]; /* of the matter it is in */
} now;

static unsigned next_random(unsigned *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* --- complaints in all their states --- */

/* Where and what a complaint is about: many small matters. */
typedef struct topic {
    unsigned place, problem;
} topic;

static topic topic_of(unsigned i) {
    unsigned random = i * 2654435761U >> 9;
    return (topic){random % PLACES, (random >> 8) % WJZ_COUNT(fixture_problems)};
}

/* Whom it is compared with hangs on who else came: most of those that share a key are other matters. */
static void keep_few_keys(matter *m, topic about) {
    uint32_t *keys = wjz_arena_alloc(all.kept, 2 * sizeof *keys);
    keys[0] = 1000 + 2 * (about.place % 6);
    keys[1] = 2000 + 2 * (3 * about.problem + about.place % 3);
    m->keys = (word_list){keys, 2};
}

static known know(unsigned i, unsigned state) {
    static const char *const names[] = {"锦棠", "云岫", "望桤", "鹭栖", "枫林"}, *const kinds[] = {"苑", "府", "公馆",
                                                                                                   "湾", "里"};
    char id[20], title[200], content[500], address[100];
    topic about = topic_of(state & REVISED ? i + 7 : i);
    unsigned said = (i * 2654435761U >> 20) % 9;
    const char *name = names[about.place % 5],
               *kind = kinds[about.place / 5], *const *wordings = fixture_problems[about.problem];
    snprintf(id, sizeof id, "E-%u", i);
    snprintf(title, sizeof title, "%s%s%s", name, kind, wordings[said % 3]);
    snprintf(content, sizeof content, "%s，%s%s%s。", title, name, kind, wordings[said / 3]);
    snprintf(address, sizeof address, "崇阳街道%s%s%u号", name, kind, about.place);
    complaint c = fixture_complaint(id, title, content);
    c.incident_address = address;
    c.received_at_us = i % 17 == 0 ? 0 : (1767225600 + (int64_t)(i * 2654435761U >> 24) * 8640) * WJZ_SECOND_US;
    if (state & FED_BACK) {
        c.satisfaction = 4;
        c.solved = 2;
        c.finished_at_us = c.received_at_us ? c.received_at_us + 5 * WJZ_DAY_US : 0;
    }
    c.id = i + 1;
    c.region = 510184;
    c.reporter = i % 40 + 1;
    wjz_err err = {0};
    Wjz__Scoring__Finding *finding = NULL;
    matter *m = NULL;
    const void *data = NULL;
    size_t length = 0;
    if (analyse(all.world->pack, all.world->places, &c, all.kept, &finding, &err)) fail_msg("%s", err.text);
    assert_int_equal(matter_of(all.rules, &c, finding, all.kept, &m), 0);
    keep_few_keys(m, about);
    assert_int_equal(matter_pack(m, all.kept, &data, &length), 0);
    m->digest ^= state; /* as matters.c has the finding in it */
    return (known){finding, m, about.place};
}

static const known *as_it_stands(unsigned i) {
    return &all.states[i][now.state[i]];
}

/* --- a turn of one process, as matters.c takes it --- */

static int64_t next_clue(void) {
    return ++now.last_clue;
}

static void catch_up(worker *w) {
    for (; w->turn < now.turn_count; w->turn++)
        assert_int_equal(journal_replay(now.turns[w->turn].entries, now.turns[w->turn].length, w->index), 0);
}

static void supply(regroup *g) {
    regroup_want *wants = NULL;
    size_t count = 0;
    assert_int_equal(regroup_missing(g, &wants, &count), 0);
    for (size_t i = 0; i < count; i++)
        regroup_supply(g, &wants[i], as_it_stands((unsigned)wants[i].complaint - 1)->matter);
}

static int by_clue(const void *a, const void *b) {
    int64_t x = ((const old_clue *)a)->clue, y = ((const old_clue *)b)->clue;
    return (x > y) - (x < y);
}

static size_t old_clues(const regroup_group *groups, size_t count, old_clue *clues) {
    size_t found = 0, unique = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < groups[i].count; j++)
            if (groups[i].members[j].clue) clues[found++] = (old_clue){.clue = groups[i].members[j].clue};
    }
    qsort(clues, found, sizeof *clues, by_clue);
    for (size_t i = 0; i < found; i++)
        if (unique == 0 || clues[unique - 1].clue != clues[i].clue) clues[unique++] = clues[i];
    return unique;
}

/* The card of a matter with what agencies recorded about the place of its first complaint. */
static uint64_t score(const regroup_group *group) {
    const Wjz__Scoring__Finding *findings[COMPLAINTS];
    int64_t ids[COMPLAINTS];
    for (size_t i = 0; i < group->count; i++) {
        ids[i] = group->members[i].complaint;
        findings[i] = as_it_stands((unsigned)ids[i] - 1)->finding;
    }
    unsigned place = as_it_stands((unsigned)ids[0] - 1)->place;
    near_fact record = {NEAR_NOT_EXECUTED, 900 + place, 1767225600 * WJZ_SECOND_US, "罚字1号", 0};
    matter_context context = {.near = &record, .near_count = now.recorded[place]};
    Wjz__Scoring__ScoreCard *card = NULL;
    wjz_err err = {0};
    wjz_blob packed;
    if (score_matter(all.world->pack, findings, ids, group->count, &context, all.turn, &card, &err))
        fail_msg("%s", err.text);
    assert_int_equal(card_pack(card, all.turn, &packed), 0);
    uint64_t hash = 14695981039346656037U;
    for (size_t i = 0; i < packed.length; i++)
        hash = (hash ^ ((const unsigned char *)packed.data)[i]) * 1099511628211U;
    return hash;
}

static void write_groups(worker *w, const regroup_group *groups, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint64_t card = score(&groups[i]);
        for (size_t j = 0; j < groups[i].count; j++) {
            const regroup_member *member = &groups[i].members[j];
            repeats_index_set_clue(w->index, member->slot, groups[i].clue);
            now.clue[member->complaint - 1] = groups[i].clue;
            now.card[member->complaint - 1] = card;
        }
    }
}

static void finish_turn(worker *w, regroup *g) {
    regroup_group *groups = NULL;
    size_t count = 0, length = 0;
    const void *entries = NULL;
    old_clue clues[COMPLAINTS];
    supply(g);
    assert_int_equal(regroup_link(g), 0);
    supply(g);
    assert_int_equal(regroup_groups(g, &groups, &count), 0);
    size_t clue_count = old_clues(groups, count, clues);
    assert_int_equal(regroup_identify(groups, count, clues, clue_count, next_clue, all.turn), 0);
    journal_change change = {.groups = groups, .group_count = count, .decided = regroup_decided(g)};
    change.joined = regroup_joined(g, &change.joined_count);
    change.asked = regroup_asked(g, &change.asked_count);
    assert_int_equal(journal_write(&change, all.turn, &entries, &length), 0);
    write_groups(w, groups, count);
    if (!length) return;
    assert_true(now.turn_count < TURNS_MOST);
    now.turns[now.turn_count++] = (journal_turn){entries, length};
    w->turn = now.turn_count;
}

static regroup *begin_turn(worker *w) {
    regroup *g = NULL;
    catch_up(w);
    assert_int_equal(regroup_new(all.rules, w->index, w->memo, all.turn, &g), 0);
    return g;
}

static void take_batch(worker *w, const bool *told) {
    regroup_item items[COMPLAINTS];
    size_t count = 0;
    for (unsigned i = 0; i < COMPLAINTS; i++)
        if (told[i]) items[count++] = (regroup_item){i + 1, as_it_stands(i)->matter};
    regroup *g = begin_turn(w);
    assert_int_equal(regroup_put(g, items, count), 0);
    finish_turn(w, g);
    regroup_destroy(&g);
}

static void decide(worker *w, size_t number) {
    regroup *g = begin_turn(w);
    assert_int_equal(regroup_decide(g, &all.script[number], all.script[number].kind == DECISION_SPLIT), 0);
    finish_turn(w, g);
    regroup_destroy(&g);
}

/* --- an order --- */

static size_t list_messages(message *messages) {
    size_t count = 0;
    for (unsigned i = 0; i < COMPLAINTS; i++) {
        messages[count++] = (message){ACCEPTED, i};
        if (i % 3 == 1) messages[count++] = (message){REVISION, i};
        if (i % 4 == 2) messages[count++] = (message){FEEDBACK, i};
        if (i % 11 == 3) messages[count++] = (message){ACCEPTED, i}; /* told twice */
    }
    for (unsigned i = 0; i < PLACES; i += 5)
        messages[count++] = (message){RECORD, i};
    for (unsigned i = 0; i < all.script_length; i++)
        messages[count++] = (message){DECISION, i};
    return count;
}

static void shuffle(message *messages, size_t count, unsigned *seed) {
    for (size_t i = count - 1; i > 0; i--) {
        size_t j = next_random(seed) % (i + 1);
        message other = messages[i];
        messages[i] = messages[j];
        messages[j] = other;
    }
}

/* Decisions are made in their order, each about complaints that are there. */
static bool can_decide(size_t number) {
    for (size_t i = 0; all.named[number][i]; i++)
        if (!now.there[all.named[number][i] - 1]) return false;
    return true;
}

/* Notes in the store what the message tells, and in told what is to be scored for it. */
static void tell(const message *m, bool *told) {
    if (m->kind == RECORD) {
        now.recorded[m->about] = true;
        for (unsigned i = 0; i < COMPLAINTS; i++)
            if (now.there[i] && as_it_stands(i)->place == m->about) told[i] = true;
        return;
    }
    now.there[m->about] |= m->kind == ACCEPTED;
    now.state[m->about] |= m->kind == REVISION ? REVISED : m->kind == FEEDBACK ? FED_BACK : 0;
    if (now.there[m->about]) told[m->about] = true; /* else the message came early: it is scored when it is accepted */
}

static void open_workers(unsigned count) {
    memset(&now, 0, sizeof now);
    now.worker_count = count;
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(repeats_index_new(&now.workers[i].index), 0);
        assert_int_equal(pair_memo_new(&now.workers[i].memo), 0);
    }
}

static void close_workers(void) {
    for (unsigned i = 0; i < now.worker_count; i++) {
        repeats_index_destroy(&now.workers[i].index);
        pair_memo_destroy(&now.workers[i].memo);
    }
    wjz_arena_reset(all.turn);
}

static worker *any_worker(unsigned *seed) {
    return &now.workers[next_random(seed) % now.worker_count];
}

static const size_t batch_sizes[] = {1, 1, 2, 3, 7, 40};

static void run_order(unsigned seed, unsigned workers) {
    message messages[MESSAGES_MOST];
    size_t count = list_messages(messages), decided = 0, waiting = 0;
    open_workers(workers);
    shuffle(messages, count, &seed);
    for (size_t from = 0, size; from < count; from += size) {
        bool told[COMPLAINTS] = {false};
        size = batch_sizes[next_random(&seed) % WJZ_COUNT(batch_sizes)];
        if (size > count - from) size = count - from;
        for (size_t i = from; i < from + size; i++) {
            if (messages[i].kind == DECISION)
                waiting++;
            else
                tell(&messages[i], told);
        }
        take_batch(any_worker(&seed), told);
        for (; waiting && can_decide(decided); waiting--)
            decide(any_worker(&seed), decided++);
    }
    for (; decided < all.script_length; decided++)
        decide(any_worker(&seed), decided);
    close_workers();
}

/* --- outcomes --- */

typedef struct outcome {
    unsigned first[COMPLAINTS]; /* of its matter */
    uint64_t card[COMPLAINTS];
} outcome;

static void read_outcome(outcome *ret) {
    for (unsigned i = 0; i < COMPLAINTS; i++) {
        ret->card[i] = now.card[i];
        for (ret->first[i] = 0; now.clue[ret->first[i]] != now.clue[i]; ret->first[i]++) {
        }
    }
}

static unsigned size_of(const outcome *o, unsigned first) {
    unsigned size = 0;
    for (unsigned i = 0; i < COMPLAINTS; i++)
        size += o->first[i] == first;
    return size;
}

static void assert_same_outcome(const outcome *expected, unsigned seed, unsigned workers) {
    outcome got;
    read_outcome(&got);
    for (unsigned i = 0; i < COMPLAINTS; i++) {
        if (got.first[i] != expected->first[i])
            fail_msg("order %u, %u workers: complaint %u is with %u, not %u", seed, workers, i, got.first[i],
                     expected->first[i]);
        if (got.card[i] != expected->card[i])
            fail_msg("order %u, %u workers: complaint %u has another card", seed, workers, i);
    }
}

static void assert_same_in_all_orders(outcome *expected) {
    for (unsigned seed = 1; seed <= ORDERS; seed++) {
        for (unsigned workers = 1; workers <= WORKERS; workers *= 2) {
            run_order(seed * 2654435761U, workers);
            if (seed == 1 && workers == 1) read_outcome(expected);
            assert_same_outcome(expected, seed, workers);
        }
    }
}

static void test_whatever_is_told_in_whatever_order(void **state) {
    (void)state;
    outcome o;
    unsigned matters = 0;
    all.script_length = 0;
    assert_same_in_all_orders(&o);
    for (unsigned i = 0; i < COMPLAINTS; i++)
        matters += o.first[i] == i;
    assert_in_range(matters, 5, COMPLAINTS / 2);
}

/* The members of a matter, from `skip` on. */
static size_t name_members(const outcome *o, unsigned first, size_t skip, size_t most, int64_t *ret) {
    size_t count = 0;
    for (unsigned i = 0; i < COMPLAINTS && count < most; i++) {
        if (o->first[i] != first) continue;
        if (skip)
            skip--;
        else
            ret[count++] = i + 1;
    }
    return count;
}

static void script(size_t number, decision_kind kind, size_t member_count, size_t other_count) {
    all.script[number] = (decision){.id = 1000 + (int64_t)number,
                                    .kind = kind,
                                    .members = all.named[number],
                                    .others = all.named[number] + member_count,
                                    .member_count = member_count,
                                    .other_count = other_count};
    all.script_length = number + 1;
}

static void test_people_decide_in_between(void **state) {
    (void)state;
    outcome machine, decided;
    unsigned of[3] = {0};
    all.script_length = 0;
    run_order(1, 1);
    read_outcome(&machine);
    for (int k = 0; k < 3; k++) { /* the three largest */
        unsigned best = COMPLAINTS;
        for (unsigned i = 0; i < COMPLAINTS; i++) {
            bool taken = machine.first[i] != i || (k > 0 && of[0] == i) || (k > 1 && of[1] == i);
            if (!taken && (best == COMPLAINTS || size_of(&machine, i) > size_of(&machine, best))) best = i;
        }
        of[k] = best;
    }
    memset(all.named, 0, sizeof all.named);
    size_t a = name_members(&machine, of[0], 0, 2, all.named[0]);
    size_t b = name_members(&machine, of[0], 2, 3, all.named[0] + a);
    script(0, DECISION_SPLIT, a, b);
    a = name_members(&machine, of[1], 0, 2, all.named[1]);
    b = name_members(&machine, of[2], 0, 2, all.named[1] + a);
    script(1, DECISION_MERGE, a + b, 0);
    a = name_members(&machine, of[0], 0, 1, all.named[2]);
    b = name_members(&machine, of[1], 0, 1, all.named[2] + a);
    script(2, DECISION_APART, a, b);
    assert_same_in_all_orders(&decided);
    assert_int_equal(decided.first[all.named[0][0] - 1], decided.first[all.named[0][1] - 1]);
    assert_int_not_equal(decided.first[all.named[0][0] - 1], decided.first[all.named[0][2] - 1]);
    assert_int_equal(decided.first[of[1]], decided.first[of[2]]);
}

static int set_up(void **state) {
    if (world_open(state)) return -1;
    all.world = *state;
    all.rules = fixture_rules();
    all.kept = wjz_arena_new(0);
    all.turn = wjz_arena_new(0);
    for (unsigned i = 0; i < COMPLAINTS; i++) {
        for (unsigned s = 0; s < STATES; s++)
            all.states[i][s] = know(i, s);
    }
    return 0;
}

static int tear_down(void **state) {
    wjz_arena_destroy(&all.kept);
    wjz_arena_destroy(&all.turn);
    repeat_rules_destroy(&all.rules);
    return world_close(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whatever_is_told_in_whatever_order),
        cmocka_unit_test(test_people_decide_in_between),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
