-- scoring: what a round has seen, so that it need not look again where nothing has changed; warnings whose clues have not
-- yet been scored again with them, or without them; how far back a new watch has looked.

SET LOCAL search_path = scoring, public;

ALTER TABLE round ADD COLUMN seen int8 NOT NULL DEFAULT 0;             -- turn of the journal
ALTER TABLE area_warning ADD COLUMN spread boolean NOT NULL DEFAULT true; -- its area's clues have been sent to be scored again
CREATE INDEX area_warning_to_spread ON area_warning (region) WHERE NOT spread;
-- The last complaint that was looked at of those that had come before the watch was defined; NULL: all of them.
ALTER TABLE watch ADD COLUMN swept_to int8;
CREATE INDEX watch_to_sweep ON watch (region) WHERE swept_to IS NOT NULL;
