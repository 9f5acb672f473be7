/* Pieces of SQL that several areas' statements are made of. */
#ifndef CONSOLE_SQL_H
#define CONSOLE_SQL_H

/* A person as {code, name}; NULL for ''. */
#define SQL_PERSON(code)                                                                                               \
    "CASE WHEN " code " = '' OR " code " IS NULL THEN NULL ELSE json_build_object('code', " code ", 'name',"           \
    " COALESCE((SELECT n.name FROM console.person_name n WHERE n.code = " code " LIMIT 1), " code ")) END"

/* The counties that are one's business: with a key, what finds a row through a barrier. */
#define SQL_REGIONS "ANY ((SELECT console.regions())::int4[])"

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

#endif
