/* Collisions: records that contradict each other, found by rules of the pack in a matter's neighbourhood — its
 * complaints with their feedback, penalties of its subject, earlier matters, outcomes. Pure. */
#ifndef SCORING_COLLIDE_H
#define SCORING_COLLIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a record can be found to be; the vocabulary of deploy/rules/collisions.yaml. */
typedef enum near_state {
    NEAR_REPORTED, /* of complaints of the matter; from here … */
    NEAR_CLOSED,
    NEAR_DISSATISFIED,
    NEAR_UNSOLVED, /* … to here: collide makes them of findings */
    NEAR_PUNISHED, /* of enforcement records about the subject */
    NEAR_NOT_EXECUTED,
    NEAR_RECTIFIED,
    NEAR_LICENCE_WITHDRAWN,
    NEAR_OTHER_TOWN, /* another matter about the subject; only one in another town than the matter's counts */
    NEAR_MEDIATED,   /* outcomes of the matter */
    NEAR_SETTLED,
    NEAR_STATES
} near_state;

extern const char *const near_state_names[NEAR_STATES];

/* One thing that is known of a record beside the matter's complaints. */
typedef struct near_fact {
    near_state state;
    int64_t id;         /* of the enforcement record, the clue or the assignment */
    int64_t at_us;      /* 0: not known */
    const char *number; /* document number, "" when there is none */
    uint32_t town;      /* of another matter */
} near_fact;

enum { COLLISION_RECORDS = 3 };

typedef struct collision_record {
    near_state state;
    int after;         /* index of an earlier one, -1: none */
    int same;          /* the same, for the same record */
    int64_t within_us; /* after `after`, 0: no matter how long */
    const char *hit;   /* id of a rule, "" for none */
} collision_record;

typedef struct collision_rule {
    const char *id, *zh, *en;
    const char *factor; /* "" for none: only shown */
    double points;
    collision_record records[COLLISION_RECORDS];
    int record_count;
    const char *file;
    int line;
} collision_rule;

struct matter_facts;
struct card_writer;

/* After all factors are on the card: adds the collisions, and gives their factors the points. Where only a time that is missing
 * leaves open whether records contradict each other, the collision is shown as undecided, without points. */
void collide(const struct matter_facts *matter, struct card_writer *card);

#endif
