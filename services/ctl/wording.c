/* See wording.h. */
#include "ctl/wording.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/wording_parts.h"

enum { MISSING_SHOWN = 4, PUSHED_STARS = 3 };

const wording_named *wording_find(const wording_named *table, const char *id) {
    for (; table->id; table++)
        if (strcmp(table->id, id) == 0) return table;
    return NULL;
}

const wording_factor *wording_find_factor(const char *id) {
    for (const wording_factor *f = wording_factors; f->id; f++)
        if (strcmp(f->id, id) == 0) return f;
    return NULL;
}

const char *wording_title(wording_language language, const char *id) {
    const wording_factor *f = wording_find_factor(id);
    const wording_named *n = f ? NULL : wording_find(wording_adjustments, id);
    return f ? f->title.in[language] : n ? n->text.in[language] : id;
}

/* --- what it is --- */

static const Wjz__Scoring__TopicOutline *topic_in(Wjz__Scoring__TopicOutline *const *topics, size_t count,
                                                  const char *id) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(topics[i]->id, id) == 0) return topics[i];
    return NULL;
}

/* Whether no words speak for its domain or branch. */
static bool is_without_facts(const score_card *card) {
    for (size_t i = 0; i < card->n_factors; i++)
        if (strcmp(card->factors[i]->id, "domain_match") == 0) return card->factors[i]->points <= 0;
    return false;
}

/* What a part of a class is called, the part itself when nobody has words for it. */
static const char *class_part(wording_language language, const Wjz__Scoring__PackOutline *outline, int part,
                              const char *id) {
    static const wording_text no_domain = {{"不涉及公益领域", "no public-interest domain"}};
    static const wording_named *const tables[] = {wording_kinds, wording_branches};
    if (part < 2) {
        const wording_named *found = wording_find(tables[part], id);
        return found ? found->text.in[language] : id;
    }
    if (strcmp(id, "none") == 0) return no_domain.in[language];
    const Wjz__Scoring__TopicOutline *topic = outline ? topic_in(outline->domains, outline->n_domains, id) : NULL;
    return topic ? (language == WORDING_ZH ? topic->zh : topic->en) : id;
}

const char *wording_class(wording_language language, const Wjz__Scoring__PackOutline *outline, const char *class,
                          wjz_arena *arena) {
    const char *words = "", *mark = "";
    for (int part = 0; part < 3 && *class; part++) {
        size_t length = strcspn(class, "/");
        const char *id = wjz_arena_strndup(arena, class, length);
        if (!id) return NULL;
        words = wjz_arena_printf(arena, "%s%s%s", words, mark, class_part(language, outline, part, id));
        if (!words) return NULL;
        mark = language == WORDING_ZH ? "、" : ", ";
        class += length + (class[length] == '/');
    }
    return words;
}

/* Whose law and agencies apply: the domain's, else the branch's. */
static const Wjz__Scoring__TopicOutline *topic_of(const wording *w, const score_card *card) {
    if (!w->outline) return NULL;
    if (strcmp(card->domain, "none") != 0) return topic_in(w->outline->domains, w->outline->n_domains, card->domain);
    return topic_in(w->outline->branches, w->outline->n_branches, card->branch);
}

static void print_branch(const wording *w, const score_card *card) {
    const Wjz__Scoring__TopicOutline *topic = topic_of(w, card);
    const char *domain = topic ? say(w, topic->zh, topic->en) : card->domain;
    bool none = strcmp(card->branch, "none") == 0;
    PRINT(w, "；%s", "; %s", named(w, wording_branches, card->branch));
    if (strcmp(card->domain, "none") == 0) return;
    if (none)
        PRINT(w, "，内容与“%s”领域接近", ", close to the domain “%s”", domain);
    else
        PRINT(w, "，“%s”领域", ", domain “%s”", domain);
}

