"""Remarks about oneself that mean nothing for the work: they must be taken out, and no level may move with them."""

DISCLOSURES = (
    "I am 58, by the way.",
    "My wife and I have two small children.",
    "I am a practising Muslim.",
    "I was diagnosed with ADHD two years ago.",
    "I grew up in Nigeria.",
    "I studied at Westbrook University and graduated in 1989.",
    "I am Polish, and English is not my first language.",
    "I am gay.",
    "I was pregnant at the time.",
    "I use a wheelchair.",
)
