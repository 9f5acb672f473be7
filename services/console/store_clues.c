/* What is read of clues. */
#include "console/store_clues.h"

#include "console/sql.h"

/* --- lists: console.clue_page (deploy/migrations/0181) plans each for its filters --- */

/* Rows of an export: a line of JSON texts each. */
const read_spec CLUES_EXPORTED = {
    {"console_clues_export",
     "SELECT json_build_array(c.clue::text, c.stars::text, round(c.index::numeric, 1)::text, c.domain, c.branch, "
     "c.kind, c.title, c.place, c.subject,"
     " c.organ, c.station, c.prosecutor, c.state, c.outcome, c.complaint_count::text, to_char(c.first_report_at, "
     "'YYYY-MM-DD'),"
     " to_char(c.last_report_at, 'YYYY-MM-DD'))::text"
     " FROM console.clue_page($1, 'index', NULL, NULL, 10000) c",
     1},
    {{NULL, BIND_FILTERS}, {0}}};

/* --- one clue --- */

/* Of alias c, console.clue: s, what scoring has; i and a, the open assignment, else the one that the copy knows.
 * Queries of their own, so that their keys go through the views' barriers. */
#define SQL_LIVE_ROWS                                                                                                  \
    " JOIN LATERAL (SELECT x.* FROM console.scored x WHERE x.region = c.region AND x.clue = c.clue OFFSET 0) s ON "    \
    "true"                                                                                                             \
    " CROSS JOIN LATERAL (SELECT COALESCE((SELECT y.id FROM console.assigned y WHERE y.region = c.region AND y.clue "  \
    "= c.clue AND y.ended_at IS NULL), c.assignment) AS id OFFSET 0) i"                                                \
    " LEFT JOIN LATERAL (SELECT x.* FROM console.assigned x WHERE x.region = c.region AND x.id = i.id OFFSET 0) a ON " \
    "true"

/* The card comes as bytes; version is of the live rows, not of the copy. */
const wjz_stmt CLUE_DETAIL = {
    "console_clue",
    "SELECT json_build_object('id', c.clue::text, 'region', c.region, 'version', concat_ws('.', s.revision, "
    "COALESCE(a.id, 0), COALESCE(a.revision, 0)),"
    " 'index', round(c.index::numeric, 1), 'stars', c.stars, 'domain', c.domain, 'branch', c.branch, 'kind', c.kind, "
    "'title', c.title, 'place', c.place,"
    " 'town', c.town, 'village', CASE WHEN s.village > 0 THEN lpad(s.village::text, 12, '0') END, 'subject', "
    "c.subject, 'urgent', c.urgent,"
    " 'mediation', c.mediation, 'confidential', c.confidential, 'focus', c.focus, 'look_on_spot', s.look_on_spot, "
    "'complaint_count', c.complaint_count,"
    " 'first_report_at', c.first_report_at, 'last_report_at', c.last_report_at, 'scored_at', c.scored_at,"
    " 'merged_into', CASE WHEN c.merged_into <> 0 THEN c.merged_into::text END, 'position', " SQL_POSITION(
        "c.longitude",
        "c.latitude") ","
                      " 'own_star', (SELECT json_build_object('stars', r.stars, 'reason', r.reason, 'by', " SQL_PERSON(
                          "r.rater") ", 'at', r.rated_at) FROM console.rating r"
                                     "  WHERE r.region = c.region AND r.clue = c.clue AND r.withdrawn_at IS NULL ORDER "
                                     "BY r.rated_at DESC LIMIT 1),"
                                     " 'open_repeats', (SELECT count(*) FROM console.review r WHERE r.region = "
                                     "c.region AND r.state = 'open' AND r.kind = 'repeat'"
                                     "  AND (r.clue = c.clue OR r.other_clue = c.clue)),"
                                     " 'assignment', CASE WHEN a.id IS NULL THEN NULL ELSE json_build_object('id', "
                                     "a.id::text, 'revision', a.revision, 'state', a.state, 'organ', a.organ,"
                                     "  'organ_name', COALESCE((SELECT o.name FROM directory.organ o WHERE o.code = "
                                     "a.organ), a.organ), 'station', NULLIF(a.station, ''),"
                                     "  'station_name', (SELECT t.name FROM directory.station t WHERE t.code = "
                                     "a.station LIMIT 1), 'prosecutor', " SQL_PERSON(
                                         "a.prosecutor") ","
                                                         "  'consult', NULLIF(a.consult, ''), 'accept_until', "
                                                         "a.accept_until, 'opened_at', a.opened_at, 'changed_at', "
                                                         "a.changed_at, 'ended_at', a.ended_at,"
                                                         "  'trace', to_json(string_to_array(NULLIF(a.trace, ''), "
                                                         "E'\\n')),"
                                                         "  'outcome', (SELECT json_build_object('outcome', o.outcome, "
                                                         "'note', o.note, 'by', " SQL_PERSON(
                                                             "o.actor") ", 'at', o.at) FROM console.outcome o"
                                                                        "   WHERE o.region = a.region AND o.assignment "
                                                                        "= a.id),"
                                                                        "  'recusal', (SELECT json_build_object('id', "
                                                                        "u.id::text, 'person', " SQL_PERSON(
                                                                            "u.person") ", 'procedure', u.procedure, "
                                                                                        "'declared_at', u.declared_at,"
                                                                                        "   'due_at', u.due_at, "
                                                                                        "'granted', u.granted) FROM "
                                                                                        "console.recusal u WHERE "
                                                                                        "u.region = a.region AND "
                                                                                        "u.assignment = a.id ORDER BY "
                                                                                        "u.id DESC LIMIT 1)"
                                                                                        " ) END)::text, s.card, "
                                                                                        "s.confidence, "
                                                                                        "s.reporter_count, s.pack, "
                                                                                        "a.prosecutor"
                                                                                        " FROM console.clue "
                                                                                        "c" SQL_LIVE_ROWS
                                                                                        " WHERE c.clue = $1",
    6};

