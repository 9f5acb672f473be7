-- scoring: PostgreSQL reads the text of every check constraint of a table anew for each statement that writes it: a quarter of
-- what one clue costs, more for one question. What these two tables may hold is bounded where they are written, which only
-- scoring's role may do: its statements write an index or stars out of range as NULL, which the columns refuse (store_clues.c);
-- kinds and states of questions are constants of its statements (store_review.c).

ALTER TABLE scoring.clue DROP CONSTRAINT clue_index_check, DROP CONSTRAINT clue_stars_check;
ALTER TABLE scoring.review DROP CONSTRAINT review_kind_check, DROP CONSTRAINT review_state_check;
