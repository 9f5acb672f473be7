/* Pieces of SQL that several areas' statements are made of. */
#ifndef CONSOLE_SQL_H
#define CONSOLE_SQL_H

/* A person as {code, name}; NULL for ''. */
#define SQL_PERSON(code)                                                                                               \
    "CASE WHEN " code " = '' OR " code " IS NULL THEN NULL ELSE json_build_object('code', " code ", 'name',"           \
    " COALESCE((SELECT n.name FROM console.person_name n WHERE n.code = " code " LIMIT 1), " code ")) END"

#define SQL_US(time) "(extract(epoch FROM " time ") * 1000000)::int8"

#define SQL_POSITION(longitude, latitude)                                                                              \
    "CASE WHEN " longitude " IS NULL OR " latitude " IS NULL THEN NULL ELSE json_build_object('longitude', " longitude \
    ", 'latitude', " latitude ") END"

/* Of alias c, console.clue. */
#define SQL_CLUE_ROW                                                                                                   \
    "json_build_object('id', c.clue::text, 'region', c.region, 'version', concat_ws('.', c.revision, c.assignment,"    \
    " c.assignment_revision), 'index', round(c.index::numeric, 1), 'stars', c.stars, 'domain', c.domain, 'branch', "   \
    "c.branch,"                                                                                                        \
    " 'kind', c.kind, 'title', c.title, 'place', c.place, 'town', c.town, 'subject', c.subject, 'urgent', c.urgent,"   \
    " 'mediation', c.mediation, 'confidential', c.confidential, 'focus', c.focus, 'complaint_count', "                 \
    "c.complaint_count,"                                                                                               \
    " 'first_report_at', c.first_report_at, 'last_report_at', c.last_report_at, 'scored_at', c.scored_at, "            \
    "'assignment',"                                                                                                    \
    " CASE WHEN c.assignment = 0 THEN NULL ELSE json_build_object('id', c.assignment::text, 'state', c.state, "        \
    "'organ', c.organ,"                                                                                                \
    " 'station', NULLIF(c.station, ''), 'prosecutor', " SQL_PERSON(                                                    \
        "c.prosecutor") ", 'accept_until',"                                                                            \
                        " CASE WHEN c.due_at < '9999-01-01' THEN c.due_at END, 'changed_at', c.changed_at) END)"

/* Conditions of clue lists, statistics and exports; $1 to $25 as CLUE_FILTER_BINDS gives them. */
#define SQL_CLUE_FILTER                                                                                                \
    "c.merged_into = 0 AND ($1::text IS NULL OR (c.grams @> console.query_grams($1) AND c.body LIKE ALL "              \
    "(console.query_patterns($1))))"                                                                                   \
    " AND ($2::text IS NULL OR c.domain = $2) AND (cardinality($3::text[]) = 0 OR c.domain = ANY ($3))"                \
    " AND ($4::text IS NULL OR c.branch = $4) AND (cardinality($5::text[]) = 0 OR c.branch = ANY ($5))"                \
    " AND ($6::text IS NULL OR c.kind = $6) AND (cardinality($7::text[]) = 0 OR c.kind = ANY ($7))"                    \
    " AND (cardinality($8::int4[]) = 0 OR (c.stars = ANY ($8)"                                                         \
    " AND c.rank >= (SELECT min(s) FROM unnest($8) s) * 100000"                                                        \
    " AND c.rank < (SELECT max(s) + 1 FROM unnest($8) s) * 100000))"                                                   \
    " AND ($9::text IS NULL OR c.organ = $9)"                                                                          \
    " AND ($10::text IS NULL OR c.town = $10::int4) AND (cardinality($11::text[]) = 0 OR c.town = ANY ($11::int4[]))"  \
    " AND ($12::text IS NULL OR (c.station = $12 AND c.station <> ''))"                                                \
    " AND ($13::text IS NULL OR (c.prosecutor = $13 AND c.prosecutor <> ''))"                                          \
    " AND ($14::text IS NULL OR c.state = $14) AND (cardinality($15::text[]) = 0 OR c.state = ANY ($15 || CASE WHEN "  \
    "'open' = ANY ($15)"                                                                                               \
    " THEN ARRAY['assigned', 'accepted', 'verifying'] ELSE '{}' END))"                                                 \
    " AND ($16::text IS NULL OR c.outcome = $16) AND (cardinality($17::text[]) = 0 OR c.outcome = ANY ($17))"          \
    " AND ($18::text IS NULL OR c.urgent = ($18 = 'true')) AND ($19::text IS NULL OR c.mediation = ($19 = 'true'))"    \
    " AND ($20::text IS NULL OR c.focus = ($20 = 'true'))"                                                             \
    " AND ($21::text IS DISTINCT FROM 'true' OR (c.prosecutor = console.setting('person') AND c.prosecutor <> ''))"    \
    " AND ($22::text IS NULL OR (c.subject = $22 AND c.subject <> '')) AND ($23::text IS NULL OR c.feed = $23)"        \
    " AND ($24::timestamptz IS NULL OR c.reported_at >= $24) AND ($25::timestamptz IS NULL OR c.reported_at < $25)"

#define CLUE_FILTER_BINDS                                                                                              \
    {"q", BIND_TEXT}, {"domain", BIND_LIST}, {"branch", BIND_LIST}, {"kind", BIND_LIST}, {"stars", BIND_NUMBERS},      \
        {"organ", BIND_TEXT}, {"town", BIND_LIST}, {"station", BIND_TEXT}, {"prosecutor", BIND_TEXT},                  \
        {"state", BIND_LIST}, {"outcome", BIND_LIST}, {"urgent", BIND_FLAG}, {"mediation", BIND_FLAG},                 \
        {"focus", BIND_FLAG}, {"mine", BIND_FLAG}, {"subject", BIND_TEXT}, {"feed", BIND_TEXT}, {"from", BIND_FROM}, { \
        "to", BIND_TO                                                                                                  \
    }

#endif
