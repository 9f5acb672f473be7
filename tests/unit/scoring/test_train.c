/* The learned part: training is reproducible, what it wrote is read back, broken files are refused. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "scoring/offline_score.h"
#include "scoring/outcomes.h"
#include "scoring/rules_taught.h"
#include "scoring/table.h"
#include "scoring/train.h"
#include "unit/scoring/world.h"

enum { TEXTS = 60 };

static char folder[] = "/tmp/wjz-train-XXXXXX";

static const char *in_folder(const char *name) {
    static char paths[6][100];
    static int turn;
    char *path = paths[turn++ % 6];
    snprintf(path, 100, "%s/%s", folder, name);
    return path;
}

static void write_text(const char *name, const char *text) {
    FILE *file = fopen(in_folder(name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Half questions of no value, half reports of great value. */
static void write_samples(void) {
    FILE *texts = fopen(in_folder("texts.tsv"), "w"), *labels = fopen(in_folder("labels.tsv"), "w");
    assert_non_null(texts);
    assert_non_null(labels);
    fprintf(texts, "external_id\ttitle\tcontent\n");
    fprintf(labels, "external_id\tkind\tbranch\tdomain\tvalue\tmediation\n");
    for (int i = 0; i < TEXTS; i++) {
        bool good = i % 2;
        fprintf(texts, "t%d\t%s\t%s%d\n", i, good ? "化工厂偷排废水" : "咨询公积金政策",
                good ? "多次投诉无人管" : "请问如何办理", i);
        fprintf(labels, "t%d\t%s\t%s\t%s\t%d\tn\n", i, good ? "report" : "consult", good ? "public_interest" : "none",
                good ? "eco_env|work_safety" : "none", good ? 5 : 1);
    }
    fclose(texts);
    fclose(labels);
}

static int open_folder(void **state) {
    assert_non_null(mkdtemp(folder));
    write_samples();
    return world_open(state);
}

static int close_folder(void **state) {
    static const char *const names[] = {"texts.tsv", "labels.tsv", "a.bin", "b.bin", "bad.tsv", "bad.bin"};
    for (size_t i = 0; i < WJZ_COUNT(names); i++)
        unlink(in_folder(names[i]));
    rmdir(folder);
    return world_close(state);
}

#define RULES WJZ_SOURCE_DIR "/deploy/rules"
#define PLACES WJZ_SOURCE_DIR "/deploy/gazetteer"

static size_t read_whole(const char *name, char **ret_data) {
    FILE *file = fopen(in_folder(name), "r");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size_t length = (size_t)ftell(file);
    rewind(file);
    *ret_data = malloc(length + 1);
    assert_non_null(*ret_data);
    assert_int_equal(fread(*ret_data, 1, length, file), length);
    fclose(file);
    return length;
}

static int trained(const char *texts, const char *labels, const char *out) {
    const char *const files[] = {in_folder(texts), in_folder(labels)};
    return train_command(in_folder(out), files, 2, RULES, PLACES);
}

/* Lends the pack the model of a file, and the rules that it was trained beside where they differ. */
static void read_model(const char *name, rule_pack *pack) {
    char *data;
    wjz_err err = {0};
    wjz_blob model, rules;
    size_t length = read_whole(name, &data);
    taught_split((wjz_blob){data, length}, &model, &rules);
    assert_true(rules.length > 0);
    if (model_parse(model.data, model.length, name, pack->domains, pack->domain_count, &pack->model, &err) < 0 ||
        taught_read(rules, name, pack, &err) < 0)
        fail_msg("%s", err.text);
    free(data);
}

static void trains_the_same_again(void **state) {
    (void)state;
    char *a, *b;
    assert_int_equal(trained("texts.tsv", "labels.tsv", "a.bin"), 0);
    assert_int_equal(trained("texts.tsv", "labels.tsv", "b.bin"), 0);
    size_t length = read_whole("a.bin", &a);
    assert_int_equal(read_whole("b.bin", &b), length);
    assert_memory_equal(a, b, length);
    free(a);
    free(b);
}

