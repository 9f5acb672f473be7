-- scoring: penalties by the day until which they are to be paid, while nobody has done anything about it; and what was merged
-- into a clue, for outcomes follow a matter into the one that it became part of.

SET LOCAL search_path = scoring, public;

CREATE INDEX penalty_open ON penalty (region, pay_until)
    WHERE executed_on IS NULL AND court_application_on IS NULL AND NOT revoked;
CREATE INDEX clue_merged ON clue (region, merged_into) WHERE merged_into <> 0;
