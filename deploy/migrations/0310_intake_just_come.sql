-- What a platform adds to a complaint while it is handled has a value for "not said", so that complaints which have just come
-- can be stored without those columns.

ALTER TABLE intake.complaint
    ALTER redispatch_count SET DEFAULT 0,
    ALTER return_count SET DEFAULT 0,
    ALTER urge_count SET DEFAULT 0,
    ALTER delay_days SET DEFAULT 0,
    ALTER votes_for SET DEFAULT 0,
    ALTER votes_against SET DEFAULT 0,
    ALTER solved SET DEFAULT 0,
    ALTER visit_note SET DEFAULT '',
    ALTER parent_id SET DEFAULT '';