static void uses_what_it_learned(void **state) {
    world *w = *state;
    read_model("a.bin", w->pack);
    complaint c = blank_complaint();
    c.title = "化工厂偷排废水";
    c.content = "多次投诉无人管";
    const Wjz__Scoring__Finding *good = analysed(w, &c);
    c.title = "咨询公积金政策";
    c.content = "请问如何办理";
    const Wjz__Scoring__Finding *idle = analysed(w, &c);
    assert_string_equal(good->kind, "report");
    assert_string_equal(idle->kind, "consult");
    assert_string_equal(good->branch, "public_interest");
    assert_true(good->learned != idle->learned);
    assert_string_equal(good->model, model_version(w->pack->model));
    assert_true(good->n_reasons > 0);
    for (size_t i = 0; i < good->n_reasons; i++)
        assert_true((good->reasons[i]->points > 0) == (good->learned > 0));
    /* what the feed tells is on top: the learned part speaks of the words alone */
    c = blank_complaint();
    c.title = "化工厂偷排废水";
    c.content = "多次投诉无人管";
    c.satisfaction = DISSATISFIED;
    c.return_count = 3;
    c.photo_count = 2;
    c.source = SOURCE_GRID;
    assert_true(analysed(w, &c)->learned == good->learned);
    model_destroy(&w->pack->model);
}

static void refuses_broken_models(void **state) {
    world *w = *state;
    char *data;
    wjz_blob whole, rules;
    whole.length = read_whole("a.bin", &data);
    whole.data = data;
    taught_split(whole, &whole, &rules);
    size_t length = whole.length;
    static const struct {
        size_t at;
        char byte;
        const char *expected;
    } cases[] = {{0, 'X', "is no model file"},
                 {8, 1, "is cut short or of another version"},
                 {70, 'X', "was trained for other domains"}};
    for (size_t i = 0; i < WJZ_COUNT(cases) + 2; i++) {
        learned_model *model = NULL;
        wjz_err err = {0};
        char *copy = malloc(length);
        assert_non_null(copy);
        memcpy(copy, data, length);
        size_t given = i == 0 ? length - 1 : i == 1 ? 3 : length;
        if (i >= 2) copy[cases[i - 2].at] = cases[i - 2].byte;
        const char *expected = i == 0 ? "cut short" : i == 1 ? "is no model file" : cases[i - 2].expected;
        assert_true(model_parse(copy, given, "m", w->pack->domains, w->pack->domain_count, &model, &err) < 0);
        if (!strstr(err.text, expected)) fail_msg("\"%s\" lacks \"%s\"", err.text, expected);
        free(copy);
    }
    free(data);
}

/* Rows whose keys are numbers in a row were made by nobody who hashes. */
static void refuses_keys_that_are_no_hashes(void **state) {
    world *w = *state;
    static model_row rows[300];
    const float bias[MODEL_OUTPUTS] = {0};
    char *bytes = NULL;
    size_t length = 0;
    wjz_err err = {0};
    learned_model *model = NULL;
    for (uint32_t i = 0; i < WJZ_COUNT(rows); i++)
        rows[i] = (model_row){.key = i + 1, .scale = 1};
    assert_int_equal(
        model_encode("v", w->pack->domains, w->pack->domain_count, bias, rows, WJZ_COUNT(rows), &bytes, &length, &err),
        0);
    assert_int_equal(model_parse(bytes, length, "m", w->pack->domains, w->pack->domain_count, &model, &err), -EINVAL);
    assert_string_equal(err.text, "m: its keys are no hashes");
    assert_null(model);
    free(bytes);
}

static void refuses_bad_labels(void **state) {
    (void)state;
    static const char head[] = "external_id\tkind\tbranch\tdomain\tvalue\tmediation\n";
    static const char *const rows[] = {
        "t1\trant\tnone\tnone\t1\tn\n", "t1\thelp\tnowhere\tnone\t1\tn\n", "t1\thelp\tnone\tmoon\t1\tn\n",
        "t1\thelp\tnone\tnone\t9\tn\n", "t999\thelp\tnone\tnone\t1\tn\n",  "t1\thelp\n",
        "t1\thelp\tnone\tnone\t1\tq\n", "t1\thelp\tnone\tnone\t4x\tn\n",   "t1\thelp\tnone\tnone\t1\tn\n"};
    for (size_t i = 0; i < WJZ_COUNT(rows); i++) {
        char text[300];
        snprintf(text, sizeof text, "%s%s", head, rows[i]);
        write_text("bad.tsv", text);
        assert_int_equal(trained("texts.tsv", "bad.tsv", "bad.bin"), 1);
    }
    assert_int_equal(trained("no/such", "labels.tsv", "bad.bin"), 1);
    assert_int_equal(trained("texts.tsv", "labels.tsv", "no/such/folder"), 1);
}

