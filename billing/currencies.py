"""How amounts of money read: Stripe counts in a currency's smallest unit, people do not."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError

# Stripe's documentation, "Supported currencies": what customers can be charged in.
CHARGEABLE = frozenset(
    """
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd
    cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq
    gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd
    lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk
    php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top
    try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw
    """.split()  # noqa: SIM905
)
# Stripe's documentation, "Currencies": those without a smaller unit, and with thousandths.
ZERO_DECIMALS = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()  # noqa: SIM905
)
THREE_DECIMALS = frozenset("bhd jod kwd omr tnd".split())  # noqa: SIM905
# Those that Stripe counts in hundredths, but charges in whole units only.
WHOLE_UNITS = frozenset({"isk", "ugx"})
# A thousand million of the smallest unit; beyond that it is a slip of the hand.
MOST = 10**9
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def decimals(currency: str) -> int:
    if currency in ZERO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


def step(currency: str) -> int:
    """An amount that Stripe takes is a multiple of this. The third decimal must be 0."""
    if currency in WHOLE_UNITS:
        return 100
    return 10 if currency in THREE_DECIMALS else 1


def check_price(amount: int | None, currency: str) -> None:
    """Raise ValidationError, by field, for what Stripe cannot charge. None was refused already."""
    wrong = {}
    if currency.lower() not in CHARGEABLE:
        wrong["currency"] = f"Stripe charges nothing in “{currency}”."
    if amount is not None and not 0 < amount <= MOST:
        wrong["amount"] = f"A price is more than nothing, up to {MOST}."
    elif amount is not None and amount % step(currency):
        wrong["amount"] = f"In {currency.upper()} it has to be a multiple of {step(currency)}."
    if wrong:
        raise ValidationError(wrong)


def from_decimal(amount: Decimal, currency: str) -> int:
    """Decimal("18.00"), "usd" is 1800. Raises ValueError for what cannot be paid."""
    smallest = amount.scaleb(decimals(currency))
    if smallest != smallest.to_integral_value() or int(smallest) % step(currency):
        raise ValueError(f"{amount} {currency.upper()} cannot be paid.")
    return int(smallest)


def to_decimal(amount: int, currency: str) -> Decimal:
    """1800, "usd" is Decimal("18.00"), as people type it."""
    return Decimal(amount).scaleb(-decimals(currency))


def to_text(amount: int, currency: str) -> str:
    """1800, "usd" is "$18.00"; 500, "chf" is "5.00 CHF"."""
    places = decimals(currency)
    whole, rest = divmod(amount, 10**places)
    number = f"{whole:,}.{rest:0{places}d}" if places else f"{whole:,}"
    if currency in SYMBOLS:
        return f"{SYMBOLS[currency]}{number}"
    return f"{number} {currency.upper()}"
