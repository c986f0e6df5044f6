-- When a container was last seen, if it said nothing new then; null if that is when `observed_at` says.
ALTER TABLE container ADD COLUMN seen {int};
