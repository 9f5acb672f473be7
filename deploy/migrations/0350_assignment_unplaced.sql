-- assignment: open ones that somebody should have and nobody has are looked for whenever the directory has been read. There are none of them but
-- where the directory lacks an organ or its people, so the index is empty, and costs nothing.

SET LOCAL search_path = assignment, public;

CREATE INDEX assignment_unplaced ON assignment (region, id)
    WHERE state = 'assigned' AND prosecutor = '' AND (organ = '' OR station = '' OR stars >= 3);
