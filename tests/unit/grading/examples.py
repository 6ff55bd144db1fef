"""A small rubric and small transcripts for the tests of grading."""

from collections.abc import Mapping

from orchestrator.domain.scorecard import Prepared, prepare
from orchestrator.domain.transcript import Transcript, plan, transcript_of
from rubrics.schema import Anchor, Band, Competency, EscoSkill, Indicator, Practice, Question, Rubric

ESCO = EscoSkill(uri="http://data.europa.eu/esco/skill/0", label="skill")
ANSWERS = {
    "one": "When I was at my last job, a customer could not log in. I asked what error she saw and reproduced it in the log.",
    "two": "I told them early that it would be late. In the end I delivered it on Friday and they thanked me.",
}


def competency(name: str, weight: float = 1.0, **cues: tuple[str, ...]) -> Competency:
    """A competency whose five anchors have one indicator each, ``<name>-<level>-shown``; cues by ``level_<n>``."""
    return Competency(
        id=name,
        name=name.replace("-", " ").capitalize(),
        definition="What a person does.",
        job_relevance="The job needs it.",
        weight=weight,
        esco=(ESCO,),
        anchors=tuple(
            Anchor(
                level=level,
                behaviour=f"Shows level {level}.",
                indicators=(
                    Indicator(id=f"{name}-{level}-shown", text=f"Shown {level}", cues=cues.get(f"level_{level}", ())),
                ),
            )
            for level in range(1, 6)
        ),
    )


RUBRIC = Rubric(
    id="test/small",
    version="1.0.0",
    title="Small",
    role_family="test",
    language="en",
    purpose="Tests.",
    job_analysis="None.",
    practice=Practice(text="Practice?", hint="Hint."),
    competencies=(competency("causes", 2.0), competency("promises")),
    questions=(
        Question(id="one", text="How did you find the cause?", why="Work.", competencies=("causes",), minutes=2),
        Question(id="two", text="How did you keep a promise?", why="Work.", competencies=("promises",), minutes=2),
    ),
    bands=(
        Band(key="strong", label="Strong evidence", cut=4.2),
        Band(key="mixed", label="Mixed evidence", cut=1.0),
        Band(key="not_enough", label="Not enough evidence"),
    ),
)


def conversation(answers: Mapping[str, str] | None = None, rubric: Rubric = RUBRIC) -> Transcript:
    """A transcript of the rubric's questions with these answers."""
    return transcript_of(plan(rubric), ANSWERS if answers is None else answers)


def prepared(transcript: Transcript) -> Prepared:
    """Blinded with one made-up identity."""
    return prepare(transcript, names=("Ada Quill",), contacts=("ada.quill@example.org", "+44 20 7946 0018"))
