-- intake, console: receipts of pushes over HTTP are shown beside those of numbered batches, in the order in which they came. A push that gives no
-- Idempotency-Key has one of its own now, beginning with a space, which none that is given can.

ALTER TABLE intake.idempotent_request ADD COLUMN number int8 GENERATED ALWAYS AS IDENTITY;
CREATE UNIQUE INDEX request_by_number ON intake.idempotent_request (region, feed, number);

SET LOCAL search_path = console, public;

CREATE VIEW push_receipt AS
SELECT q.region, f.name AS feed, q.number, CASE WHEN q.key LIKE ' %' THEN NULL ELSE q.key END AS key, q.stored_at, q.receipt
FROM intake.idempotent_request q JOIN feed f ON f.number = q.feed AND f.region = q.region;

GRANT SELECT ON push_receipt TO wjz_console;