static void print_class(const wording *w, const score_card *card) {
    const wording_named *kind = wording_find(wording_kinds, card->kind);
    fprintf(w->out, "  %s", kind ? say_of(w, &kind->text) : card->kind);
    if (kind) PRINT(w, "（%s）", " (%s)", say_of(w, &kind->more));
    print_branch(w, card);
    PRINT(w, "。\n", ".\n");
    const char *sure = card->confidence >= 0.75 ? say(w, "较大", "good")
                       : card->confidence >= 0.5 ? say(w, "一般，建议人工复核", "fair, better looked at by a person")
                                                 : say(w, "不大，须人工复核", "poor, to be looked at by a person");
    PRINT(w, "  机器对这一归类的把握：%s。\n", "  Certainty of this classification: %s.\n", sure);
    if (*card->subject) PRINT(w, "  被反映的是：%s\n", "  Complained of: %s\n", card->subject);
    if (card->place && *card->place->text) PRINT(w, "  地点：%s\n", "  Place: %s\n", card->place->text);
    if (card->complaint_count > 1)
        PRINT(w, "  共 %u 件诉求反映这件事，%u 人反映。\n", "  %u complaints tell of it, by %u people.\n",
              card->complaint_count, card->reporter_count);
    if (card->copy_count)
        PRINT(w, "  其中 %u 件与别的诉求文字相同，算重复反映时不另计。\n",
              "  %u of them are copies of another one's text; as repeats they count once.\n", card->copy_count);
    if (card->undated_count)
        PRINT(w, "  其中 %u 件没有反映时间。\n", "  %u of them have no time of report.\n", card->undated_count);
    if (card->mediation) PRINT(w, "  可由联络站调解。\n", "  A station can mediate.\n");
    if (card->urgent) PRINT(w, "  紧急：适用快速办理。\n", "  Urgent: on the fast track.\n");
}

static void print_stars(const wording *w, const score_card *card) {
    for (uint32_t i = 1; i <= 5; i++)
        fputs(i <= card->stars ? "★" : "☆", w->out);
    PRINT(w, "  %u 星（成案指数 %.1f 分，满分 100）\n", "  %u-star (case-formation index %.1f of 100)\n", card->stars,
          card->index);
    if (card->stars <= 5) PRINT(w, "  意思是：%s。\n", "  That means: %s.\n", say_of(w, &wording_stars[card->stars]));
    const Wjz__Scoring__PackOutline *o = w->outline;
    if (o)
        PRINT(w,
              "  成案指数是机器估计的“能办成监督案件”的程度：%g 分起 2 星，%g 分起 3 星，%g 分起 4 星，%g 分起 5 星；3 "
              "星起推送。\n",
              "  The index says how likely it becomes a case of supervision: 2 stars from %g, 3 from %g, 4 from %g, 5 "
              "from "
              "%g; pushed from 3 stars on.\n",
              o->stars_two, o->stars_three, o->stars_four, o->stars_five);
}

/* In one sentence: what gave most, and what gave nothing. Factors of a point or two say little either way, and where a
 * report came from says nothing of the matter. */
static bool is_told(const factor *f, bool lacking) {
    enum { WEIGHTY = 4 };
    if (f->max < WEIGHTY || strcmp(f->id, "source_kind") == 0) return false;
    return lacking ? f->points <= 0 : f->points >= WEIGHTY && f->points >= f->max / 2;
}

static void print_title(const wording *w, const factor *f, bool first, const char *begin) {
    fputs(first ? begin : say(w, "、", ", "), w->out);
    fputs(wording_title(w->language, f->id), w->out);
}

static void print_told(const wording *w, const score_card *card, bool lacking, const char *begin) {
    enum { MOST = 5, MUCH = 10 };
    int count = 0;
    for (size_t i = 0; i < card->n_factors; i++) {
        if (!is_told(card->factors[i], lacking)) continue;
        if (count++ < MOST) print_title(w, card->factors[i], count == 1, begin);
    }
    if (count > MOST) PRINT(w, "等", " and others");
    for (size_t i = 0; !lacking && i < card->n_adjustments; i++)
        if (card->adjustments[i]->points >= MUCH) print_title(w, card->adjustments[i], count++ == 0, begin);
    if (count) PRINT(w, "。\n", ".\n");
}

