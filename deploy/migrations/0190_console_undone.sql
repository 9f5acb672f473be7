-- console: a decision that takes back another names no clues of its own; it is seen by those who see the other's.

CREATE OR REPLACE VIEW console.decision AS
SELECT d.region, d.id, d.decided_at, d.undoes, d.undone_by, d.kind, d.person, d.reason, d.clues FROM scoring.decision d
WHERE EXISTS (SELECT FROM console.clue seen WHERE seen.region = d.region AND seen.clue = ANY (d.clues))
   OR d.undoes <> 0 AND EXISTS (SELECT FROM scoring.decision u JOIN console.clue seen ON seen.region = u.region AND seen.clue = ANY (u.clues)
                                WHERE u.region = d.region AND u.id = d.undoes);
