"""Personal data in text: four kinds that can be told by their form, and no others.

E-mail addresses; phone numbers in international form (`+` and 8 to 15 digits); IBANs and payment
card numbers whose check digits are right. Names, addresses, dates of birth, national phone numbers
and numbers of passports or insurances are not found.
"""

import re
from collections.abc import Iterator

E_MAIL, PHONE, IBAN, CARD = KINDS = (
    "e-mail address", "phone number", "IBAN", "card number",
)  # fmt: skip

# Each begins where a longer word cannot begin and is bounded, so that no text takes long.
_E_MAIL = re.compile(
    r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![\w-])"
)
_PHONE = re.compile(r"(?<![\w+])\+[1-9](?:[ ().-]{0,2}\d){7,14}(?!\d)")
_IBAN = re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]){11,30}")
_CARD = re.compile(
    r"(?<!\d)(?=(\d{13,19}|\d{4}([ -])\d{4}\2\d{4}\2\d{4}|\d{4}([ -])\d{6}\3\d{5})(?!\d))[2-6]"
)

_IBAN_LENGTHS = {country: int(length) for country, length in re.findall(
    r"(\D\D)(\d\d) ?",
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28"
    " EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26"
    " IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18"
    " NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24"
    " TR26 UA29 VA22 VG24 XK20",
)}  # fmt: skip


def found(text: str) -> list[tuple[int, int, str]]:
    """Begin, end and kind of each, in order; of two that overlap the one that begins first."""
    kept: list[tuple[int, int, str]] = []
    for begin, end, kind in sorted(_every(text)):
        if not kept or begin >= kept[-1][1]:
            kept.append((begin, end, kind))
    return kept


def masked(text: str) -> str:
    """The text with `[e-mail address]` and the like in place of what was found."""
    for begin, end, kind in reversed(found(text)):
        text = f"{text[:begin]}[{kind}]{text[end:]}"
    return text


def _every(text: str) -> Iterator[tuple[int, int, str]]:
    yield from ((*match.span(), E_MAIL) for match in _E_MAIL.finditer(text))
    yield from ((*match.span(), PHONE) for match in _PHONE.finditer(text))
    yield from ((*span, IBAN) for match in _IBAN.finditer(text) if (span := _iban(match)))
    yield from ((*m.span(1), CARD) for m in _CARD.finditer(text) if _luhn(m.group(1)))


def _iban(match: re.Match[str]) -> tuple[int, int] | None:
    """Where the number ends is known from its country: words may follow it."""
    places = [at for at, char in enumerate(match.group()) if char != " "]
    length = _IBAN_LENGTHS.get(match.group()[:2].upper(), 99)
    if len(places) < length:
        return None
    end = places[length - 1] + 1
    number = match.group()[:end].replace(" ", "").upper()
    digits = "".join(str(int(char, 36)) for char in number[4:] + number[:4])
    after = match.string[match.start() + end :][:1]
    right = int(digits) % 97 == 1 and not after.isalnum()
    return (match.start(), match.start() + end) if right else None


def _luhn(number: str) -> bool:
    digits = [int(char) for char in reversed(number) if char.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
