-- Whose mark it is: several readers may share one store. NULL: everyone's, as all marks were before.
ALTER TABLE marks ADD COLUMN reader VARCHAR;