/* An outcome says what a matter was worth, not what it was. */
static void learns_from_outcomes_as_well(void **state) {
    (void)state;
    char *plain, *more;
    write_text("bad.tsv", "external_id\ttitle\tcontent\nx1\t化工厂偷排废水\t多次投诉无人管\n");
    write_text("bad.bin", "external_id\tkind\tbranch\tdomain\tvalue\tmediation\nx1\t\t\t\t5\t\n");
    const char *const files[] = {in_folder("texts.tsv"), in_folder("labels.tsv"), in_folder("bad.tsv"),
                                 in_folder("bad.bin")};
    assert_int_equal(train_command(in_folder("b.bin"), files, 4, RULES, PLACES), 0);
    size_t length = read_whole("a.bin", &plain), more_length = read_whole("b.bin", &more);
    assert_true(length != more_length || memcmp(plain, more, length) != 0);
    free(plain);
    free(more);
}

static void an_outcome_stands_for_a_value(void **state) {
    const world *w = *state;
    assert_true(outcome_value(w->pack, "filed") == 5);
    assert_true(outcome_value(w->pack, "no_action") == 2);
    assert_true(outcome_value(w->pack, "lost") == 0);
}

static void scores_by_models_that_never_saw_it(void **state) {
    (void)state;
    const char *const files[] = {in_folder("texts.tsv"), in_folder("labels.tsv")};
    assert_int_equal(evaluate_command(files, 2, RULES, PLACES, 3, false), 0);
    const char *const missing[] = {in_folder("texts.tsv"), in_folder("none.tsv")};
    assert_int_equal(evaluate_command(missing, 2, RULES, PLACES, 3, true), 1);
}

static void scores_a_file(void **state) {
    (void)state;
    assert_int_equal(offline_score(in_folder("texts.tsv"), RULES, PLACES, 2), 0);
    write_text("bad.tsv", "external_id\treceived_at\nx\tyesterday\n");
    assert_int_equal(offline_score(in_folder("bad.tsv"), RULES, PLACES, 1), 1);
    write_text("bad.tsv", "external_id\tsatisfaction\nx\t12\n");
    assert_int_equal(offline_score(in_folder("bad.tsv"), RULES, PLACES, 1), 1);
    write_text("bad.tsv", "external_id\ttitle\n\tx\n");
    assert_int_equal(offline_score(in_folder("bad.tsv"), RULES, PLACES, 1), 1);
    write_text("bad.tsv", "");
    assert_int_equal(offline_score(in_folder("bad.tsv"), RULES, PLACES, 1), 1);
}

static void reads_escaped_cells(void **state) {
    world *w = *state;
    write_text("bad.tsv", "external_id\ttitle\treceived_at\nx\ta\\tb\\\\c\\nd\t2026-01-01T00:00:00Z\n");
    WJZ_CLEANUP(table_close) table t = {0};
    wjz_err err = {0};
    complaint c;
    assert_int_equal(table_open(&t, in_folder("bad.tsv"), &err), 0);
    assert_int_equal(table_next(&t, &err), 1);
    assert_int_equal(table_complaint(&t, w->arena, &c, &err), 0);
    assert_string_equal(c.title, "a\tb\\c\nd");
    assert_true(c.received_at_us > 0);
    assert_int_equal(table_next(&t, &err), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trains_the_same_again),
        cmocka_unit_test(uses_what_it_learned),
        cmocka_unit_test(refuses_broken_models),
        cmocka_unit_test(refuses_keys_that_are_no_hashes),
        cmocka_unit_test(refuses_bad_labels),
        cmocka_unit_test(scores_a_file),
        cmocka_unit_test(reads_escaped_cells),
        cmocka_unit_test(learns_from_outcomes_as_well),
        cmocka_unit_test(an_outcome_stands_for_a_value),
        cmocka_unit_test(scores_by_models_that_never_saw_it),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