static void print_summary(const wording *w, const score_card *card) {
    if (card->stars > 1) print_told(w, card, false, say(w, "  得分主要靠：", "  Points come from: "));
    print_told(w, card, true, say(w, "  还看不出：", "  Nothing on: "));
}

/* --- collisions --- */

static void print_collision(const wording *w, const Wjz__Scoring__Collision *c) {
    const char *name = c->rule;
    for (size_t i = 0; w->outline && i < w->outline->n_collisions; i++)
        if (strcmp(w->outline->collisions[i]->id, c->rule) == 0)
            name = say(w, w->outline->collisions[i]->zh, w->outline->collisions[i]->en);
    if (c->undecided)
        PRINT(w, "  %s？时间不全，依据不足，没有计分\n", "  %s? A time is missing: not enough evidence, no points\n",
              name);
    else
        PRINT(w, "  %s（使“%s”得 %g 分）\n", "  %s (gives “%s” %g points)\n", name,
              *c->factor ? wording_title(w->language, c->factor) : say(w, "无", "none"), c->points);
    for (size_t i = 0; i < c->n_records; i++) {
        const Wjz__Scoring__CollidingRecord *r = c->records[i];
        fprintf(w->out, "    %s %s", named(w, wording_records, r->kind), *r->number ? r->number : "");
        if (!*r->number) fprintf(w->out, "%" PRIu64, r->id);
        if (*r->note) PRINT(w, "：%s", ": %s", named(w, wording_records, r->note));
        if (r->at_us) {
            time_t at = (time_t)(r->at_us / 1000000) + 8 * 3600; /* Asia/Shanghai */
            struct tm day;
            char text[16];
            strftime(text, sizeof text, "%Y-%m-%d", gmtime_r(&at, &day));
            PRINT(w, "（%s）", " (%s)", text);
        }
        fputc('\n', w->out);
    }
}

/* --- what is missing --- */

static double cut_of(const Wjz__Scoring__PackOutline *outline, uint32_t stars) {
    const double cuts[] = {0, 0, outline->stars_two, outline->stars_three, outline->stars_four, outline->stars_five};
    return cuts[stars];
}

static int by_room(const void *a, const void *b) {
    const factor *x = *(factor *const *)a, *y = *(factor *const *)b;
    double more = (y->max - y->points) - (x->max - x->points);
    return more > 0 ? 1 : more < 0 ? -1 : strcmp(x->id, y->id);
}

static void print_room(const wording *w, const score_card *card) {
    factor *open[64];
    size_t count = 0;
    for (size_t i = 0; i < card->n_factors && count < 64; i++) {
        const wording_factor *words = wording_find_factor(card->factors[i]->id);
        if (words && words->hint.in[0] && card->factors[i]->max > card->factors[i]->points)
            open[count++] = card->factors[i];
    }
    qsort(open, count, sizeof *open, by_room);
    for (size_t i = 0; i < count && i < MISSING_SHOWN; i++)
        PRINT(w, "    · %s：%s（最多可再加 %g 分）\n", "    · %s: %s (up to %g more)\n",
              wording_title(w->language, open[i]->id), say_of(w, &wording_find_factor(open[i]->id)->hint),
              open[i]->max - open[i]->points);
    for (size_t i = 0; i < card->n_adjustments; i++) {
        const factor *f = card->adjustments[i];
        const wording_named *n = f->points < 0 ? wording_find(wording_adjustments, f->id) : NULL;
        if (n && n->more.in[0])
            PRINT(w, "    · 如果%s，就不扣这 %g 分\n", "    · if %s, these %g points are not taken off\n",
                  say_of(w, &n->more), -f->points);
    }
}

