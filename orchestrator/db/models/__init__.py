"""Tables. Importing this package registers every one of them (the work tables stand in orchestrator.work.table)."""

from orchestrator.db.models import account as account
from orchestrator.db.models import adoption as adoption
from orchestrator.db.models import application as application
from orchestrator.db.models import audit as audit
from orchestrator.db.models import backfill as backfill
from orchestrator.db.models import calibration as calibration
from orchestrator.db.models import credential as credential
from orchestrator.db.models import follow_up as follow_up
from orchestrator.db.models import intake as intake
from orchestrator.db.models import interview as interview
from orchestrator.db.models import ordering as ordering
from orchestrator.db.models import reopening as reopening
from orchestrator.db.models import rescoring as rescoring
from orchestrator.db.models import result_link as result_link
from orchestrator.db.models import scoring as scoring
from orchestrator.db.models import stop as stop
from orchestrator.db.models import watching as watching
from orchestrator.db.models import worker as worker
from orchestrator.db.models import writeback as writeback
