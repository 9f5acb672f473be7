/* Pieces of SQL about stations: shifts h, appointments a, visits v. */
#ifndef CONSOLE_SQL_STATIONS_H
#define CONSOLE_SQL_STATIONS_H

#include "console/sql.h"

#define SQL_APPOINTMENT                                                                                                \
    "json_build_object('id', a.id::text, 'station', a.station, 'shift', a.shift::text, 'prosecutor', " SQL_PERSON(     \
        "a.prosecutor") ","                                                                                            \
                        " 'starts_at', a.starts_at, 'ends_at', a.ends_at, 'state', a.state, 'held_until', CASE WHEN "  \
                        "a.state = 'held' THEN a.held_until END,"                                                      \
                        " 'clue', CASE WHEN a.clue <> 0 THEN a.clue::text END)"

#define SQL_VISIT                                                                                                      \
    "json_build_object('id', v.id::text, 'clue', v.clue::text, 'assignment', v.assignment::text, 'station', "          \
    "v.station, 'prosecutor', " SQL_PERSON(                                                                            \
        "v.prosecutor") ", 'state', v.state, 'starts_at', v.starts_at, 'ends_at', v.ends_at, 'stars', v.stars, "       \
                        "'urgent', v.urgent, 'reason', v.reason)"

#define SQL_SHIFT                                                                                                      \
    "json_build_object('id', h.id::text, 'station', h.station, 'prosecutor', " SQL_PERSON(                             \
        "h.prosecutor") ", 'starts_at', h.starts_at,"                                                                  \
                        " 'ends_at', h.ends_at, 'state', h.state, 'pinned', h.pinned, 'duty_of', "                     \
                        "json_build_object('code', h.duty_of, 'name',"                                                 \
                        " COALESCE((SELECT n.name FROM console.person_name n WHERE n.code = h.duty_of LIMIT 1), "      \
                        "h.duty_of)), 'reason', h.reason)"

#define SQL_LEAVE                                                                                                      \
    "json_build_object('id', l.id::text, 'prosecutor', " SQL_PERSON(                                                   \
        "l.prosecutor") ", 'starts_at', l.starts_at, 'ends_at', l.ends_at,"                                            \
                        " 'reason', l.reason, 'recorded_by', " SQL_PERSON("l.recorded_by") ")"

#endif