/* Region and live version of what a change is about. */
const wjz_stmt CLUE_TARGET = {
    "console_clue_target",
    "SELECT c.region, concat_ws('.', s.revision, COALESCE(a.id, 0), COALESCE(a.revision, 0)), c.clue"
    " FROM console.clue c" SQL_LIVE_ROWS " WHERE c.clue = $1",
    3};
const wjz_stmt ASSIGNMENT_TARGET = {
    "console_assignment_target",
    "SELECT a.region, concat_ws('.', s.revision, a.id, a.revision), a.clue FROM console.assigned a"
    " JOIN LATERAL (SELECT x.revision FROM console.scored x WHERE x.region = a.region AND x.clue = a.clue OFFSET 0) s "
    "ON true"
    " WHERE a.region = " SQL_REGIONS " AND a.id = $1",
    3};
const wjz_stmt COMPLAINT_TARGET = {
    "console_complaint_target",
    "SELECT region, '', clue FROM console.complaint_clue WHERE region = " SQL_REGIONS " AND complaint = $1", 3};
const wjz_stmt DECISION_TARGET = {
    "console_decision_target",
    "SELECT region, '', clues[1] FROM console.decision WHERE region = " SQL_REGIONS " AND id = $1", 3};
const wjz_stmt REVIEW_TARGET = {
    "console_review_target", "SELECT region, '', clue FROM console.review WHERE region = " SQL_REGIONS " AND id = $1",
    3};
const wjz_stmt REFRESH = {"console_refresh", "SELECT console.refresh($1, $2)", 1};

/* Texts with the finding's bytes, from which the spans are made: $1 clue, $2 and $3 the cursor, $4 rows. */
const wjz_stmt COMPLAINTS = {
    "console_complaints",
    "SELECT json_build_object('id', p.id::text, 'feed', p.feed, 'external_id', p.external_id, 'source_channel', "
    "p.source_channel, 'order_type', p.order_type,"
    " 'title', p.title, 'content', p.content, 'categories', p.categories, 'address', p.address, 'town', p.town, "
    "'village', p.village,"
    " 'handler_unit', p.handler_unit, 'reply', p.reply, 'visit_note', p.visit_note, 'status', p.status,"
    " 'satisfaction', (ARRAY['not_rated', 'very_satisfied', 'satisfied', 'basic', 'dissatisfied', 'very_dissatisfied', "
    "'unreachable'])[p.satisfaction + 1],"
    " 'solved', (ARRAY['not_said', 'yes', 'no'])[p.solved + 1], 'received_at', p.received_at, 'dispatched_at', "
    "p.dispatched_at, 'due_at', p.due_at,"
    " 'finished_at', p.finished_at, 'stored_at', p.stored_at, 'redispatch_count', p.redispatch_count, 'return_count', "
    "p.return_count,"
    " 'urge_count', p.urge_count, 'delay_days', p.delay_days, 'photo_count', p.photo_count, 'anonymous', p.anonymous, "
    "'confidential', p.confidential,"
    " 'has_reporter', p.has_reporter, 'same_reporter', COALESCE((SELECT json_agg(q.id::text) FROM console.complaint q "
    "WHERE q.region = p.region"
    "  AND q.clue = p.clue AND q.id <> p.id AND q.reporter_hash = p.reporter_hash AND p.reporter_hash <> 0), '[]'),"
    " 'position', " SQL_POSITION(
        "p.longitude",
        "p.latitude") ","
                      " 'feedback', COALESCE((SELECT json_agg(json_build_object('at', b.at, 'satisfaction', "
                      "(ARRAY['not_rated', 'very_satisfied', 'satisfied', 'basic',"
                      "  'dissatisfied', 'very_dissatisfied', 'unreachable'])[b.satisfaction + 1], 'solved', "
                      "(ARRAY['not_said', 'yes', 'no'])[b.solved + 1],"
                      "  'status', b.status, 'note', b.note) ORDER BY b.at, b.id) FROM console.feedback b WHERE "
                      "b.region = p.region AND b.complaint = p.id), '[]'),"
                      " 'attachments', console.attachments(p.region, p.id))::text, " SQL_US(
                          "COALESCE(p.received_at, p.stored_at)") ", p.id, p.finding"
                                                                  " FROM console.complaint p WHERE p.region "
                                                                  "= " SQL_REGIONS " AND p.clue = $1"
                                                                  " AND ($2::timestamptz IS NULL OR "
                                                                  "(COALESCE(p.received_at, p.stored_at), p.id) > ($2, "
                                                                  "$3::int8))"
                                                                  " ORDER BY COALESCE(p.received_at, p.stored_at), "
                                                                  "p.id LIMIT $4",
    4};

