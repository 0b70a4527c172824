"""Names and values from files as they can be shown in a terminal."""


def printable(text: str) -> str:
    """Return a text of one line; what can't be printed, such as an end of line or what moves a cursor, is escaped."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
