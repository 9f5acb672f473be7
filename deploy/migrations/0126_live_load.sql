-- scoring: runs beside live work tell it from messages that were refused and wait for their next try.
GRANT SELECT (attempts) ON intake.outbox TO wjz_scoring;