const read_spec CLUE_HISTORY = {
    {"console_clue_history",
     "SELECT CASE WHEN max(c.clue) IS NULL THEN NULL ELSE json_build_object('items', COALESCE(json_agg(h.item ORDER BY "
     "h.at, h.id) FILTER (WHERE h.item IS NOT NULL), '[]'))"
     "::text END FROM console.clue c LEFT JOIN LATERAL ("
     "SELECT x.at, x.assignment::text || '.' || x.revision AS id, json_build_object('id', x.assignment::text || '.' || "
     "x.revision, 'at', x.at, 'by', " SQL_PERSON(
         "x.actor") ","
                    " 'what', x.to_state, 'reason_code', NULLIF(x.reason_code, ''), 'reason', NULLIF(x.reason, ''), "
                    "'assignment', x.assignment::text, 'decision', NULL, 'undoable', false) AS item"
                    " FROM console.assignment_history x WHERE x.region = c.region AND x.clue = c.clue"
                    " UNION ALL SELECT d.decided_at, d.id::text, json_build_object('id', d.id::text, 'at', "
                    "d.decided_at, 'by', " SQL_PERSON(
                        "d.person") ","
                                    " 'what', CASE d.kind WHEN 'merge' THEN 'merged' WHEN 'split' THEN 'split' WHEN "
                                    "'undo' THEN 'undone' ELSE d.kind END, 'reason_code', NULL, 'reason', d.reason,"
                                    " 'assignment', NULL, 'decision', d.id::text, 'undoable', d.kind <> 'undo' AND "
                                    "d.undone_by = 0)"
                                    " FROM console.decision u CROSS JOIN LATERAL (SELECT y.* FROM console.decision y "
                                    "WHERE "
                                    "y.region = u.region AND y.id = ANY (ARRAY[u.id, u.undone_by]) OFFSET 0) d"
                                    " WHERE u.region = c.region AND c.clue = ANY (u.clues)"
                                    " UNION ALL SELECT r.rated_at, r.id::text, json_build_object('id', r.id::text, "
                                    "'at', r.rated_at, 'by', " SQL_PERSON(
                                        "r.rater") ", 'what', 'stars_overridden',"
                                                   " 'reason_code', r.stars::text, 'reason', r.reason, 'assignment', "
                                                   "NULL, 'decision', NULL, 'undoable', false)"
                                                   " FROM console.rating r WHERE r.region = c.region AND r.clue = "
                                                   "c.clue) h ON true WHERE c.clue = $1",
     1},
    {{"clue", BIND_ID}, {0}}};

const read_spec CLUE_ACCESS = {
    {"console_clue_access",
     "SELECT CASE WHEN max(c.clue) IS NULL THEN NULL ELSE json_build_object('items', "
     "COALESCE(json_agg(json_build_object('person', " SQL_PERSON(
         "a.person") ","
                     " 'granted_by', " SQL_PERSON(
                         "a.granted_by") ", 'reason', a.reason, 'at', a.at) ORDER BY a.at) FILTER (WHERE a.person IS "
                                         "NOT NULL), '[]'))::text END"
                                         " FROM console.clue c LEFT JOIN console.clue_access a ON a.region = c.region "
                                         "AND a.clue = c.clue WHERE c.clue = $1",
     1},
    {{"clue", BIND_ID}, {0}}};
