-- console: what waits for the index of pairs is put into it a megabyte at a time, a fortieth of a second, instead of four
-- megabytes: meanwhile a processor is taken from complaints that come one by one.

ALTER INDEX console.clue_by_grams SET (gin_pending_list_limit = 1024);
