"""HTML written as nested calls: everything given is escaped, what was made here is not again."""

from html import escape

from pipelines.readiness.model import Text


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, *inside: str, **attributes: str) -> Markup:
    """Return an element. `class_` is `class`; other underscores become dashes."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
    )
    return Markup(f"<{name}{given}>{joined(*inside)}</{name}>")


def joined(*parts: str) -> Markup:
    """Return parts one after the other, escaping those that are not HTML yet."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in parts))


def both(text: Text) -> Markup:
    """Return a text in both languages; the style sheet shows the one that was chosen."""
    if text.en == text.fr:
        return Markup(escape(text.en))
    return joined(tag("span", text.en, lang="en"), tag("span", text.fr, lang="fr"))


def table(
    caption: Markup, head: list[Markup], rows: list[list[Markup]], class_: str = "plain"
) -> Markup:
    """Return a table whose first cell of each row names the row."""
    header = tag("tr", *(tag("th", cell, scope="col") for cell in head))
    body = [
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:]))
        for row in rows
    ]
    parts = (tag("caption", caption), tag("thead", header), tag("tbody", *body))
    return tag("table", *parts, class_=class_)