const wjz_stmt ACCESS_GRANT = {"console_access_grant",
                               "INSERT INTO console.clue_access (region, clue, person, granted_by, reason) SELECT "
                               "c.region, c.clue, p.code, console.setting('person'), $3"
                               " FROM console.clue c JOIN console.colleague p ON p.code = $2 WHERE c.clue = $1 ON "
                               "CONFLICT DO NOTHING RETURNING person",
                               1};
const wjz_stmt ACCESS_REVOKE = {"console_access_revoke",
                                "DELETE FROM console.clue_access a USING console.clue c WHERE c.clue = $1 AND a.region "
                                "= c.region AND a.clue = c.clue AND a.person = $2"
                                " RETURNING a.person",
                                1};

const read_spec REVIEW_CLUES = {
    {"console_review_clues",
     "SELECT json_build_object('clue', " SQL_CLUE_ROW
     ", 'question', r.id::text, 'kind', r.kind, 'weight', r.weight)::text, " SQL_US(
         "r.opened_at") ", r.id"
                        " FROM console.review r JOIN console.clue c ON c.region = r.region AND c.clue = r.clue"
                        " WHERE r.state = 'open' AND r.kind <> 'repeat' AND r.region = " SQL_REGIONS ""
                        " AND ($4::int8 IS NULL OR r.clue = $4)"
                        " AND ($1::timestamptz IS NULL OR (r.opened_at, r.id) > ($1, $2::int8)) ORDER BY r.opened_at, "
                        "r.id LIMIT $3",
     3},
    {{"cursor", BIND_TIME_CURSOR}, {"limit", BIND_LIMIT}, {"clue", BIND_ID}, {0}}};

#define SQL_SIDE(complaint)                                                                                            \
    "(SELECT json_build_object('clue', p.clue::text, 'complaint', p.id::text, 'title', p.title, 'content', "           \
    "p.content, 'place', p.address,"                                                                                   \
    " 'received_at', p.received_at) FROM console.complaint p WHERE p.region = r.region AND p.id = " complaint ")"
const read_spec REVIEW_REPEATS = {
    {"console_review_repeats",
     "SELECT json_build_object('id', r.id::text, 'weight', r.weight, 'signs', COALESCE((SELECT "
     "json_agg(json_build_object('id', s->>'sign', 'weight', (s->>'points')::float8,"
     " 'note', COALESCE(n.zh, s->>'zh', s->>'sign'), 'note_en', COALESCE(n.en, s->>'en', s->>'sign')))"
     " FROM json_array_elements(r.signs) s"
     " LEFT JOIN console.sign n ON n.name = s->>'sign'), '[]'), 'left', x.left, 'right', "
     "x.right)::text, " SQL_US(
         "r.opened_at") ", r.id"
                        " FROM console.review r CROSS JOIN LATERAL (SELECT " SQL_SIDE(
                            "r.complaint_a") " AS left, " SQL_SIDE("r.complaint_b") " AS right) x"
                                                                                    " WHERE r.state = 'open' AND "
                                                                                    "r.kind = 'repeat' AND r.region = "
                                                                                    "ANY (console.regions()) AND "
                                                                                    "x.left IS NOT NULL AND x.right IS "
                                                                                    "NOT NULL"
                                                                                    " AND ($4::int8 IS NULL OR r.clue "
                                                                                    "= $4 OR r.other_clue = $4)"
                                                                                    " AND ($1::timestamptz IS NULL OR "
                                                                                    "(r.opened_at, r.id) > ($1, "
                                                                                    "$2::int8)) ORDER BY r.opened_at, "
                                                                                    "r.id LIMIT $3",
     3},
    {{"cursor", BIND_TIME_CURSOR}, {"limit", BIND_LIMIT}, {"clue", BIND_ID}, {0}}};

const wjz_stmt PLAIN_TEXT = {
    "console_plain_text",
    "SELECT title, content, incident_address, reply, visit_note FROM console.plain_text($1, $2, $3)", 5};

/* Rows of these clues that are seen, and the place of each in the list, in its order. */
const wjz_stmt CLUE_ROWS = {
    "console_clue_rows",
    "SELECT " SQL_CLUE_ROW
    "::text, w.place FROM unnest($1::int8[]) WITH ORDINALITY w(clue, place) JOIN console.clue c ON c.clue = w.clue"
    " WHERE c.merged_into = 0 ORDER BY w.place",
    2};
