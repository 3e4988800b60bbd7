-- Share of the rows in which title, price, count, rating and reviews are filled, in this order: a field that fades
-- shows here when all fields together hardly change. NULL: of a look before this step, or an imported one.
ALTER TABLE snapshots ADD COLUMN shares FLOAT[];