static void print_missing(const wording *w, const score_card *card) {
    if (card->stars >= 5 || !w->outline) return;
    heading(w, "离下一颗星还差什么", "What is missing for the next star");
    double gap = cut_of(w->outline, card->stars + 1) - card->index;
    if (card->n_gates && card->stars_before_gates > card->stars)
        PRINT(w, "  分数已够 %u 星，但受下面的限制：\n", "  The points are enough for %u stars, but it is limited:\n",
              card->stars_before_gates);
    for (size_t i = 0; i < card->n_gates; i++) {
        const wording_named *gate = wording_find(wording_gates, card->gates[i]);
        fprintf(w->out, "    · %s", gate ? say_of(w, &gate->text) : card->gates[i]);
        if (gate) PRINT(w, "。需要：%s。\n", ". Needed: %s.\n", say_of(w, &gate->more));
    }
    if (gap <= 0) return;
    PRINT(w, "  还差 %.1f 分。", "  %.1f points. ", ceil(gap * 10) / 10);
    fputs(card->stars >= PUSHED_STARS
              ? say(w, "核查时可以从这些方面入手：\n", "What could be looked into:\n")
              : say(w, "不必为此专门核查；如果以后有人补充这些情况，会重新评分：\n",
                    "Nothing needs to be looked into; it is scored again when somebody adds:\n"),
          w->out);
    print_room(w, card);
}

/* --- law --- */

/* "25(4)" is 第25条第4款, "1073–1076" is 第1073–1076条. */
static void print_articles_zh(FILE *out, const char *articles) {
    const char *paragraph = strchr(articles, '(');
    if (!paragraph) {
        fprintf(out, "第%s条", articles);
        return;
    }
    fprintf(out, "第%.*s条第%.*s款", (int)(paragraph - articles), articles, (int)strcspn(paragraph + 1, ")"),
            paragraph + 1);
}

static void print_laws(const wording *w, const Wjz__Scoring__TopicOutline *topic) {
    for (size_t i = 0; topic && i < topic->n_laws; i++) {
        const Wjz__Scoring__LawOutline *law = topic->laws[i];
        if (w->today < law->from_day || w->today > law->to_day) continue;
        fprintf(w->out, "  《%s》", law->name);
        if (*law->articles && w->language == WORDING_ZH) print_articles_zh(w->out, law->articles);
        if (*law->articles && w->language != WORDING_ZH) fprintf(w->out, " art. %s", law->articles);
        fputc('\n', w->out);
    }
}

static void print_law(const wording *w, const score_card *card) {
    const Wjz__Scoring__TopicOutline *topic = topic_of(w, card);
    if (!topic && !card->n_agencies && !w->organ) return;
    heading(w, "由谁办、依据什么法律", "Who deals with it, by which law");
    if (w->organ)
        PRINT(w, "  按地点一般由%s办理（%s）。\n", "  By its place %s deals with it (%s).\n", w->organ,
              named(w, wording_branches, card->branch));
    else if (w->quote)
        PRINT(w, "  看不出在哪个县（市、区），先由受理的检察院判断归谁管。\n",
              "  It does not say in which county: the procuratorate that received it decides whose it is.\n");
    if (topic && topic->n_laws && is_without_facts(card))
        PRINT(w, "  来信没有写出违法事实。如果查明属于这一领域，可能用到：\n",
              "  No facts of a violation are named. If it proves to be of this domain:\n");
    print_laws(w, topic);
    if (!card->n_agencies) return;
    PRINT(w, "  可能的责任单位：", "  Agencies that may be in charge: ");
    for (size_t i = 0; i < card->n_agencies; i++)
        fprintf(w->out, "%s%s", i ? say(w, "、", ", ") : "", card->agencies[i]);
    fputc('\n', w->out);
}

void wording_card(const wording *w, const score_card *card) {
    print_stars(w, card);
    print_summary(w, card);
    heading(w, "这是什么", "What it is");
    print_class(w, card);
    heading(w, "为什么是这个分", "Why these points");
    wording_why(w, card);
    if (card->n_collisions) heading(w, "互相矛盾的记录", "Records that contradict each other");
    for (size_t i = 0; i < card->n_collisions; i++)
        print_collision(w, card->collisions[i]);
    print_missing(w, card);
    print_law(w, card);
    PRINT(w, "\n规则包 %s%s%s。机器评分只作参考，由检察官判断和决定。\n",
          "\nRule pack %s%s%s. The machine only suggests; a prosecutor judges and decides.\n", card->pack,
          *card->model ? say(w, "，模型 ", ", model ") : "", card->model);
}
