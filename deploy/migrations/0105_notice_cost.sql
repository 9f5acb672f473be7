-- What a notice costs the store. A third of it were references that cannot dangle: sendings and links are written by one
-- statement with their notice's row at hand, in its transaction, and no role may delete a notice.

SET LOCAL search_path = notification, public;

ALTER TABLE sending DROP CONSTRAINT sending_region_notice_fkey;
ALTER TABLE ack_token DROP CONSTRAINT ack_token_region_notice_fkey;

-- Nobody asks by subject.
DROP INDEX notice_by_subject;
