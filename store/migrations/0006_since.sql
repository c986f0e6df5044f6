-- Since when an image has the packages that came to it after it was first stored; null for none, as for nearly all.
ALTER TABLE image ADD COLUMN since {bytes};
