"""Answers written by hand in four ways that mean the same: plain, in other words, in a dialect, in a learner's English.

Nobody said any of it. They are for tests of graders, which must give all four the same level.
"""

from enum import StrEnum

from msgspec import Struct


class Manner(StrEnum):
    """How an answer is worded."""

    PLAIN = "plain"
    PARAPHRASE = "paraphrase"
    DIALECT = "dialect"
    NON_NATIVE = "non_native"


class Worded(Struct, frozen=True, kw_only=True):
    """One answer to a question of a packaged rubric, in each manner."""

    rubric: str
    question: str
    plain: str
    paraphrase: str
    dialect: str
    non_native: str

    def text(self, manner: Manner) -> str:
        """The answer in a manner."""
        return {
            Manner.PLAIN: self.plain,
            Manner.PARAPHRASE: self.paraphrase,
            Manner.DIALECT: self.dialect,
            Manner.NON_NATIVE: self.non_native,
        }[manner]


SUPPORT = "customer-support/first-interview"
SALES = "sales/sdr-first-interview"

REWORDINGS = (
    Worded(
        rubric=SUPPORT,
        question="unclear-cause",
        plain=(
            "Last winter a customer of our bike shop said that her lamp kept going out. I asked her when it happened, and it was"
            " always on the way home. I tried her lamp on another bike and it worked, so the lamp was fine. Then I checked the"
            " cable on her own bike and found a crack. I replaced it, she rode home, and the next day she said it had stayed on."
        ),
        paraphrase=(
            "In the winter of last year somebody came to our bike shop because her lamp went off again and again. I asked her at"
            " what times, and she told me only when riding home. I put the lamp on a different bike, where it worked, which meant"
            " that the lamp was not to blame. After that I checked the cable of her bike and found a crack in it. I put in a new"
            " one, and a day later she reported that the light had stayed on."
        ),
        dialect=(
            "Last winter a customer in our bike shop was after telling me that her lamp kept going out on her. I asked her when it"
            " happened at all, and it was always on the way home. So I tried her lamp on another bike and sure it worked grand, so"
            " the lamp was fine. Then I checked the cable on her own bike, like, and found a crack in it. I replaced it, she rode"
            " home, and the next day she said it had stayed on."
        ),
        non_native=(
            "Last winter one customer of our bike shop said me that her lamp is always going out. I asked her when it happens, and"
            " it was always on way to home. I tried lamp of her on other bike and it worked, so lamp was ok. Then I checked cable"
            " on her bike and found a crack. I replaced it, she rode home and on next day she said that it stayed on."
        ),
    ),
    Worded(
        rubric=SUPPORT,
        question="late-order",
        plain=(
            "I am sorry that your order is five days late and that you had to write to us twice. I understand that you want to"
            " cancel. I have asked the courier where it is, and I will write to you today before five. If you prefer, I can cancel"
            " it now and you get your money back within three days. Please tell me which you would like."
        ),
        paraphrase=(
            "I am sorry: your order is five days late, and you had to write two times. I can see why you want to cancel. The"
            " courier has been asked by me where it is now, and you will hear from me before five today. Or, if you prefer that,"
            " I cancel it right now and the money is back with you in three days. Just tell me which of the two you would like."
        ),
        dialect=(
            "I'm right sorry that your order's five days late and that you've had to write to us twice. I understand that you're"
            " wanting to cancel. I've asked the courier where it's at, and I'll write to you today before five. If you prefer, I"
            " can cancel it now and you'll get your money back within three days. Please tell me which you'd like, love."
        ),
        non_native=(
            "I am sorry that your order is late for five days and that you must write us two times. I understand that you want"
            " cancel. I have asked to the courier where it is, and I will write you today before five. If you prefer, I can cancel"
            " it now and you get back your money in three days. Please tell me what you would like."
        ),
    ),
    Worded(
        rubric=SUPPORT,
        question="two-small-charges",
        plain=(
            "Your bank made these two charges of one euro to check that your card works. The money is not gone: you get it back"
            " within five days, and you do not have to do anything. If you still see the charges after that, please write to me"
            " and I will look into it with you."
        ),
        paraphrase=(
            "The two charges of one euro were made by your bank, which wanted to check whether your card works. You have not lost"
            " the money: within five days it comes back to you, without anything for you to do. Should the charges still be there"
            " after that, please write to me, and together we will look into it."
        ),
        dialect=(
            "Your bank's gone and made these two wee charges of one euro to check that your card works. The money's no away: you"
            " get it back within five days, and you do not have to do anything. If you're still seeing the charges after that,"
            " please write to me and I'll look into it with you."
        ),
        non_native=(
            "Your bank made this two charges of one euro for to check that your card works. The money is not lost: you get it back"
            " in five days, and you do not must do anything. If you still see the charges after this, please write to me and I"
            " will look in it with you."
        ),
    ),
    Worded(
        rubric=SUPPORT,
        question="promise-under-strain",
        plain=(
            "I promised my aunt that I would paint her fence by Saturday. On Thursday it started to rain, and the forecast was bad."
            " I called her the same evening, told her that it would be late, and offered to do it on Monday instead. She agreed."
            " On Monday I painted it, and I called her afterwards to ask whether she was happy with it."
        ),
        paraphrase=(
            "My aunt had my promise that her fence would be painted by Saturday. Then, on Thursday, rain began and the forecast"
            " looked bad. That same evening I called her and told her it would be late, and I offered Monday instead, which was"
            " fine with her. I painted it on Monday, and afterwards I called to hear whether she was happy with the result."
        ),
        dialect=(
            "I promised my auntie I'd paint her fence by Saturday. Come Thursday it started raining, and the forecast was bad so it"
            " was. I called her the same evening, told her it'd be late, and offered to do it Monday instead. She agreed to that."
            " On Monday I painted it, and I called her afterwards to ask was she happy with it."
        ),
        non_native=(
            "I promised to my aunt that I will paint her fence until Saturday. On Thursday it started to rain and forecast was bad."
            " I called her in same evening, told her that it will be late, and offered to make it on Monday instead. She agreed."
            " On Monday I painted it, and after I called her to ask if she is happy with it."
        ),
    ),
    Worded(
        rubric=SUPPORT,
        question="four-messages",
        plain=(
            "First the customer who cannot log in, because the meeting is at ten. Then the three with the payment error, since it"
            " is the same fault and more people may have it, so I tell the team that looks after payments. Then the refund from"
            " yesterday. My colleague can wait, and I tell her that I will help her with the form after ten."
        ),
        paraphrase=(
            "I begin with the customer who cannot log in, as there is a meeting at ten. The payment error comes next: three people"
            " have the same fault and more may follow, so I tell the team for payments about it. After that comes yesterday's"
            " refund. My colleague with the form can wait, and I tell her that I will help after ten."
        ),
        dialect=(
            "First off I'd do the customer who cannot log in, because the meeting's at ten, innit. Then them three with the payment"
            " error, since it's the same fault and more people may have it, so I tell the team that looks after payments. Then the"
            " refund from yesterday. My colleague can wait a bit, and I tell her I'll help her with the form after ten."
        ),
        non_native=(
            "First is the customer who cannot log in, because meeting is at ten. Then three with payment error, since it is same"
            " fault and more people can have it, so I tell to the team that looks after payments. Then refund from yesterday. My"
            " colleague can wait, and I tell her that I help her with the form after ten."
        ),
    ),
    Worded(
        rubric=SALES,
        question="many-open-matters",
        plain=(
            "For our school fair I had to ask thirty shops for prizes. I kept a list with the name, the day I asked and what they"
            " said. Every Friday I went through the list and called those who had not answered. In the end nineteen gave"
            " something, and I wrote to each of them to say thank you."
        ),
        paraphrase=(
            "When our school had a fair, thirty shops had to be asked for prizes, and that was my task. On a list I kept the name,"
            " the day I asked and the answer. I went through the list every Friday and called the ones without an answer. Nineteen"
            " gave something in the end, and each of them got a letter from me to say thank you."
        ),
        dialect=(
            "For our school fair I had to go ask thirty shops for prizes, y'all know how that goes. I kept me a list with the name,"
            " the day I asked and what they said. Every Friday I went through the list and called the ones that hadn't answered"
            " none. In the end nineteen gave something, and I wrote to each of them to say thank you."
        ),
        non_native=(
            "For fair of our school I had to ask thirty shops about prizes. I kept one list with name, the day when I asked and"
            " what they said. Every Friday I went through the list and called these who did not answered. In the end nineteen gave"
            " something, and I wrote to each from them to say thank you."
        ),
    ),
    Worded(
        rubric=SALES,
        question="feedback-on-a-task",
        plain=(
            "My trainer told me that I speak too fast when I explain our tickets. I asked her for an example, and she played me a"
            " call. I practised with a timer for a week and left a pause after each point. Two weeks later I asked her to listen"
            " again, and she said that it was much clearer."
        ),
        paraphrase=(
            "I was told by my trainer that my speech is too fast when I explain our tickets. So I asked her for an example, and we"
            " listened to a call. For a week I practised with a timer and made a pause after every point. I asked her to listen"
            " again two weeks later, and in her view it was much clearer."
        ),
        dialect=(
            "My trainer told me I speak too fast when I'm explaining our tickets, eh. I asked her for an example, and she played me"
            " a call. I practised with a timer for a whole week and left a wee pause after each point. Two weeks later I asked her"
            " to have a listen again, and she said it was much clearer, so it was."
        ),
        non_native=(
            "My trainer said me that I speak too fast when I explain our tickets. I asked her for example, and she played to me one"
            " call. I practised with timer one week and left a pause after each point. Two weeks after I asked her to listen again,"
            " and she said that it was much more clear."
        ),
    ),
    Worded(
        rubric=SALES,
        question="happy-with-supplier",
        plain=(
            "I am glad that it works well for you. May I ask one thing: what would you change about it if you could? If nothing,"
            " that is fine, and I will not take more of your time. If there is something, I could send you one page on how others"
            " solved it, and you decide whether we speak again."
        ),
        paraphrase=(
            "It is good to hear that you are well served. One question, if I may ask it: if you could change something about it,"
            " what would that be? Nothing is a fine answer too, and then I take no more of your time. Otherwise I could send you a"
            " page about how others solved it, and whether we speak again is for you to decide."
        ),
        dialect=(
            "Ah, I'm glad it's working well for you, so I am. May I ask you just the one thing: what would you change about it if"
            " you could? If it's nothing, that's grand, and I'll not take more of your time. If there's something, I could send"
            " you one page on how others solved it, and you decide will we speak again."
        ),
        non_native=(
            "I am glad that it works good for you. May I ask one thing: what you would change about it if you could? If nothing,"
            " it is fine, and I will not take more of your time. If there is something, I could send to you one page about how"
            " others solved it, and you decide if we speak again."
        ),
    ),
)
