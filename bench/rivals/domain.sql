CREATE TABLE placed (id bigserial PRIMARY KEY, job integer NOT NULL, note text NOT NULL);
CREATE TABLE finished (id bigserial PRIMARY KEY, job integer NOT NULL, note text NOT NULL);
