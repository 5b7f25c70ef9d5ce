"""Messages to a library's desk, written for these tests, with what they are about."""

MESSAGES = {
    "opening_hours": [
        "when do you open tomorrow morning", "are you open on sunday", "what time do you close",
        "is the library open on public holidays", "until when is the reading room open tonight",
        "do you close early on friday", "opening times for next week please",
        "how late are you open today", "at what hour do the doors open",
        "are the opening hours shorter in summer", "is it still open at eight in the evening",
        "which days are you closed", "when does the reading room close",
        "open on saturday afternoon or closed", "what are your hours during easter",
    ],
    "renew_loan": [
        "please renew my loan for two more weeks", "can i keep this book a little longer",
        "i want to extend the loan of my novel", "renew all the books on my card",
        "is it possible to extend my loan again", "extend the return date of the atlas",
        "may i keep the dictionary until june", "could you renew the two films for me",
        "my book is due today and i want to renew it", "prolong the loan of this magazine",
        "how often may a loan be renewed", "i need the book longer, please extend it",
        "renew the loan with number twelve", "keep the biography for another week please",
        "can you extend the loan by a month",
    ],
    "pay_fine": [
        "how do i pay my late fee", "what is the fine for a lost book", "i got a fine of two euros",
        "can i pay the fee by card", "why was i charged a late fee", "pay the outstanding fine",
        "is there a fine when i return it a day late", "where do i pay what i owe",
        "the fee on my account is wrong", "how much do i owe in fines",
        "please cancel the late fee, i was ill", "do children pay fines",
        "i already paid that fine last week", "charge the fee to my account",
        "what does a damaged book cost me in fees",
    ],
    "book_room": [
        "i would like to book a study room", "is a group room free at noon",
        "reserve the music room for thursday", "how many people fit in the meeting room",
        "cancel my room reservation", "book the small room for two hours",
        "can i reserve a desk in the quiet room", "are the study rooms free of charge",
        "we need a room with a projector", "is the seminar room taken on monday",
        "move our room booking to the afternoon", "reserve a room for a reading circle",
        "which rooms have a whiteboard", "book a room for five students",
        "the room that i reserved is locked",
    ],
}

ROWS = [(text, label) for label, texts in MESSAGES.items() for text in texts]

QUESTIONS = [
    ("how do i get a library card", "Bring an identity card to the desk; it takes five minutes."),
    ("what does a library card cost", "A card costs ten euros a year, and nothing under eighteen."),
    ("can i borrow films", "Yes, films are lent for one week and can be renewed once."),
    ("where are the maps kept", "Maps lie in the flat drawers on the second floor."),
    ("is there a printer", "The printer is beside the stairs; a page costs ten cents."),
    ("may i bring coffee", "Closed cups are welcome everywhere but in the rare books room."),
    ("do you have newspapers from abroad", "Forty foreign newspapers hang in the foyer."),
    ("how many books may i borrow", "You may have thirty books at the same time."),
    ("can i return books at night", "Use the return box at the north door, day and night."),
    ("is there parking", "There is a car park under the square, free for two hours."),
    ("do you buy used books", "No, but you can give them to our book fair in May."),
    ("who runs the chess club", "The chess club is run by its members and meets on Tuesday."),
]
