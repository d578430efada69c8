-- Who shows a picture is asked whenever one may go or be withheld.
CREATE INDEX remarks_pictures ON remarks USING gin (pictures) WHERE pictures <> '[]';
-- What was hidden, for who decides.
CREATE INDEX remarks_hidden ON remarks (id) WHERE state = 'hidden';
