-- scoring: fewer pages for what a turn adds. A page by which a table grows costs its server process 15 to 20 us (the file is
-- extended, a buffer found and cleared): a sixth of all that PostgreSQL does in a turn.

-- Findings have a kilobyte. A page that keeps a tenth free has seven, and no room for one of them that is written again.
ALTER TABLE scoring.finding RESET (fillfactor);

-- Five clues and room for one that is written again, in place of four and room for two.
ALTER TABLE scoring.clue SET (fillfactor = 85);
