-- assignment: stars are in no index again. That they were in the condition of one wrote each assignment whose stars changed anew into all
-- indexes. What a station alone looks after is in this one now, too, and is left out when it is read.

SET LOCAL search_path = assignment, public;

DROP INDEX assignment_unplaced;
CREATE INDEX assignment_unplaced ON assignment (region, id) WHERE state = 'assigned' AND prosecutor = '';
