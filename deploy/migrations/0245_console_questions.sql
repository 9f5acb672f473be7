-- scoring: open questions about repeats are asked for by clue, from its page and as a filter of the queue.
CREATE INDEX review_open_by_clue ON scoring.review (region, clue) WHERE state = 'open' AND kind = 'repeat';
CREATE INDEX review_open_by_other_clue ON scoring.review (region, other_clue) WHERE state = 'open' AND kind = 'repeat';
