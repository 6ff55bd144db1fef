"""Made-up interviews to the packaged rubrics: strong, middling and weak answers by question id. Nobody said any of it."""

from collections.abc import Mapping

SUPPORT_STRONG: Mapping[str, str] = {
    "unclear-cause": (
        "Last spring, at my job in a phone shop, a customer could not receive pictures, and nobody knew why. I asked her what"
        " she saw on the screen and when it had started. It worked for others on the same network, so I ruled out the network."
        " Then I reproduced it on a test phone with her settings. As soon as we changed one thing, the saved access point, the"
        " pictures came through, and when I changed it back they stopped. I asked her to try it again at home, and I called her"
        " a week later to hear whether it still worked. Then I wrote a guide for the team, and we had no more reports of it."
        " I had promised her news by six, and told her right away when I knew that it would take until noon the next day."
    ),
    "late-order": (
        "I am sorry that your order is five days late and that you had to write twice. We let you down, and I will handle this"
        " myself. I have asked the courier where the parcel is and I will write to you by noon today with what they say. Would"
        " you prefer a new parcel by express, or a full refund today? If you need it by a certain day, tell me, and I will see"
        " whether that works. Once it arrives I will check back with you. I will also find out why the first message was missed."
    ),
    "two-small-charges": (
        "Good news: no money has been taken from you. Your bank makes two small charges of one euro to make sure your card"
        " works, a bit like knocking on a door to see if someone is there. You will see them as two lines on your statement, and"
        " the bank gives them back within five days. You do not need to do anything. If they are still there after five days,"
        " reply to this message and ask for me, and I will call the bank with you. Does this answer your question?"
    ),
    "promise-under-strain": (
        "When I was in a student club I promised a speaker that her slides would be printed by Friday. On Wednesday the printer"
        " broke. As soon as I knew, I told her it would be close and offered to send a file in advance. In the meantime I"
        " called a copy shop and asked a colleague to fetch the paper. I had set a reminder for each step, so I saw on"
        " Thursday that they were behind, and I went to see them. She had the slides two hours before the talk, and I checked"
        " that they had the right colours. From then on I ask for the printer's schedule before I promise a date."
    ),
    "four-messages": (
        "First a quick reply to all, so that they know they were seen and when I will answer. The login comes first because the"
        " meeting is at ten and it takes only five minutes. The three customers have the same error, so it is one fault that"
        " affects more people: I raise it with the payments team at once, with order numbers and the time it started. While"
        " they look, I reset the login. The refund can wait until after that, and I ask my colleague to wait with the form."
        " Every fifteen minutes I check the queue again and change the order if more reports come."
    ),
}
SUPPORT_MIDDLING: Mapping[str, str] = {
    "unclear-cause": (
        "My neighbour said that her internet was slow. I asked when it happened and which device she used. It was mostly in the"
        " evening on the laptop, so I checked the router and found that it stood behind the fridge. We moved it and it was"
        " better. I let her know that she could call me again if it came back, and she was happy."
    ),
    "late-order": (
        "I can see that your order is five days late and I understand that this is frustrating. I am sorry that your message"
        " was not answered. I will check with the courier where it is. If you want, we cancel it for you and return the money."
    ),
    "two-small-charges": (
        "These two charges are made by your bank to check the card when it is used for the first time. They are one euro each"
        " and will be given back within five days. Thank you for asking, and have a nice day."
    ),
    "promise-under-strain": (
        "I promised my sister that I would fix her bike before her holiday. Then I had to work longer that week. I told her it"
        " would take until Saturday instead of Thursday and explained that I was needed at work. I got it done on Saturday"
        " morning and gave it back to her before she left."
    ),
    "four-messages": (
        "I would start with the customer who cannot log in, because the meeting at ten is soon and there is a clear time limit."
        " Then I would look at the payment error. The refund can wait a little because it has no fixed hour. The form is the"
        " least urgent, so I would do that at the end when the customers are answered."
    ),
}
SUPPORT_WEAK: Mapping[str, str] = {
    "unclear-cause": (
        "A friend had a problem with a laptop once. I told them to restart it and do the usual fix that people always do. In the"
        " end it was user error anyway, and we never found out more. Most people never read what is on the screen."
    ),
    "late-order": (
        "Sorry for the inconvenience. Please be patient, the parcel should arrive soon. The courier is late, that is not our"
        " fault, and there is no need to write in capital letters. That is our policy and nothing I can do about it here."
    ),
    "two-small-charges": (
        "Hello, these things happen a lot with cards and with online shops in general these days. Please contact your bank, they"
        " know better than us. It is an authorisation hold from the card issuer, so do not worry about it."
    ),
    "promise-under-strain": (
        "I once promised a friend to help with moving house. Then I was too busy that week and I forgot about it. When they asked"
        " I said sorry later, but they never told me the exact hour, so it was not up to me alone in my opinion."
    ),
    "four-messages": (
        "They are all the same to me, so it does not matter much. I would pick one and just start, maybe the easy ones first to"
        " get them out of the way. The rest I would do one after the other, in the order they came in."
    ),
}
SALES_STRONG: Mapping[str, str] = {
    "first-message": (
        "Hello, I read that you opened a third depot last month. My guess, and I may be wrong, is that with three depots some"
        " routes now overlap and your planners decide by hand which depot serves which shop. Our tool plans the routes each"
        " morning so that your drivers make fewer empty miles. A wholesaler of similar size went from 41 to 33 trips a day."
        " How do you plan the border areas today? If this is not your topic, just say no or point me to the right person."
    ),
    "price-list-request": (
        "Thank you for writing. The price depends on the number of vehicles, and ranges from 20 to 35 euros for each. So that I"
        " can send the right figure: how do you plan today, and how long does it take? What made you think of next year, and"
        " what happens if nothing changes until then? Who else would be involved in the decision? If I understand you right,"
        " there is no hurry, and it may be better to wait. Then we could agree on a date in September, and I will note it."
    ),
    "happy-with-supplier": (
        "Good to hear that it works, thanks for telling me. Would it be okay if I ask one question, and then you can tell me"
        " whether to go? What do you like most about them? And if you could change one thing, what would it be? Since you said"
        " that reports take a day, that is where we work alongside a supplier, not to replace them. Does that sound useful? If"
        " not, I will leave you in peace, and could I ask when your contract is up for renewal?"
    ),
    "many-open-matters": (
        "Last year I asked 140 alumni to mentor students at our school. I kept a spreadsheet with a next step and a date for each,"
        " and worked through it every morning at nine. I sorted them by how likely they were to say yes. After each call I"
        " wrote the note the same day, so that anyone could take over. On the third try I changed the message and called"
        " instead of writing. I counted the answers: the reply rate went from 12 to 31 per cent, because the numbers showed"
        " that Tuesday worked better, so I moved my calls. After five tries I stopped and closed it."
    ),
    "feedback-on-a-task": (
        "In my job at a museum my lead told me that my tours were too long and too fast at the end. I asked her to show me which"
        " part, and asked for an example. Then I recorded myself and practised every day for two weeks. I compared before and"
        " after: the tour went from 70 to 52 minutes, and guests noticed the difference. I asked her to look again, and"
        " she said it was clear now. Since then I always time a talk, and I showed others how to do it."
    ),
}
SALES_MIDDLING: Mapping[str, str] = {
    "first-message": (
        "Hello, congratulations on the new depot that Hale Foods opened. Planning deliveries for so many shops takes a lot of"
        " time. We make a tool that does this for wholesalers. Could we talk for a short call next week about it?"
    ),
    "price-list-request": (
        "Thank you for the answer. Here are our basic prices for small and large fleets. What are you looking for, and why next"
        " year? When I know more about your plans I can tell you which package would suit your company."
    ),
    "happy-with-supplier": (
        "That makes sense, and I respect that. May I ask which supplier you use and how long you have been with them? I would"
        " only like to know what matters to a company like yours before I say goodbye for today."
    ),
    "many-open-matters": (
        "I organised the summer party of our sports club and had to ask about forty people for help. I kept a spreadsheet with"
        " all the names and a due date for each task. Once a week I went through it and wrote to people who were late."
    ),
    "feedback-on-a-task": (
        "My teacher told me that my presentation was not clear because I had too much text. So I started to use pictures and"
        " only a few words instead of long paragraphs. I used that in my next presentation in another course."
    ),
}
SALES_WEAK: Mapping[str, str] = {
    "first-message": (
        "Dear Sir or Madam, I hope this email finds you well. We are a leading company and our product has many features. We"
        " offer solutions for companies like yours that save time and money. Buy today and cut your costs in half, guaranteed."
    ),
    "price-list-request": (
        "I would send the price list at once with a discount if they sign now, because prices go up soon. Then I would wait for"
        " an answer. Next year is too late for my numbers, so I would try to convince them and close the deal today."
    ),
    "happy-with-supplier": (
        "We are better than them and it would be a big mistake to stay, since everyone is leaving them. We have more features and"
        " we can offer a discount and a better price than anyone. If they still say no I would just hang up and call the next number."
    ),
    "many-open-matters": (
        "I had no system, I keep most things in my head and I have a good memory. For a group project I had to remind many"
        " people. It got messy and I lost track of some of them, and in the last weeks I gave up on the slow ones."
    ),
    "feedback-on-a-task": (
        "My boss once said something about how I packed the boxes. I think they were wrong and it was unfair, so I ignored it and"
        " kept doing it my way. Nobody told me anything after that, so there was no reason to change in my view."
    ),
}
INTERVIEWS: Mapping[str, tuple[Mapping[str, str], Mapping[str, str], Mapping[str, str]]] = {
    "customer-support/first-interview": (SUPPORT_STRONG, SUPPORT_MIDDLING, SUPPORT_WEAK),
    "sales/sdr-first-interview": (SALES_STRONG, SALES_MIDDLING, SALES_WEAK),
}
