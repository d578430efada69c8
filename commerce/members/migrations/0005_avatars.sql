-- Who shows a picture is asked whenever one may go or be withheld.
CREATE INDEX members_avatar ON members (avatar) WHERE avatar <> '';
