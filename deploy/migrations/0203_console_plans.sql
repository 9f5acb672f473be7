-- console: pages are planned for the values at hand each time (its role says so), but not the copying of clues, whose statements
-- are the same ones some times a second: planning them was a quarter of it.

ALTER FUNCTION console.follow_step(int4, int4) SET plan_cache_mode = auto;
