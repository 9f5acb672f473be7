-- scoring: findings go into the index of clues at random, page after page fills, and packing equal keys closer before each page
-- was divided cost a server process more than the pages that it spared: a third of this index.
ALTER INDEX scoring.finding_by_clue SET (deduplicate_items = off);
