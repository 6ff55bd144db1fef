CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS api_keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  digest TEXT NOT NULL UNIQUE,
  scopes TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS key_ends (name TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  title TEXT NOT NULL,
  department TEXT,
  location TEXT,
  requisition_ref TEXT,
  status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
  updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS stages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id INTEGER NOT NULL REFERENCES jobs (id),
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  kind TEXT CHECK (kind IN ('hired', 'rejected', 'withdrawn')),
  UNIQUE (job_id, name)
) STRICT;

CREATE TABLE IF NOT EXISTS candidates (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  emails TEXT NOT NULL,
  phones TEXT NOT NULL,
  locale TEXT,
  time_zone TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS applications (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  candidate_id INTEGER NOT NULL REFERENCES candidates (id),
  job_id INTEGER NOT NULL REFERENCES jobs (id),
  stage_id INTEGER NOT NULL REFERENCES stages (id),
  source TEXT,
  updated_at TEXT NOT NULL,
  UNIQUE (candidate_id, job_id)
) STRICT;
CREATE INDEX IF NOT EXISTS applications_updated ON applications (updated_at, id);

CREATE TABLE IF NOT EXISTS stage_history (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  application_id INTEGER NOT NULL REFERENCES applications (id),
  stage_id INTEGER NOT NULL REFERENCES stages (id),
  entered_at TEXT NOT NULL,
  left_at TEXT,
  by TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS stage_history_one_open ON stage_history (application_id) WHERE left_at IS NULL;

CREATE TABLE IF NOT EXISTS fields (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('text', 'long_text', 'number', 'url', 'select')),
  options TEXT NOT NULL,
  max_length INTEGER
) STRICT;

CREATE TABLE IF NOT EXISTS field_values (
  application_id INTEGER NOT NULL REFERENCES applications (id),
  field_id INTEGER NOT NULL REFERENCES fields (id),
  value TEXT NOT NULL,
  PRIMARY KEY (application_id, field_id)
) STRICT;

CREATE TABLE IF NOT EXISTS notes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  application_id INTEGER NOT NULL REFERENCES applications (id),
  body TEXT NOT NULL,
  author TEXT NOT NULL,
  visibility TEXT NOT NULL CHECK (visibility IN ('private', 'team')),
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS activity (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  application_id INTEGER NOT NULL REFERENCES applications (id),
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT,
  old TEXT,
  new TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS webhooks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  url TEXT NOT NULL UNIQUE,
  secret TEXT NOT NULL,
  events TEXT NOT NULL,
  active INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, at TEXT NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  webhook_id INTEGER NOT NULL REFERENCES webhooks (id),
  event_id INTEGER NOT NULL REFERENCES events (id),
  event_type TEXT NOT NULL,
  body TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'given_up')),
  attempts INTEGER NOT NULL,
  due_at TEXT NOT NULL,
  last_answer TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (status, due_at);
