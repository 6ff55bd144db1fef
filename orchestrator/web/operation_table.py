"""What every route is called, takes and answers: the part of the API description that no signature says.

One row per method and path. Responses that a whole group of routes shares stand with the group in ``openapi.py``.
"""

from collections.abc import Mapping

from msgspec import Struct

PAGE = "text/html"
JSON = "application/json"
PLAIN = "text/plain"
ANY = "*/*"

PAGE_OK = {"200": ("The page.", PAGE)}
ONWARD = {"303": ("On to the page that fits where things stand.", "")}
DONE = {"303": ("Done; on to the next page.", "")}
TO_MEND = {"422": ("The page again, with what to mend and everything that was typed.", PAGE)}
MOVED_ON = {"409": ("Something changed meanwhile; the page says what.", PAGE)}

GRADER_AWAY = {"503": ("The grader cannot be reached now; the page with everything that was typed.", PAGE)}


class Operation(Struct, frozen=True, kw_only=True):
    """One row.

    ``answers`` maps a status to what it means and its media type (empty: no body). ``form`` maps each field of the
    form to what it is; ``needed`` are those that must be there. ``query`` maps parameters of the address.
    """

    id: str
    summary: str
    answers: Mapping[str, tuple[str, str]]
    form: Mapping[str, str] | None = None
    needed: tuple[str, ...] = ()
    query: Mapping[str, str] = {}


_REASON = {"reason": "Why, in the reviewer's words: at most 2,000 characters."}
_ANSWER = {
    "answer": "The whole answer: at most 8,000 characters.",
    "revision": "The number of the saved answer on top of which this one was written: up to nine digits.",
}
_LEVELS = {
    "level-{competency}": '1 to 5, or none for "not enough evidence"; one field for each competency.',
    "note-{competency}": "Words beside that level: at most 2,000 characters.",
}
_TOLD = {"told": "What the page confirms; unknown words are ignored."}

OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("POST", "/hooks/{connection}"): Operation(
        id="receiveDelivery",
        summary="Take one webhook delivery of an ATS",
        answers={
            "2XX": ("Stored, or a duplicate or a ping; the exact status is the one that the vendor expects.", JSON)
        },
    ),
    ("POST", "/hooks/{connection}/{capability}"): Operation(
        id="receiveDeliveryAtCapability",
        summary="Take one webhook delivery of an ATS that cannot sign",
        answers={
            "2XX": ("Stored, or a duplicate or a ping; the exact status is the one that the vendor expects.", JSON)
        },
    ),
    ("GET", "/partner/{connection}/{path}"): Operation(
        id="askAsPartner",
        summary="Answer what an ATS asks about interviews that can be ordered in it",
        answers={"2XX": ("The answer as the vendor reads it.", JSON)},
    ),
    ("POST", "/partner/{connection}/{path}"): Operation(
        id="orderAsPartner",
        summary="Take an order, a cancellation or a question of an ATS",
        answers={
            "2XX": ("The answer as the vendor reads it; an order is stored.", JSON),
            "4XX": ("The refusal as the vendor reads it; a recruiter may see its words.", JSON),
        },
    ),
    ("GET", "/healthz"): Operation(id="health", summary="Is the process alive?", answers={"200": ("It is.", PLAIN)}),
    ("GET", "/readyz"): Operation(id="readiness", summary="Can it do its work?", answers={"200": ("It can.", PLAIN)}),
    ("GET", "/static/{digest}/{name}"): Operation(
        id="asset", summary="A style sheet, script or picture", answers={"200": ("The file.", ANY)}
    ),
    ("GET", "/i/{token}"): Operation(
        id="welcome", summary="The interview behind a candidate's link", answers={**PAGE_OK, **ONWARD}
    ),
    ("POST", "/i/{token}/begin"): Operation(
        id="begin",
        summary="Agree to the notice and begin",
        form={"notice_hash": "The hash of the notice that was shown."},
        answers={**DONE, **MOVED_ON},
    ),
    ("GET", "/i/{token}/practice"): Operation(
        id="practice", summary="A question to try", answers={**PAGE_OK, **ONWARD}
    ),
    ("POST", "/i/{token}/practice"): Operation(
        id="endPractice", summary="Go on to the questions", form={}, answers=DONE
    ),
    ("GET", "/i/{token}/questions/{number}"): Operation(
        id="question", summary="One question", answers={**PAGE_OK, **ONWARD}
    ),
    ("POST", "/i/{token}/questions/{number}"): Operation(
        id="answerQuestion",
        summary="Keep an answer and go on",
        form={**_ANSWER, "go": "Where to go: next (also where it is missing), back or check."},
        needed=("answer",),
        answers={**DONE, **MOVED_ON, **TO_MEND},
    ),
    ("POST", "/i/{token}/questions/{number}/draft"): Operation(
        id="saveDraft",
        summary="Keep an answer while it is being written",
        form=_ANSWER,
        needed=("answer",),
        answers={"200": ("Saved: `saved_at` and the new `revision`.", JSON)},
    ),
    ("GET", "/i/{token}/questions/{number}/more/{at}"): Operation(
        id="followUp", summary="One more question about a question", answers={**PAGE_OK, **ONWARD}
    ),
    ("POST", "/i/{token}/questions/{number}/more/{at}"): Operation(
        id="answerFollowUp",
        summary="Keep the answer to a follow-up, or pass it over, and go on",
        form={**_ANSWER, "go": "Where to go: next (also where it is missing), skip or back."},
        needed=("answer",),
        answers={**DONE, **MOVED_ON, **TO_MEND},
    ),
    ("POST", "/i/{token}/questions/{number}/more/{at}/draft"): Operation(
        id="saveFollowUpDraft",
        summary="Keep the answer to a follow-up while it is being written",
        form=_ANSWER,
        needed=("answer",),
        answers={
            "200": ("Saved: `saved_at` and the new `revision`.", JSON),
            "409": ("That follow-up was not asked, or is over.", ANY),
        },
    ),
    ("GET", "/i/{token}/check"): Operation(id="check", summary="All answers", answers={**PAGE_OK, **ONWARD}),
    ("POST", "/i/{token}/submit"): Operation(id="submit", summary="Hand in", form={}, answers={**DONE, **TO_MEND}),
    ("GET", "/i/{token}/done"): Operation(id="done", summary="What happens next", answers={**PAGE_OK, **ONWARD}),
    ("GET", "/i/{token}/answers.txt"): Operation(
        id="ownAnswers", summary="One's own answers as a file", answers={"200": ("The answers.", PLAIN)}
    ),
    ("GET", "/i/{token}/help"): Operation(
        id="help",
        summary="Ask for a person or an adjustment",
        query={"kind": "What is chosen beforehand."},
        answers=PAGE_OK,
    ),
    ("POST", "/i/{token}/help"): Operation(
        id="askForHelp",
        summary="Send a request for a person or an adjustment",
        form={"kind": "What would help.", "message": "In the candidate's own words."},
        answers={**DONE, **TO_MEND},
    ),
    ("POST", "/i/{token}/withdraw"): Operation(
        id="withdraw", summary="End the interview", form={}, answers={**PAGE_OK, **ONWARD}
    ),
    ("GET", "/sign-in"): Operation(
        id="showSignIn",
        summary="The sign-in form",
        query={"next": "The team page to go to afterwards; anything else leads to the queue."},
        answers={**PAGE_OK, **ONWARD},
    ),
    ("POST", "/sign-in"): Operation(
        id="signIn",
        summary="Start a session",
        form={"email": "E-mail address.", "password": "Password.", "next": "As in the form's address."},
        answers={**DONE, **TO_MEND},
    ),
    ("POST", "/sign-out"): Operation(id="signOut", summary="End the session", form={}, answers=DONE),
    ("GET", "/review"): Operation(
        id="reviewQueue",
        summary="The review queue",
        query={"show": "mine or unassigned; anything else is everybody's."},
        answers=PAGE_OK,
    ),
    ("GET", "/review/quality"): Operation(
        id="reviewQuality", summary="How reviewing goes: pace and differing per reviewer", answers=PAGE_OK
    ),
    ("GET", "/review/applications/{application_id}"): Operation(
        id="caseOfApplication", summary="Where an application waits for a decision", answers=ONWARD
    ),
    ("GET", "/review/{case_id}"): Operation(id="reviewCase", summary="One case with its evidence", answers=PAGE_OK),
    ("POST", "/review/{case_id}/decision"): Operation(
        id="decideResult",
        summary="Confirm or override a result",
        form={"band": "The band that the evidence supports.", **_REASON},
        answers={**DONE, **MOVED_ON, **TO_MEND},
    ),
    ("POST", "/review/{case_id}/reading"): Operation(
        id="readBlind",
        summary="Choose a band before the software's is shown",
        form={"band": "The band that the answers support."},
        answers={**DONE, **MOVED_ON, **TO_MEND},
    ),
    ("POST", "/review/{case_id}/undo"): Operation(
        id="undoDecision", summary="Take one's own decision back", form={}, answers={**DONE, **MOVED_ON}
    ),
    ("POST", "/review/{case_id}/assign"): Operation(
        id="assignCase",
        summary="Give a case to somebody, or to nobody",
        form={"to": "The id of an account; empty: nobody."},
        answers={**DONE, **MOVED_ON, **TO_MEND},
    ),
    ("POST", "/review/{case_id}/close"): Operation(
        id="closeCase",
        summary="Close a case without a band",
        form=_REASON,
        answers={**DONE, **MOVED_ON, **TO_MEND},
    ),
    ("POST", "/review/{case_id}/ask-again"): Operation(
        id="askAgain",
        summary="Ask the candidate again, where the answers could not be read",
        form=_REASON,
        answers={**DONE, **MOVED_ON, **TO_MEND},
    ),
    ("POST", "/review/{case_id}/answer"): Operation(
        id="answerRequest",
        summary="Answer a candidate's request",
        form={"resume": "yes to go on with a new link, no to hand over to a person.", **_REASON},
        answers={**DONE, **MOVED_ON, **TO_MEND},
    ),
    ("GET", "/calibration"): Operation(id="calibrationSessions", summary="Calibration sessions", answers=PAGE_OK),
    ("GET", "/calibration/new"): Operation(
        id="newCalibrationSession",
        summary="What a calibration session can be made of",
        query={"rubric": "The content hash of the rubric whose items are offered; without it, the rubrics."},
        answers=PAGE_OK,
    ),
    ("POST", "/calibration/new"): Operation(
        id="makeCalibrationSession",
        summary="Make a calibration session",
        form={
            "title": "What the session is for, without a candidate's name: at most 120 characters.",
            "rubric": "The content hash of the rubric.",
            "interviews": "Ids of interviews, one field each.",
            "gold": "Ids of gold items, one field each.",
            "raters": "Ids of accounts, one field each.",
        },
        answers={**DONE, **TO_MEND},
    ),
    ("GET", "/calibration/{session_id}"): Operation(
        id="calibrationSession", summary="One calibration session", answers=PAGE_OK
    ),
    ("GET", "/calibration/{session_id}/report"): Operation(
        id="calibrationReport", summary="How far the raters of a session agree", answers=PAGE_OK
    ),
    ("GET", "/calibration/{session_id}/items/{position}"): Operation(
        id="calibrationItem", summary="One item, blinded, to rate or to talk about", query=_TOLD, answers=PAGE_OK
    ),
    ("POST", "/calibration/{session_id}/items/{position}/ratings"): Operation(
        id="rateCalibrationItem",
        summary="Keep a rater's levels of one item",
        form=_LEVELS,
        answers={**DONE, **MOVED_ON, **TO_MEND},
    ),
    ("POST", "/calibration/{session_id}/items/{position}/agreed"): Operation(
        id="agreeOnCalibrationItem",
        summary="Note what was agreed about one item",
        form=_LEVELS,
        answers={**DONE, **MOVED_ON, **TO_MEND},
    ),
    ("POST", "/calibration/{session_id}/hand-in"): Operation(
        id="handInRatings",
        summary="Hand in one's ratings; the last rater's word reveals the session",
        form={},
        answers={**DONE, **MOVED_ON, **TO_MEND},
    ),
    ("POST", "/calibration/{session_id}/reveal"): Operation(
        id="revealCalibration",
        summary="Show every rating, though some have not handed in",
        form={},
        answers={**DONE, **MOVED_ON, **TO_MEND},
    ),
    ("POST", "/calibration/{session_id}/close"): Operation(
        id="closeCalibration", summary="End a session for good", form={}, answers={**DONE, **MOVED_ON}
    ),
    ("GET", "/rehearsal"): Operation(id="rehearsals", summary="Programs that can be rehearsed", answers=PAGE_OK),
    ("GET", "/rehearsal/{program}"): Operation(id="rehearsal", summary="Rehearsal of a program", answers=PAGE_OK),
    ("POST", "/rehearsal/{program}/simulated"): Operation(
        id="rehearseSimulated",
        summary="Let simulated candidates take the interview; nothing is kept",
        form={"persona": "Who takes it; everybody for all of them."},
        answers={**PAGE_OK, **TO_MEND, **GRADER_AWAY},
    ),
    ("POST", "/rehearsal/{program}/answers"): Operation(
        id="rehearseAnswers",
        summary="Take the interview oneself; nothing is kept",
        form={"answer-{question}": "One's own answer: at most 8,000 characters; one field for each question."},
        answers={**PAGE_OK, **TO_MEND, **GRADER_AWAY},
    ),
    ("GET", "/rescorings/{interview_id}"): Operation(
        id="rescorings", summary="Later readings of an interview, and which change moved them", answers=PAGE_OK
    ),
    ("POST", "/rescorings/{interview_id}/use"): Operation(
        id="useReading",
        summary="Use a later reading in the place of what stands, or agree with a colleague who chose it",
        form={
            "rescoring": "The id of the reading.",
            "seen": "The id of a person's decision that would be replaced, where there is one.",
            **_REASON,
        },
        answers={**DONE, **MOVED_ON, **TO_MEND},
    ),
    ("POST", "/rescorings/{interview_id}/undo"): Operation(
        id="undoUse", summary="Take one's own choice of a reading back", form={}, answers={**DONE, **MOVED_ON}
    ),
    ("GET", "/results/{audit_ref}"): Operation(
        id="result", summary="One final result with what explains it", query=_TOLD, answers=PAGE_OK
    ),
    ("POST", "/results/{audit_ref}/link/revoke"): Operation(
        id="revokeResultLink",
        summary="End the result link of a result, for good",
        form={"reason": "Why: at most 2,000 characters."},
        answers={**DONE, **TO_MEND},
    ),
    ("POST", "/operations/applications/{application_id}/link/revoke"): Operation(
        id="revokeLinkOfApplication",
        summary="End the newest result link of an application, for good",
        form={"reason": "Why: at most 2,000 characters."},
        answers={**DONE, **TO_MEND},
    ),
    ("GET", "/r/{token}"): Operation(
        id="resultLink",
        summary="What the ATS was told, for somebody without an account",
        answers={**PAGE_OK, "303": ("Somebody is signed in: on to the whole result.", "")},
    ),
    ("GET", "/operations"): Operation(
        id="operations",
        summary="How Evenhand runs, and what needs a person",
        query={"show": "attention, applications or sync.", **_TOLD},
        answers=PAGE_OK,
    ),
    ("GET", "/operations/doctor"): Operation(id="doctor", summary="What the doctor looks at", answers=PAGE_OK),
    ("POST", "/operations/doctor"): Operation(
        id="askDoctor", summary="Look at everything: what is wrong, and what mends it", form={}, answers=PAGE_OK
    ),
    ("GET", "/operations/applications/{application_id}"): Operation(
        id="timeline", summary="Everything that happened to one application", query=_TOLD, answers=PAGE_OK
    ),
    ("POST", "/operations/applications/{application_id}/extend"): Operation(
        id="extend", summary="Send the candidate a new link with new time", form={}, answers=DONE
    ),
    ("POST", "/operations/quarantine/{quarantine_id}/map"): Operation(
        id="mapStage",
        summary="Say what a customer's stage is",
        form={"kind": "The canonical stage."},
        answers={**DONE, **TO_MEND},
    ),
    ("GET", "/operations/connections/{connection}"): Operation(
        id="connection", summary="What a connection signs in with, and when that ends", query=_TOLD, answers=PAGE_OK
    ),
    ("POST", "/operations/connections/{connection}/consent"): Operation(
        id="askConsent",
        summary="Ask the vendor for consent: a link, good once, for ten minutes and for this session",
        form={},
        answers={**PAGE_OK, **TO_MEND},
    ),
    ("GET", "/operations/connections/{connection}/consent/answer"): Operation(
        id="consentAnswer",
        summary="Where the vendor sends the browser back to",
        query={"state": "What was asked with.", "code": "What becomes tokens; missing where consent was not given."},
        answers={**ONWARD, **MOVED_ON, **TO_MEND},
    ),
    ("POST", "/operations/stops"): Operation(
        id="stop",
        summary="Send nothing more to candidates or ATSs",
        form={"reach": "everything, connection:KEY or program:KEY.", "reason": "Why: at most 2,000 characters."},
        answers={**DONE, **MOVED_ON, **TO_MEND},
    ),
    ("POST", "/operations/stops/resume"): Operation(
        id="letGo",
        summary="Let what was stopped go on",
        form={"reach": "What was stopped.", "reason": "Why: at most 2,000 characters."},
        answers={**DONE, **TO_MEND},
    ),
    ("POST", "/operations/connections/{connection}/resume"): Operation(
        id="resumeConnection", summary="Let a paused connection go on", form={}, answers=DONE
    ),
    ("POST", "/operations/work/{work_id}/replay"): Operation(
        id="replayWork", summary="Try a dead letter again", form={}, answers=DONE
    ),
    ("POST", "/operations/work/{work_id}/done"): Operation(
        id="doneByHand",
        summary="Close a dead letter that a person settled",
        form={"reason": "How it was settled."},
        answers={**DONE, **TO_MEND},
    ),
}
