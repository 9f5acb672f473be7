-- How long a feed may be silent before its operators are told.

ALTER TABLE intake.feed ADD COLUMN silent_after_s int4 NOT NULL DEFAULT 0 CHECK (silent_after_s >= 0);
COMMENT ON COLUMN intake.feed.silent_after_s IS 'seconds since the last batch; 0: it may be silent for ever';
GRANT SELECT (silent_after_s) ON intake.feed TO wjz_scoring, wjz_assignment, wjz_scheduling, wjz_notification, wjz_operator;
