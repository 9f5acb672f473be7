-- Scoring reads each complaint once when it is new, and then nothing has changed it yet: most of what
-- complaint_for_scoring asks and compares is in vain, and half of what it costs. So complaints as they were received, and
-- which of them changed since; only those are read again by that view.

CREATE VIEW intake.complaint_as_received AS
SELECT c.region, c.id, c.feed, c.external_id, c.anonymous AND c.photo_count = 0 AS anonymous, c.order_type, c.title,
       c.content, c.categories, c.incident_address, c.town, c.village, c.longitude, c.latitude, c.received_at, c.due_at,
       c.finished_at, c.handler_unit, c.handle_result, c.status, c.satisfaction, c.solved, c.visit_note,
       c.redispatch_count, c.return_count, c.urge_count, c.delay_days, c.votes_for, c.votes_against, c.photo_count,
       c.parent_id, c.reporter_hash, c.confidential
FROM intake.complaint c;
COMMENT ON VIEW intake.complaint_as_received IS 'without the reporter; ask by region and id';

CREATE VIEW intake.complaint_changed AS SELECT region, complaint FROM intake.standing;
COMMENT ON VIEW intake.complaint_changed IS 'complaints of which complaint_for_scoring knows more than was received first';

GRANT SELECT ON intake.complaint_as_received, intake.complaint_changed TO wjz_scoring;
