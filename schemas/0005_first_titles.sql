-- A listing's title as it was first seen: what is asked of a past morning must not know a title that came later.
ALTER TABLE listings ADD COLUMN first_title VARCHAR;
ALTER TABLE listings ADD COLUMN first_titled_at TIMESTAMP;
UPDATE listings SET first_title = title, first_titled_at = first_seen WHERE title <> '';
